"""The service's own processes: each may be killed, stopped, and started again as it was."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.conftest import until
from tests.faults.wire import Wire
from tests.nursery import FAILOVER, Forked, Nursery
from tests.processes import HOST, STARTING


def identity(pid: int) -> str:
    """What the engine calls a worker."""
    return f"{pid}@{socket.gethostname()}"


AGAIN = 0.5
"""Seconds after which a supervisor starts again what ended while it started."""


@dataclass
class Member:
    """One place in the installation, and the process that has it now.

    `engine` and `provider` stand between it and those; they are its own. `port` is where it
    listens, 0 if nowhere; `metrics` where it shows what it counted. `logs` and `pids` are those of
    all its processes, one after the other; `module` is whose `main` they run.
    """

    name: str
    home: Nursery
    arguments: Sequence[str]
    environment: Mapping[str, str]
    is_ready: Callable[["Member"], Awaitable[bool] | bool]
    port: int = 0
    metrics: int = 0
    engine: Wire | None = None
    provider: Wire | None = None
    logs: list[Path] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    module: str = FAILOVER
    _process: Forked | None = None

    @property
    def process(self) -> Forked:
        """The process that has the place now, or had it last."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """Its id."""
        return self.process.pid

    @property
    def identities(self) -> Sequence[str]:
        """What the engine called its processes."""
        return [identity(pid) for pid in self.pids]

    @property
    def is_gone(self) -> bool:
        """Whether it is there no more."""
        return not self.process.lives

    async def start(self) -> None:
        """Have a new process there, at work; one that cannot begin yet is started again."""
        async with asyncio.timeout(STARTING):
            while True:
                self._process = await self.home.start(
                    self.name, *self.arguments, module=self.module, **self.environment
                )
                self.logs.append(self._process.log)
                self.pids.append(self._process.pid)
                if await self._begins():
                    return
                await asyncio.sleep(AGAIN)

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal, and return once the process is gone."""
        await self.process.killed(how)

    async def _begins(self) -> bool:
        """Whether it came to work; False if it ended before it did."""

        async def settled() -> bool:
            if self.is_gone:
                return True
            ready = self.is_ready(self)
            return ready if isinstance(ready, bool) else await ready

        await until(settled, STARTING, every=0.05)
        return not self.is_gone


def says_ready(member: Member) -> bool:
    """A worker says so."""
    return "worker ready" in member.process.output


async def answers(member: Member) -> bool:
    """Whoever serves HTTP answers."""
    path = "/health/live" if member.name.startswith("api") else "/health"
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        try:
            return (await client.get(f"http://{HOST}:{member.port}{path}")).is_success
        except httpx.TransportError:
            return False
