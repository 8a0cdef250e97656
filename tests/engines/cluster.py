"""A real Temporal cluster on this machine: PostgreSQL, and each service a process of its own."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient

from tests import postgres
from tests.conftest import until
from tests.engines import programs
from tests.engines.configuration import (
    PLUGIN,
    SERVICES,
    SHARDS,
    Ports,
    attributes,
    configuration,
)
from tests.engines.guarded import Guarded
from tests.engines.programs import Programs
from tests.postgres import DURABLE, SUPERUSER
from tests.processes import HOST, ROOT, STARTING, descendants, inherited, lives

POSTGRES = "postgres"
OURS = "failover"
"""Our own database, on the same server as the engine's, as in docker-compose.yml."""

_HEALTH = {
    "frontend": "temporal.api.workflowservice.v1.WorkflowService",
    "matching": "temporal.api.workflowservice.v1.MatchingService",
    "worker": "temporal.api.workflowservice.v1.WorkerService",
}
"""Who says by itself that it serves. The history service does so five seconds late."""

STARTED = ("history", "matching", "frontend", "worker")
"""Temporal's services, in the order in which they are started."""

_CALL = timedelta(seconds=2)


@dataclass
class Cluster:
    """Its processes; logs and configuration lie in the directory."""

    directory: Path
    server: postgres.Server
    ports: Mapping[str, Ports]
    services: Mapping[str, Guarded]
    name: str = "Temporal cluster"
    parts: Sequence[str] = (POSTGRES, *SERVICES)

    @property
    def address(self) -> str:
        """The frontend's."""
        return self._address("frontend")

    @property
    def http(self) -> str:
        """The frontend's address for HTTP."""
        return f"http://{HOST}:{self.ports['frontend'].http}"

    @property
    def socket(self) -> Path:
        """The directory of PostgreSQL's socket, where its superuser may enter."""
        return self.server.directory

    @property
    def database_url(self) -> str:
        """Our own database, empty at first."""
        return _database(self.socket, OURS)

    def _address(self, service: str) -> str:
        return f"{HOST}:{self.ports[service].grpc}"

    def pids(self, part: str) -> Sequence[int]:
        """The part's process, and all those below it; none while it is down."""
        first = self.server.pid if part == POSTGRES else self.services[part].pid
        if first is None or not lives(first):
            return []
        return [first, *descendants(first)]

    async def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it the signal, and return once it is gone; SIGKILL takes all of its processes."""
        if part != POSTGRES:
            await self.services[part].kill(how)
            return
        pids = self.pids(part)
        for pid in pids if how is signal.SIGKILL else pids[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        await until(lambda: not any(map(lives, pids)), STARTING)
        await asyncio.to_thread(self.server.stop)

    async def start(self, part: str) -> None:
        """Start what was killed, and return once it serves, and with it all that is up."""
        if part == POSTGRES:
            await asyncio.to_thread(self.server.start)
        else:
            await self._start(part)
            await until(partial(self._serves, part), STARTING, every=0.1)
        if all(self.pids(each) for each in self.parts):
            await until(self._works, STARTING, every=0.1)

    async def start_services(self) -> None:
        """Start all of Temporal's, one once the other listens: the first writes what all read."""
        for name in STARTED:
            await self._start(name)
        for name in STARTED:
            await until(partial(self._serves, name), STARTING, every=0.1)
        await until(self._works, STARTING, every=0.1)

    async def _start(self, service: str) -> None:
        await self.services[service].start()
        await until(partial(self._listens, service), STARTING, every=0.1)

    async def stop_services(self) -> None:
        """Stop all of Temporal's in order; what they did is in PostgreSQL."""
        await asyncio.gather(*(each.kill(signal.SIGTERM) for each in self.services.values()))

    async def _listens(self, service: str) -> bool:
        """Whether it takes connections; an error if it ended."""
        assert self.services[service].runs, self._last_words(service)
        try:
            _, writer = await asyncio.open_connection(HOST, self.ports[service].grpc)
        except OSError:
            return False
        writer.close()
        return True

    async def _serves(self, service: str) -> bool:
        """Whether it says so itself, or says nothing at all."""
        if service not in _HEALTH:
            return True
        config = ConnectConfig(target_host=self._address(service), lazy=True)
        try:
            client = await ServiceClient.connect(config)
            said = await client.check_health(service=_HEALTH[service], timeout=_CALL)
        except (RPCError, RuntimeError):
            assert self.services[service].runs, self._last_words(service)
            return False
        return said

    def _last_words(self, service: str) -> str:
        return f"{service} ended: {self.services[service].output[-2000:]}"

    async def _works(self) -> bool:
        """Whether frontend, history, matching and PostgreSQL answer together."""
        try:
            client = await Client.connect(self.address, namespace="temporal-system")
            return await _is_routed(client)
        except (RPCError, RuntimeError):
            return False


async def _is_routed(client: Client) -> bool:
    request = DescribeTaskQueueRequest(namespace=client.namespace)
    request.task_queue.name = "probe"
    await client.workflow_service.describe_task_queue(request, timeout=_CALL)
    try:
        await client.get_workflow_handle("probe").describe(rpc_timeout=_CALL)
    except RPCError as fault:
        return fault.status is RPCStatusCode.NOT_FOUND
    return False


@asynccontextmanager
async def running(
    directory: Path,
    *,
    shards: int = SHARDS,
    settings: Mapping[str, str] = DURABLE,
    data: Path | None = None,
    ports: Mapping[str, Ports] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Cluster]:
    """A cluster with its logs in that existing directory, at work; gone in the end.

    Its data go with it, unless they are given a place, where PostgreSQL's user may enter. The
    number of shards is that of the first start on the data, for good.

    Raises:
        programs.Missing, postgres.Missing: what it is made of cannot be had.
        RuntimeError: something did not start.
    """
    built = await asyncio.to_thread(programs.had, say)
    taken = ports or {name: Ports.free(name) for name in SERVICES}
    with ExitStack() as stack:
        server = stack.enter_context(postgres.serving(settings, data))
        say(f"postgres: socket in {server.directory}")
        await _made(server.directory, OURS)
        for line in await _tables(built, server.directory, directory):
            say(line)
        config = directory / "temporal.yaml"
        config.write_text(yaml.safe_dump(configuration(server.directory, taken, shards)))
        services = {name: _service(built, name, config, directory) for name in SERVICES}
        cluster = Cluster(directory, server, taken, services)
        try:
            await cluster.start_services()
            yield cluster
        finally:
            await cluster.stop_services()


def _service(built: Programs, name: str, config: Path, directory: Path) -> Guarded:
    command = [str(built.server), "--config-file", str(config), "--allow-no-auth"]
    command += ["start", "--service", name]
    return Guarded(command, directory / f"temporal-{name}.log", inherited())


def _database(socket: Path, name: str) -> str:
    query = {"host": str(socket)}
    return str(URL.create("postgresql+psycopg", SUPERUSER, database=name, query=query))


async def _made(socket: Path, name: str) -> None:
    """Make the database if it is not there."""
    engine = create_async_engine(_database(socket, "postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        known = text("SELECT count(*) FROM pg_database WHERE datname = :name")
        if not await connection.scalar(known, {"name": name}):
            await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()


async def _tables(built: Programs, socket: Path, directory: Path) -> Sequence[str]:
    """Make or update Temporal's tables, as docker-compose.yml has it done."""
    script = ROOT / "deploy" / "temporal" / "schema.sh"
    log = directory / "temporal-schema.log"
    environment = {
        **inherited(),
        "PATH": os.pathsep.join((str(built.directory), os.environ.get("PATH", os.defpath))),
        "TEMPORAL_SCHEMA": str(built.schema),
        "SQL_PLUGIN": PLUGIN,
        "SQL_HOST": HOST,  # must be said; the attribute wins
        "SQL_PORT": "5432",
        "SQL_USER": SUPERUSER,
        "SQL_CONNECT_ATTRIBUTES": "&".join("=".join(each) for each in attributes(socket).items()),
    }
    with log.open("wb") as output:
        made = await asyncio.create_subprocess_exec(
            "/bin/sh", str(script), stdin=DEVNULL, stdout=output, stderr=STDOUT, env=environment
        )
    if await made.wait():
        raise RuntimeError(f"Temporal's tables could not be made: {log.read_text()[-2000:]}")
    return ["Temporal's tables: made or up to date"]
