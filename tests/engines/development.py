"""The development server as a process of its own, its database on disk: it outlives kills."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from temporalio.client import Client
from temporalio.service import RPCError

from cli import engine as embedded
from tests.conftest import until
from tests.processes import HOST, STARTING, steady_ports

SERVER = "temporal"


@dataclass
class DevelopmentServer:
    """One process; its files lie in the directory."""

    command: Sequence[str]
    address: str
    output: IO[bytes]
    name: str = "development server"
    parts: Sequence[str] = (SERVER,)
    _process: Process | None = field(default=None, init=False)

    @property
    def database(self) -> Path:
        """Its database's file."""
        return Path(self.command[self.command.index("--db-filename") + 1])

    def pids(self, part: str) -> Sequence[int]:
        """Its one process, while it runs."""
        process = self._process
        return [process.pid] if process is not None and process.returncode is None else []

    async def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End the server so, and return once it is gone."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(how)
            await self._process.wait()

    async def start(self, part: str = SERVER) -> None:
        """Start the server, and return once it answers."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command, stdin=DEVNULL, stdout=self.output, stderr=STDOUT, start_new_session=True
        )
        await until(self._answers, STARTING, every=0.1)

    async def writes(self) -> bool:
        """Whether it keeps what it is told."""
        try:
            client = await Client.connect(self.address)
            await client.start_workflow(
                "probe",
                id=f"probe-{uuid4()}",
                task_queue="nobody",
                execution_timeout=timedelta(seconds=1),
                rpc_timeout=timedelta(seconds=3),
            )
        except (RuntimeError, RPCError):
            return False
        return True

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"{self.name} ended with an error"
        try:
            return (await Client.connect(self.address)) is not None
        except RuntimeError:
            return False


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[DevelopmentServer]:
    """A server with its files in that existing directory, at work; gone in the end."""
    cli = await embedded.resolve(None, directory / "engine")
    port, ui_port = steady_ports(2)
    command = embedded.arguments(cli, directory / "temporal.db", port, ui_port)
    with (directory / "temporal.log").open("wb") as output:
        server = DevelopmentServer(command, f"{HOST}:{port}", output)
        try:
            await server.start()
            yield server
        finally:
            await server.kill(SERVER)
