"""Whom the service depends on, or who depends on it: the provider and the receiver."""

import asyncio
import signal
from dataclasses import dataclass

from tests.proof.faults.base import Faults, Strike, baited, chance, over, refuses, struck
from tests.proof.site import Site

LONGEST = 3.0
"""Seconds that they are away at the longest."""


@dataclass(frozen=True)
class ProviderEnded:
    """It ends, by kill -9 or SIGTERM; what it has taken it still knows when it is back.

    The reports that were still to come end with it.
    """

    name: str = "provider killed or stopped"
    once: bool = False
    calls: bool = False

    async def strike(self, site: Site, strike: Strike) -> None:
        """Amid a burst of sends."""
        random = chance(strike.round)
        how = random.choice((signal.SIGKILL, signal.SIGTERM))
        await baited(site, strike, random.choice(("0101", "0109", "0110")), 6)
        await asyncio.sleep(random.uniform(0, 0.6))
        struck(strike, site.sandbox.name)
        await site.sandbox.kill(how)
        if await refuses(site.sandbox.port):
            strike.proofs.append(f"pid {site.sandbox.pid} gone by {how.name}, its port refused")
        await asyncio.sleep(random.uniform(0, LONGEST))
        await site.sandbox.start()
        over(strike)


@dataclass(frozen=True)
class ReceiverKilled:
    """kill -9 of who is called back."""

    name: str = "receiver killed"
    once: bool = False
    calls: bool = True

    async def strike(self, site: Site, strike: Strike) -> None:
        """Amid a burst of callbacks."""
        random = chance(strike.round)
        await baited(site, strike, "0101", 6)
        await asyncio.sleep(random.uniform(0, 1))
        struck(strike, site.receiver.name)
        await site.receiver.end()
        if await refuses(site.receiver.post.port):
            strike.proofs.append("killed, its port refused")
        await asyncio.sleep(random.uniform(0.5, LONGEST))
        await site.receiver.begin()
        over(strike)


FAULTS: Faults = (ProviderEnded(), ReceiverKilled())
