"""Processes that end with the run."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.conftest import until
from tests.engines.guarded import Guarded
from tests.processes import ROOT, STARTING, lives

DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.engines.guarded import Guarded

async def main():
    process = Guarded(["sleep", "1000"], Path(sys.argv[1]), dict(os.environ))
    await process.start()
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def _says(log: Path, *words: str) -> Guarded:
    script = f"echo {' '.join(words)}; exec sleep 1000"
    return Guarded(["sh", "-c", script], log, dict(os.environ))


async def test_it_is_killed_and_started_again(tmp_path: Path) -> None:
    """Its output is that of the last start; the file keeps all of it."""
    process = _says(tmp_path / "log", "here")
    await process.start()
    await until(lambda: "here" in process.output)
    first = process.pid
    await process.kill()
    gone = process.runs
    await process.start()
    await until(lambda: "here" in process.output)
    second = process.pid
    await process.kill(signal.SIGTERM)

    assert first is not None
    assert second is not None
    assert not gone
    assert first != second
    assert not lives(first)
    assert not lives(second)
    assert (tmp_path / "log").read_text() == "here\nhere\n"


async def test_it_does_not_outlive_a_run_that_is_killed(tmp_path: Path) -> None:
    """Nobody is left to stop it then."""
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, str(tmp_path / "log"), stdout=PIPE, cwd=ROOT
    )
    said, _ = await run.communicate()
    pid = int(said)

    assert run.returncode == -signal.SIGKILL
    await until(lambda: not lives(pid), STARTING)
