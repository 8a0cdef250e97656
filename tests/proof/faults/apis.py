"""The API's processes killed where it matters, and stopped under load."""

import asyncio
import signal
import time
from dataclasses import dataclass

from tests.proof.faults.base import Faults, Strike, baited, chance, over, posted, reached, struck
from tests.proof.notes import read
from tests.proof.site import Site

STOPPING = 40.0
"""Seconds that it has to stop: open requests may take 20."""

BAITS = 3

SOON = 0.6
"""Seconds within which the provider reports on what it took."""


@dataclass(frozen=True)
class KilledAnsweringCreate:
    """kill -9 between the start of a flow and the answer to who posted it."""

    name: str = "API killed: flow started, client not answered"
    once: bool = False
    calls: bool = True

    async def strike(self, site: Site, strike: Strike) -> None:
        """The engine's answers stay on the wire; the clients ask the other process."""
        victim = chance(strike.round).choice(site.apis)
        assert victim.engine
        victim.engine.answers.clear()
        try:
            await baited(site, strike, "0101", BAITS, door=victim.name)
            wire = victim.engine
            await reached(lambda: wire.held > 0)
            await asyncio.sleep(0.3)
            open_ = sum(not entry.tries for entry in strike.baits)
            struck(strike, victim.name)
            await victim.kill()
            await victim.engine.cut()
        finally:
            victim.engine.answers.set()
        await victim.start()
        over(strike)
        await posted(strike)
        lost = sum(entry.tries[0].status is None for entry in strike.baits)
        if open_ and lost:
            strike.proofs.append(f"pid gone with {open_} requests open, {lost} of them lost")


@dataclass(frozen=True)
class KilledTakingReports:
    """kill -9 between the engine's taking a report and the answer to the provider."""

    name: str = "API killed: report taken, provider not answered"
    once: bool = False
    calls: bool = True

    async def strike(self, site: Site, strike: Strike) -> None:
        """The engine's answers stay on the wire; the provider reports to the other process."""
        victim = chance(strike.round).choice(site.apis)
        other = next(member for member in site.apis if member is not victim)
        assert victim.engine
        wire = victim.engine
        wire.answers.clear()
        try:
            await site.reports.cut()
            site.reports.aim(victim.port)
            await baited(site, strike, "0117", BAITS, door=other.name)
            await reached(lambda: wire.held > 0 and self._taken(site, strike))
            await asyncio.sleep(SOON)
            struck(strike, victim.name)
            await victim.kill()
            await wire.cut()
        finally:
            wire.answers.set()
            site.reports.aim(None)
        await reached(lambda: self._unsettled(site, strike.at) > 0)
        strike.proofs.append(f"{self._unsettled(site, strike.at)} reports got no answer")
        await victim.start()
        over(strike)

    def _taken(self, site: Site, strike: Strike) -> bool:
        """Whether the provider has a message of a bait, so that it reports on it soon."""
        flows = {entry.flow for entry in strike.baits}
        taken = (line["reference"] for line in read(site.record) if "channel" in line)
        return any(reference.rpartition(".")[0] in flows for reference in taken)

    def _unsettled(self, site: Site, since: float) -> int:
        return sum(
            line["at"] >= since and not line["settled"]
            for line in read(site.record)
            if "reported" in line
        )


@dataclass(frozen=True)
class ApiEnded:
    """Ended at any moment under load."""

    how: signal.Signals
    once: bool = False
    calls: bool = True

    @property
    def name(self) -> str:
        """What it is called."""
        return f"API {'killed: any moment' if self.how is signal.SIGKILL else 'stopped'}"

    async def strike(self, site: Site, strike: Strike) -> None:
        """Amid a burst of requests."""
        random = chance(strike.round)
        victim = random.choice(site.apis)
        await baited(site, strike, random.choice(("0101", "0102")), 8, door=victim.name)
        await asyncio.sleep(random.uniform(0, 0.1))
        struck(strike, victim.name)
        await victim.process.killed(self.how, STOPPING)
        strike.proofs.append(f"pid {victim.pid} gone after {time.time() - strike.at:.1f} s")
        await asyncio.sleep(random.uniform(0, 2))
        await victim.start()
        over(strike)


FAULTS: Faults = (
    KilledAnsweringCreate(),
    KilledTakingReports(),
    ApiEnded(signal.SIGKILL),
    ApiEnded(signal.SIGTERM),
)
