"""A process that ends with the run, whatever ends that; it can be killed and started again."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import until
from tests.processes import ROOT, lives

# Says the id of the command that runs, and kills it once nobody holds the other end of the input.
GUARD = """
"$@" >>"$LOG" 2>&1 & echo $!; read -r _; kill -KILL $! 2>/dev/null; wait $!
"""

STOPPING = 20.0
"""Seconds that it has to stop before it is killed."""


@dataclass
class Guarded:
    """A command with its environment; it prints to that file, from one start to the next."""

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    pid: int | None = field(default=None, init=False)
    _guard: Process | None = field(default=None, init=False)
    _before: int = field(default=0, init=False)

    @property
    def runs(self) -> bool:
        """Whether it has been started, and has not ended."""
        return self.pid is not None and lives(self.pid)

    @property
    def output(self) -> str:
        """What it has printed since it was started last."""
        with suppress(FileNotFoundError):
            return self.log.read_bytes()[self._before :].decode(errors="replace")
        return ""

    async def start(self) -> None:
        """Start it; that it is ready is for others to see."""
        self._before = self.log.stat().st_size if self.log.exists() else 0
        self._guard = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            GUARD,
            "sh",
            *self.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=ROOT,
            env={**self.environment, "LOG": str(self.log)},
            start_new_session=True,  # Ctrl-C is for the run, which ends this one in its turn
        )
        assert self._guard.stdout is not None
        self.pid = int(await self._guard.stdout.readline())

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it the signal, and return once it is gone; one that does not go is killed."""
        if self.pid is None or self._guard is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
        pid, self.pid = self.pid, None
        with suppress(TimeoutError):
            await until(lambda: not lives(pid), STOPPING)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        await self._guard.wait()
