"""Workers killed in every phase of their work, and stopped under load."""

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.kills.plan import Phase
from tests.proof.faults.base import Faults, Strike, baited, chance, over, reached, struck
from tests.proof.faults.holding import HOLDS, Held
from tests.proof.hands import in_hand
from tests.proof.site import Site

STOPPING = 40.0
"""Seconds that a worker has to stop: what it is at may take 20."""

LONGEST = 0.6
"""Seconds after a phase is reached at which the kill comes at the latest."""


@dataclass(frozen=True)
class WorkerKilled:
    """kill -9, in one phase of its work."""

    phase: Phase
    once: bool = False
    calls: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return f"worker killed: {self.phase}"

    async def strike(self, site: Site, strike: Strike) -> None:
        """Bring one of the workers there, kill it, and have a successor take over.

        What is held back at the kill arrives after it, or is lost with it.
        """
        random = chance(strike.round)
        victim = random.choice(site.workers)
        lost = random.random() < 0.5
        async with AsyncExitStack() as stack:
            held = Held(site, strike, victim, stack, lost)
            stack.push_async_callback(held.release)
            await HOLDS[self.phase](held)
            await asyncio.sleep(random.uniform(0, LONGEST))
            tasks = strike.in_hand = await in_hand(site, victim.pid, strike.baits)
            proof = held.proof()
            struck(strike, victim.name)
            await victim.kill()
            if any(held.wanted in ("", task.name) for task in tasks):
                named = ", ".join(sorted({task.name for task in tasks}))
                strike.proofs.append(f"pid {victim.pid} gone with {named} in hand; {proof}")
            if lost:
                await held.cut()
        await victim.start()
        over(strike)


@dataclass(frozen=True)
class WorkerStopped:
    """SIGTERM under load: what it is at it may end, and does."""

    name: str = "worker stopped"
    once: bool = False
    calls: bool = False

    async def strike(self, site: Site, strike: Strike) -> None:
        """Stop one of them amid a burst, and start it again."""
        random = chance(strike.round)
        victim = random.choice(site.workers)
        await baited(site, strike, random.choice(("0101", "0109", "0112")), 8)

        async def busy() -> bool:
            strike.in_hand = await in_hand(site, victim.pid, strike.baits)
            return bool(strike.in_hand)

        await reached(busy)
        struck(strike, victim.name)
        await victim.process.killed(signal.SIGTERM, STOPPING)
        strike.proofs.append(f"pid {victim.pid} left with {len(strike.in_hand)} activities in hand")
        await victim.start()
        over(strike)


FAULTS: Faults = (*(WorkerKilled(phase) for phase in Phase), WorkerStopped())
