"""Processes of ours that are real and start at once: forked from one that has loaded everything."""

import asyncio
import importlib
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.conftest import until
from tests.processes import ROOT, STARTING, inherited, lives

FAILOVER = "cli.main"

LOAD = "from tests.nursery import serve; serve()"


@dataclass(frozen=True)
class Forked:
    """One process, and the file that it prints to."""

    pid: int
    log: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def lives(self) -> bool:
        """Whether it is there."""
        return lives(self.pid)

    def says(self, words: str) -> bool:
        """Whether it has printed that; an error if it ended before it did."""
        if words in self.output:
            return True
        assert self.lives, self.output
        return False

    def sleep(self) -> None:
        """Stop it where it stands."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def killed(self, how: signal.Signals = signal.SIGKILL, within: float = STARTING) -> None:
        """Send it the signal, and return once it is gone.

        Raises:
            TimeoutError: it is still there after so many seconds.
        """
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
        await until(lambda: not self.lives, within)


@dataclass(frozen=True)
class Nursery:
    """Makes processes of one environment, which is `environment` beside the inherited one."""

    process: Process
    directory: Path
    environment: Mapping[str, str]
    _numbers: "count[int]" = field(default_factory=count)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(
        self, name: str, *arguments: str, module: str = FAILOVER, **more: str
    ) -> Forked:
        """`failover` with these arguments; `name` is its log's, `more` joins its environment.

        Another module's `main` may be run in its stead.
        """
        assert self.process.stdin
        assert self.process.stdout
        log = self.directory / f"{name}-{next(self._numbers):03}.log"
        log.touch()
        order = json.dumps(
            {"log": str(log), "arguments": arguments, "environment": more, "module": module}
        )
        async with self._one, asyncio.timeout(STARTING):
            self.process.stdin.write(order.encode() + b"\n")
            return Forked(int(await self.process.stdout.readline()), log)


@asynccontextmanager
async def nursery(
    directory: Path, environment: Mapping[str, str], load: str = LOAD
) -> AsyncIterator[Nursery]:
    """A process to fork others from, which runs this; on leaving, none of them is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        load,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**inherited(), **environment},
        start_new_session=True,  # Ctrl-C is for who started it, and ends it by its input's end
    )
    try:
        yield Nursery(process, directory, environment)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


def serve() -> None:
    """Fork a process for each line of standard input, which orders it, and answer its id.

    At the end of the input, or of whoever wrote it, all of them are killed.
    """
    import cli.main  # noqa: F401  all of it loaded here, so that no process has to
    import worker  # noqa: F401

    children: list[int] = []
    try:
        for line in sys.stdin:
            order = json.loads(line)
            child = os.fork()
            if child == 0:
                _become(order)
            children = [each for each in children if os.waitpid(each, os.WNOHANG) == (0, 0)]
            children.append(child)
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
    finally:
        for each in children:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def _become(order: Mapping[str, Any]) -> None:
    code = 70
    try:
        for number, path in ((0, Path(os.devnull)), (1, order["log"]), (2, order["log"])):
            os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), number)
        os.environ.update(order["environment"])
        sys.argv = ["failover", *order["arguments"]]
        importlib.import_module(order["module"]).main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
