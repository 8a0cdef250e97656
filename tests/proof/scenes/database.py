"""Our own database restarted, refused, and slow: where it is a server."""

import asyncio
import signal
import time

from tests.proof.faults.base import Strike, over, reached, refuses, struck
from tests.proof.ledger import Entry
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.site import Site
from tests.proof.storage import Storage

BEFORE, MEANWHILE = 6, 8
"""Flows whose steps are under way when it goes, and flows that are posted meanwhile."""

AWAY = 6.0
"""Seconds for which it is away in a short run."""

LATE = (0.2, 0.5)
"""Seconds by which each of its answers is late."""


class DatabaseScene(Scene):
    """What needs a server."""

    async def hindrance(self, site: Site) -> str:
        """SQLite is a file."""
        return "" if site.storage else "the database is a file (--database postgres has a server)"

    def storage(self, site: Site) -> Storage:
        """The server."""
        assert site.storage
        return site.storage


class DatabaseRestarted(DatabaseScene):
    """Stopped amid traffic, and started again after some seconds."""

    def __init__(self, how: signal.Signals, word: str) -> None:
        self.how, self.word = how, word
        self.name = f"set piece: database restarted, {word}"

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """The API says 503 meanwhile, and nothing that was accepted is lost."""
        storage = self.storage(site)
        cast.begin(cast.plans(BEFORE, "0101"))
        await reached(lambda: any(entry.flow for entry in cast.entries))
        before = storage.server.pid
        struck(strike, "database")
        await storage.stop(self.how)
        cast.begin(cast.plans(MEANWHILE, "0102"))
        await asyncio.sleep(_away(cast))
        await storage.start()
        over(strike)
        if before and storage.server.pid != before:
            strike.proofs.append(f"pid {before} gone by {self.how.name}")
        await _all_end(strike, cast)


class DatabaseRefused(DatabaseScene):
    """Nobody listens where it was, and its connections are closed."""

    name = "set piece: database refused"

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """As if somebody had changed a firewall's rule."""
        wire = self.storage(site).wire
        cast.begin(cast.plans(BEFORE, "0101"))
        await reached(lambda: any(entry.flow for entry in cast.entries))
        struck(strike, "database")
        await wire.refuse()
        try:
            if await refuses(wire.port):
                strike.proofs.append("its address refused a connection")
            cast.begin(cast.plans(MEANWHILE, "0102"))
            await asyncio.sleep(_away(cast))
        finally:
            wire.unblock()
        over(strike)
        await _all_end(strike, cast)


class DatabaseSlow(DatabaseScene):
    """Each of its answers is late."""

    name = "set piece: database slow"

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Slow is not away: all is accepted, and ends."""
        wire = self.storage(site).wire
        first = await _seconds(cast)
        struck(strike, "database")
        wire.slow = LATE
        try:
            cast.begin(cast.plans(MEANWHILE, "0102"))
            second = await _seconds(cast)
            await asyncio.sleep(_away(cast))
        finally:
            wire.slow = None
        over(strike)
        if second - first > LATE[0]:
            strike.proofs.append(
                f"each answer {LATE[0]:.1f} to {LATE[1]:.1f} s late: "
                f"a flow was accepted in {second:.1f} s instead of {first:.1f}"
            )
        await _all_end(strike, cast)


def _away(cast: Cast) -> float:
    return cast.scale.away if cast.scale.is_full else AWAY


async def _seconds(cast: Cast) -> float:
    began = time.monotonic()
    await cast.post(cast.plans(1, "0101"))
    return time.monotonic() - began


async def _all_end(strike: Strike, cast: Cast) -> None:
    """Every flow is accepted in the end, and every accepted flow is over."""
    entries: list[Entry] = [*await cast.posted()]
    refused = sum(each.status == 503 for entry in entries for each in entry.tries)
    wrong = {each.status for entry in entries for each in entry.tries} - {None, 503, 201, 200}
    demand(strike, not wrong, f"answered {wrong}")
    strike.proofs = [f"{proof}; {refused} times 503" for proof in strike.proofs]
    await cast.over(entries)


SCENES = (
    DatabaseRestarted(signal.SIGINT, "fast"),
    DatabaseRestarted(signal.SIGQUIT, "immediate"),
    DatabaseRefused(),
    DatabaseSlow(),
)
