"""Flame graphs of processes at work, by py-spy: where their CPU goes, function by function."""

import asyncio
import re
import signal
import sysconfig
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bench.cpu import Roots

RATE = 200
"""Looks a second."""

LONGEST = 600
"""Seconds after which a recording ends by itself."""

ATTACHING = 2.0
"""Seconds until a recording has begun."""


@asynccontextmanager
async def recorded(roots: Roots, directory: Path, prefix: str) -> AsyncIterator[None]:
    """Record the first process of each role meanwhile, as `{prefix}-{role}.svg`.

    Only threads that run Python are counted: what waits, and what runs without the GIL, is not.

    Raises:
        FileNotFoundError: there is no py-spy.
    """
    program = Path(sysconfig.get_path("scripts")) / "py-spy"
    recordings = {}
    for role, pids in roots.items():
        file = directory / f"{prefix}-{role.lower().replace(' ', '-')}.svg"
        recordings[role, file] = await asyncio.create_subprocess_exec(
            str(program), "record", "--gil", "--format", "flamegraph", "--rate", str(RATE),
            "--duration", str(LONGEST), "--output", str(file), "--pid", str(pids[0]),
            stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip
    await asyncio.sleep(ATTACHING)
    try:
        yield
    finally:
        for (role, file), recording in recordings.items():
            recording.send_signal(signal.SIGINT)  # ends it, and has it write what it saw
            await recording.wait()
            _name(file, role)


def _name(file: Path, role: str) -> None:
    """Give it a title of its own: py-spy's is the command, with this machine's paths."""
    with suppress(FileNotFoundError):  # nothing of it ran Python
        graph = file.read_text(encoding="utf-8")
        file.write_text(titled(graph, f"{role}: where Python ran"), encoding="utf-8")


def titled(graph: str, title: str) -> str:
    """A flame graph with that title."""
    return re.sub(r'(<text id="title"[^>]*>)[^<]*', lambda found: found[1] + title, graph, count=1)
