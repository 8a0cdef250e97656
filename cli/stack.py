"""Everything on one machine: the engine, the sandbox, a worker and the API, as child processes."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

import httpx
from temporalio.client import Client

from cli import engine
from cli.bootstrap import bootstrap
from settings import Settings
from storage.keys import Keyring
from workflows.client import connect, has_worker

HOST = "127.0.0.1"
OPENED = "FAILOVER_EGRESS_ALLOW_CIDRS"
LOOPBACK = "127.0.0.0/8,::1/128"
STARTING = 60.0
"""Seconds that a process has to become ready."""

STOPPING = 25.0
"""Seconds that it has to stop before it is killed."""


class Died(Exception):
    """A process of the stack ended by itself, or never became ready."""


@dataclass(frozen=True)
class Ports:
    """Where each process listens, on loopback."""

    api: int = 8080
    temporal: int = 7233
    ui: int = 8233
    sandbox: int = 8090

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody uses now."""
        with ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(4)]
            for each in sockets:
                each.bind((HOST, 0))
            return cls(*(each.getsockname()[1] for each in sockets))

    def check(self) -> None:
        """Make sure that they are free.

        Raises:
            Died: one is in use; the message names its option.
        """
        for name, port in vars(self).items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    raise Died(
                        f"port {port} is in use; choose another with --{name}-port"
                    ) from None


@dataclass
class Stack:
    """The processes; an async context that has them all ready, and stops them all."""

    ports: Ports
    data_dir: Path
    dedupes: bool = True
    reload: bool = False
    quiet: bool = False
    say: Callable[[str], None] = print
    children: dict[str, Process] = field(default_factory=dict)
    _files: ExitStack = field(default_factory=ExitStack)

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://{HOST}:{self.ports.api}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the children find in theirs."""
        return {
            "TEMPORAL_ADDRESS": f"{HOST}:{self.ports.temporal}",
            "TEMPORAL_NAMESPACE": "default",
            "FAILOVER_DATA_DIR": str(self.data_dir),
            "FAILOVER_API_PORT": str(self.ports.api),
            "FAILOVER_REPORT_URL": self.api,
            "FAILOVER_SANDBOX_PORT": str(self.ports.sandbox),
            "FAILOVER_SANDBOX_URL": f"http://{HOST}:{self.ports.sandbox}",
            "FAILOVER_SANDBOX_DEDUPES": str(self.dedupes).lower(),
            # Nothing is really sent, whatever else is set up around here.
            "FAILOVER_SMS_PROVIDERS": "sandbox",
            "FAILOVER_VIBER_PROVIDERS": "sandbox",
            "FAILOVER_VOICE_PROVIDERS": "sandbox",
            "FAILOVER_PINNED_PROVIDER": "",
            # Receivers of callbacks are tried out on this machine.
            OPENED: os.environ.get(OPENED, LOOPBACK),
            "FAILOVER_DEMONSTRATION": "true",
            "FAILOVER_DOCS": "true",
            "FAILOVER_LOG_FORMAT": "json" if self.quiet else "console",
        }

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        self.ports.check()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        os.environ.update(self.environment)
        settings = Settings()
        Keyring.kept_in(settings.embedded_keys_file)
        cli = await engine.resolve(settings.temporal_cli, self.data_dir / "engine")
        self.say(f"engine: {cli.path} (from {cli.found})")
        database = self.data_dir / "temporal.db"
        command = engine.arguments(cli, database, self.ports.temporal, self.ports.ui)
        await self.spawn("temporal", command)
        client = await self._engine()
        for line in await bootstrap(client, settings):
            self.say(f"bootstrap: {line}")
        await self.spawn("sandbox")
        await self.spawn("worker")
        await self.spawn("api", options=["--reload"] if self.reload else [])
        await self._answers("sandbox", f"http://{HOST}:{self.ports.sandbox}/health")
        await self._ready("worker", lambda: has_worker(client))
        await self._answers("api", f"{self.api}/health/ready")

    async def spawn(
        self, name: str, command: Sequence[str] | None = None, options: Sequence[str] = ()
    ) -> None:
        """Start one process: `failover NAME` unless a command is given."""
        arguments = command or [sys.executable, "-m", "cli.main", name, *options]
        self.children[name] = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._log(name),
            stderr=asyncio.subprocess.STDOUT if self.quiet else None,
            env={**os.environ, **self.environment},
            start_new_session=True,  # Ctrl-C is ours to pass on, in order
        )

    def _log(self, name: str) -> IO[bytes] | None:
        if not self.quiet:
            return None
        logs = self.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        return self._files.enter_context((logs / f"{name}.log").open("wb"))

    async def _engine(self) -> Client:
        connected: list[Client] = []

        async def connects() -> bool:
            with suppress(RuntimeError):
                connected.append(await connect())
            return bool(connected)

        await self._ready("temporal", connects)
        return connected[0]

    async def _answers(self, name: str, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def answers() -> bool:
                try:
                    return (await client.get(url)).is_success
                except httpx.HTTPError:
                    return False

            await self._ready(name, answers)

    async def _ready(self, name: str, is_ready: Callable[[], Awaitable[bool]]) -> None:
        deadline = asyncio.get_running_loop().time() + STARTING
        while not await is_ready():
            self._check(name, deadline)
            await asyncio.sleep(0.1)

    def _check(self, name: str, deadline: float) -> None:
        if (code := self.children[name].returncode) is not None:
            raise Died(f"{name} ended with {code} while it started{self._where(name)}")
        if asyncio.get_running_loop().time() > deadline:
            raise Died(f"{name} was not ready after {STARTING:.0f} s{self._where(name)}")

    def _where(self, name: str) -> str:
        return f"; see {self.data_dir / 'logs' / name}.log" if self.quiet else ""

    async def watch(self) -> None:
        """Wait until a process ends by itself.

        Raises:
            Died: one did.
        """
        waiting = {asyncio.create_task(child.wait()): name for name, child in self.children.items()}
        try:
            ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            first = next(iter(ended))
            name = waiting[first]
            raise Died(f"{name} ended with {first.result()}; stopping the rest{self._where(name)}")
        finally:
            for task in waiting:
                task.cancel()

    async def stop(self) -> None:
        """Stop every process, those first that the others serve last."""
        for name in ("api", "worker", "sandbox", "temporal"):
            if child := self.children.pop(name, None):
                await _stopped(child)
        self._files.close()


async def _stopped(child: Process) -> None:
    if child.returncode is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.wait(), STOPPING)
    except TimeoutError:
        child.kill()
        await child.wait()
