"""The development engine's disk is full for a while: a small one of its own, in memory."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import until
from tests.engines.base import Engine
from tests.engines.development import SERVER, DevelopmentServer
from tests.proof.faults.base import Strike, over, struck
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.site import Site

SPARE = 48 * 2**20
"""Bytes beyond what lies there already."""

TIMED, BEFORE, AT_A_TIME = 4, 6, 4
"""Flows that wait while the disk fills up, those at work then, and those posted at a time."""

MOST_POSTED = 80

FULL_FOR = 8.0
"""Seconds for which it stays full once a flow was refused, in a short run."""

COMING_BACK = 30.0
"""Seconds after which an engine that does not recover by itself is started again."""

BLOCK = 2**16


class DiskFull(Scene):
    """Nothing more can be written, then it can again."""

    name = "set piece: engine's disk full"
    patience = 900.0

    async def hindrance(self, site: Site) -> str:
        """It takes a disk of our own, and so root, and an engine that writes to it."""
        if not isinstance(site.engine, DevelopmentServer):
            return "the engine's database is a server, not a file"
        return await asyncio.to_thread(_cannot_mount)

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """What was accepted goes on when there is room again; what was refused is posted again."""
        async with _small_disk(site.engine) as disk:
            timed = await cast.post(cast.plans(TIMED, "0104"))
            cast.begin(cast.plans(BEFORE, "0112"))
            ballast = disk / "ballast"
            try:
                filled = await asyncio.to_thread(_fill, ballast)
                struck(strike, "engine's disk")
                refused = await self._refused(cast)
                await asyncio.sleep(cast.scale.away if cast.scale.is_full else FULL_FOR)
            finally:
                ballast.unlink(missing_ok=True)
            again = await _works_again(site.engine)
            over(strike)
            entries = [*timed, *await cast.posted()]
            demand(strike, all(entry.flow for entry in entries), "a flow was refused for good")
            if refused:
                strike.proofs.append(
                    f"{filled / 2**20:.0f} MB of ballast until there was no room; {refused} times "
                    f"503, then all of {len(entries)} flows accepted; the engine {again}"
                )
            await cast.over(entries)

    async def _refused(self, cast: Cast) -> int:
        """Post flows until the engine refuses some; how often a client was told so."""

        async def told() -> bool:
            if _turned_away(cast) == 0 and cast.begun < MOST_POSTED:
                cast.begin(cast.plans(AT_A_TIME, "0101"))
            return _turned_away(cast) > 0

        await until(told, 120.0, every=1.0)
        return _turned_away(cast)


def _turned_away(cast: Cast) -> int:
    """How often the clients of this set piece were answered 503."""
    return sum(
        each.status == 503
        for entry in cast.site.ledger.entries
        if entry.round == cast.strike.round.number
        for each in entry.tries
    )


async def _works_again(engine: Engine) -> str:
    """Wait until it does, or have it started again; how it came back, in words."""
    ended = not engine.pids(SERVER)
    if not ended:
        assert isinstance(engine, DevelopmentServer)
        try:
            await until(engine.writes, COMING_BACK, every=1.0)
        except TimeoutError:
            await engine.kill(SERVER)
        else:
            return "went on by itself"
    await engine.start(SERVER)
    return "had ended and was started again" if ended else "was started again"


@asynccontextmanager
async def _small_disk(engine: Engine) -> AsyncIterator[Path]:
    """Have the engine's database on a disk with little room; yields where that is.

    The engine is stopped while its files move, there and back.
    """
    assert isinstance(engine, DevelopmentServer)
    place = engine.database.parent
    await engine.kill(SERVER, signal.SIGTERM)
    with tempfile.TemporaryDirectory(prefix="failover-proof-disk-") as made:
        kept = Path(made)
        size = _move(engine.database, kept) + SPARE
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "failover-proof", str(place))
        try:
            _move(kept / engine.database.name, place)
            await engine.start(SERVER)
            yield place
        finally:
            await engine.kill(SERVER, signal.SIGTERM)
            _move(engine.database, kept)
            _run("umount", str(place))
            _move(kept / engine.database.name, place)
            await engine.start(SERVER)


def _move(database: Path, target: Path) -> int:
    """Move the database's files into that directory; returns their bytes."""
    size = 0
    for file in database.parent.glob(f"{database.name}*"):
        size += file.stat().st_size
        shutil.move(file, target / file.name)
    return size


def _fill(file: Path) -> int:
    """Write until there is no room; returns the bytes."""
    written = 0
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for size in (BLOCK, 512, 1):
            try:
                while True:
                    written += os.write(number, b"\0" * size)
            except OSError:
                continue
    finally:
        os.close(number)
    return written


def _cannot_mount() -> str:
    """Why no disk can be made here; empty if it can."""
    with tempfile.TemporaryDirectory(prefix="failover-proof-disk-") as made:
        try:
            _run("mount", "-t", "tmpfs", "-o", "size=1m", "failover-proof", made)
            _run("umount", made)
        except (OSError, subprocess.CalledProcessError):
            return "no disk can be mounted here: that takes root"
    return ""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
