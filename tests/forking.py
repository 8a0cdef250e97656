"""Commands as processes that start at once: forked from one that has loaded everything."""

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

PATIENCE = 90.0
"""Seconds for the first command, which waits until everything is loaded."""

LOAD = "from tests.forking import serve; serve()"


@dataclass(frozen=True)
class Said:
    """A command that is over: its exit code, and what it printed."""

    code: int
    output: str
    errors: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.errors
        return json.loads(self.output)


@dataclass
class Forks:
    """Runs commands, one after the other."""

    process: Process
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Said:
        """`failover` with these arguments and nothing else of ours in its environment."""
        assert self.process.stdin
        assert self.process.stdout
        order = json.dumps({"arguments": arguments, "environment": dict(environment)})
        async with self._one, asyncio.timeout(PATIENCE):
            self.process.stdin.write(order.encode() + b"\n")
            line = await self.process.stdout.readline()
        return Said(**json.loads(line))


@asynccontextmanager
async def forking() -> AsyncIterator[Forks]:
    """A process to fork commands from."""
    ours = ("FAILOVER_", "TEMPORAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LOAD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=kept | {"COLUMNS": "200", "NO_COLOR": "1"},
        limit=2**24,
    )
    try:
        yield Forks(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


def serve() -> None:
    """Run what each line of standard input orders, and answer it with a line."""
    import cli.main  # noqa: F401  loaded here, so that no command has to

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryDirectory() as directory:
            output, errors = Path(directory, "output"), Path(directory, "errors")
            child = os.fork()
            if child == 0:
                _become(order, output, errors)
            _, status = os.waitpid(child, 0)
            said = {"output": output.read_text("utf-8"), "errors": errors.read_text("utf-8")}
        answers.write(json.dumps({"code": os.waitstatus_to_exitcode(status), **said}) + "\n")
        answers.flush()


def _become(order: Mapping[str, Any], output: Path, errors: Path) -> None:
    from cli.main import main

    code = 70
    try:
        for number, path in ((0, Path(os.devnull)), (1, output), (2, errors)):
            opened = os.open(path, os.O_RDWR | os.O_CREAT)
            os.dup2(opened, number)
        os.environ.update(order["environment"])
        sys.argv = ["failover", *order["arguments"]]
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
