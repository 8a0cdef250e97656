"""Our own processes on a cluster: two workers, two APIs and the sandbox, each killed alone."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from storage.keys import Keyring
from tests.cluster.door import opened
from tests.conftest import until
from tests.engines.cluster import Cluster
from tests.engines.configuration import lasting_port
from tests.engines.guarded import Guarded
from tests.processes import HOST, STARTING, Processes, client_of, descendants, inherited

NAMESPACE = "failover"
WORKERS = ("worker 1", "worker 2")
APIS = ("api 1", "api 2")
SANDBOX = "sandbox"


@dataclass(frozen=True)
class Addresses:
    """Where ours listen, on loopback."""

    apis: tuple[int, int]
    sandbox: int
    door: int

    @classmethod
    def free(cls) -> "Addresses":
        """Ports that nobody uses now."""
        return cls((lasting_port(), lasting_port()), lasting_port(), lasting_port())


@dataclass
class Service:
    """The whole service: the engine's parts, and ours."""

    engine: Cluster
    addresses: Addresses
    environment: Mapping[str, str]
    processes: Mapping[str, Guarded]

    @property
    def parts(self) -> Sequence[str]:
        """All that can be killed: the sandbox is somebody else's."""
        return (*self.engine.parts, *WORKERS, *APIS)

    @property
    def apis(self) -> Sequence[str]:
        """The addresses of both."""
        return [f"http://{HOST}:{port}" for port in self.addresses.apis]

    @property
    def sandbox(self) -> str:
        """The address of the provider."""
        return f"http://{HOST}:{self.addresses.sandbox}"

    def pids(self, part: str) -> Sequence[int]:
        """The part's process, and all those below it; none while it is down."""
        if part not in self.processes:
            return self.engine.pids(part)
        process = self.processes[part]
        return [process.pid, *descendants(process.pid)] if process.pid and process.runs else []

    async def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it the signal, and return once it is gone."""
        if part in self.processes:
            await self.processes[part].kill(how)
        else:
            await self.engine.kill(part, how)

    async def start(self, part: str) -> None:
        """Start what was killed or ended, and return once it is ready."""
        if part not in self.processes:
            await self.engine.start(part)
            return
        await self.processes[part].start()
        await until(lambda: self._is_ready(part), STARTING, every=0.1)

    async def _is_ready(self, part: str) -> bool:
        process = self.processes[part]
        assert process.runs, f"{part} ended: {process.output[-2000:]}"
        if part in WORKERS:
            return "worker ready" in process.output
        if part == SANDBOX:
            return await _answers(self.addresses.sandbox, "/health")
        return await _answers(self.addresses.apis[APIS.index(part)], "/health/ready")

    async def stop(self) -> None:
        """Stop ours in order, those first that the others serve last."""
        for part in (*APIS, *WORKERS, SANDBOX):
            await self.processes[part].kill(signal.SIGTERM)


async def _answers(port: int, path: str) -> bool:
    async with client_of(port) as client:
        try:
            return (await client.get(path)).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def serving(
    engine: Cluster,
    directory: Path,
    *,
    addresses: Addresses | None = None,
    dedupes: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Service]:
    """The service on that cluster, bootstrapped, its keys and logs in an existing directory.

    Raises:
        AssertionError, TimeoutError: a process ended, or was never ready.
    """
    taken = addresses or Addresses.free()
    environment = _environment(engine, directory, taken, dedupes)
    processes = {name: _process(name, directory, environment) for name in (*WORKERS, SANDBOX)}
    for name, port in zip(APIS, taken.apis, strict=True):
        processes[name] = _process(name, directory, {**environment, "FAILOVER_API_PORT": str(port)})
    service = Service(engine, taken, environment, processes)
    for line in await _bootstrapped(directory, environment):
        say(line)
    async with opened(taken.door, taken.apis):
        try:
            await asyncio.gather(*(service.start(part) for part in processes))
            yield service
        finally:
            await service.stop()


async def _bootstrapped(directory: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """Have `failover bootstrap` make what the engine and our database lack; what it said."""
    async with Processes(directory / "bootstrap", dict(environment)) as processes:
        ended = await processes.run("bootstrap")
    assert ended.code == 0, ended.output
    return ended.output.splitlines()


def _environment(
    engine: Cluster, directory: Path, taken: Addresses, dedupes: bool
) -> Mapping[str, str]:
    Keyring.kept_in(directory / "keys")
    return {
        "TEMPORAL_ADDRESS": engine.address,
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "FAILOVER_DATA_DIR": str(directory),
        "FAILOVER_DATABASE_URL": engine.database_url,
        "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
        "FAILOVER_DEMONSTRATION": "true",
        "FAILOVER_DOCS": "true",
        "FAILOVER_REPORT_URL": f"http://{HOST}:{taken.door}",
        "FAILOVER_SANDBOX_PORT": str(taken.sandbox),
        "FAILOVER_SANDBOX_URL": f"http://{HOST}:{taken.sandbox}",
        "FAILOVER_SANDBOX_DEDUPES": str(dedupes).lower(),
    }


def _process(name: str, directory: Path, environment: Mapping[str, str]) -> Guarded:
    command = [sys.executable, "-m", "cli.main", name.split()[0]]
    log = directory / f"{name.replace(' ', '-')}.log"
    return Guarded(command, log, {**inherited(), **environment})
