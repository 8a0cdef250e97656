"""Plays the rounds: normal traffic, and amid it the fault."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.proof.faults.base import Fault, Strike, chance
from tests.proof.plan import FlowPlan, Round
from tests.proof.site import Site

LONGEST = 150.0
"""Seconds that a round may take before it counts as one that could not be played."""

TRIES = 3
"""How often a fault is tried until it fires: on a busy machine its moment may pass."""


@dataclass
class Player:
    """Plays rounds on a site; `say` is told of each."""

    site: Site
    kinds: dict[str, Fault]
    say: Callable[[Strike, float], None]
    strikes: list[Strike] = field(default_factory=list)

    async def play(self, rounds: Sequence[Round]) -> None:
        """All of them, one after the other; the flows of one may go on in the next."""
        posting: list[asyncio.Task[None]] = []
        for each in rounds:
            began = time.monotonic()
            posting.append(asyncio.create_task(self._traffic(each)))
            strike = Strike(each)
            self.strikes.append(strike)
            await asyncio.sleep(each.moment)
            strike.began = time.time()
            for _ in range(TRIES):
                await self._strike(strike)
                if strike.fired:
                    break
            strike.ended = time.time()
            self.say(strike, time.monotonic() - began)
        await asyncio.gather(*posting, *(task for each in self.strikes for task in each.posting))

    async def _strike(self, strike: Strike) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await self.kinds[strike.round.fault].strike(self.site, strike)
        except TimeoutError:  # it could not be brought about
            strike.proofs.clear()
        await self.site.mend()

    async def _traffic(self, each: Round) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.site.forger.forge(chance(each)))
            for plan in sorted(each.flows, key=lambda flow: flow.after):
                group.create_task(self._post(plan, each.number))

    async def _post(self, plan: FlowPlan, number: int) -> None:
        await asyncio.sleep(plan.after)
        await self.site.ledger.post(plan, number)
