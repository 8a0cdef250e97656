"""Flame graphs of processes at work, by py-spy: where their CPU goes, function by function."""

import asyncio
import signal
import sysconfig
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    recordings = []
    for role, pids in roots.items():
        name = f"{prefix}-{role.lower().replace(' ', '-')}.svg"
        recordings.append(
            await asyncio.create_subprocess_exec(
                str(program), "record", "--gil", "--format", "flamegraph", "--rate", str(RATE),
                "--duration", str(LONGEST), "--output", str(directory / name),
                "--pid", str(pids[0]), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
            )
        )  # fmt: skip
    await asyncio.sleep(ATTACHING)
    try:
        yield
    finally:
        for recording in recordings:
            recording.send_signal(signal.SIGINT)  # ends it, and has it write what it saw
            await recording.wait()
