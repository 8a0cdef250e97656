"""Workers that are real processes and start at once: forked from one that has loaded everything."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.conftest import until
from tests.processes import ROOT, STARTING, inherited, lives

LOAD = "from tests.kills.nursery import serve; serve()"


@dataclass(frozen=True)
class Worker:
    """One worker process, and the file that it prints to."""

    pid: int
    log: Path

    @property
    def is_ready(self) -> bool:
        """Whether it works; an error if it ended before it did."""
        said = self.log.read_text(encoding="utf-8")
        assert lives(self.pid), said
        return "worker ready" in said

    def sleep(self) -> None:
        """Stop it where it stands."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def killed(self) -> None:
        """Kill it with -9, and return once it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        await until(lambda: not lives(self.pid))


@dataclass(frozen=True)
class Nursery:
    """Makes workers of one environment."""

    process: Process
    directory: Path
    _numbers: "count[int]" = field(default_factory=count)

    async def worker(self) -> Worker:
        """A new one, once it is at work."""
        assert self.process.stdin
        assert self.process.stdout
        log = self.directory / f"worker-{next(self._numbers):03}.log"
        log.touch()
        self.process.stdin.write(f"{log}\n".encode())
        async with asyncio.timeout(STARTING):
            worker = Worker(int(await self.process.stdout.readline()), log)
        await until(lambda: worker.is_ready, STARTING)
        return worker


@asynccontextmanager
async def nursery(directory: Path, environment: Mapping[str, str]) -> AsyncIterator[Nursery]:
    """A process to fork workers from; on leaving, none of them is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LOAD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**inherited(), **environment},
    )
    try:
        yield Nursery(process, directory)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


def serve() -> None:
    """Fork a worker for each line of standard input, which names its log, and answer its id.

    At the end of the input, or of whoever wrote it, all of them are killed.
    """
    import cli.main  # noqa: F401  all of it loaded here, so that no worker has to
    import worker  # noqa: F401

    children: list[int] = []
    try:
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                _become(Path(line.strip()))
            children = [each for each in children if os.waitpid(each, os.WNOHANG) == (0, 0)]
            children.append(child)
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
    finally:
        for each in children:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def _become(log: Path) -> None:
    from cli.main import main

    code = 70
    try:
        for number, path in ((0, Path(os.devnull)), (1, log), (2, log)):
            os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), number)
        sys.argv = ["failover", "worker"]
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
