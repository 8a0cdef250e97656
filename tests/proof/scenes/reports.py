"""Ten thousand genuine reports on one flow: duplicates, in any order, contrary."""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from random import Random

from tests.conftest import until
from tests.proof.faults.base import Strike, chance, over, struck
from tests.proof.ledger import Entry
from tests.proof.notes import Notes
from tests.proof.scenes.base import AT_ONCE, ENDING, Cast, Scene, demand
from tests.proof.scenes.histories import histories
from tests.proof.scenes.telling import Teller
from tests.proof.site import Site

MOST_EVENTS = 10_000
"""What a history may have: the engine ends a flow at five times that."""

NEWS = ("sent", "ringing", "teleported", "queued")
"""Words that end no step."""

CONTRARY = ("undelivered", "failed", "delivered", "seen")
GOOD = ("sent", "delivered")

STRETCH = 60
"""The flow's ttls are so many times the shortest: it outlives the flood."""

EVERY = 1.0
"""Seconds after which one more of the other flows is posted."""


class ReportFlood(Scene):
    """One flow's provider runs wild."""

    name = "set piece: flood of reports"
    patience = 2400.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Nothing but reports ends the flow; other flows go on beside."""
        random = chance(strike.round)
        teller = Teller(Notes(site.told))
        (aim,) = await cast.post(cast.plans(1, "0118", stretch=STRETCH))
        beside = asyncio.create_task(_beside(cast))
        struck(strike)
        try:
            answers = await self._flood(site, cast, teller, aim, random)
        finally:
            beside.cancel()
            await asyncio.wait({beside})
        over(strike)
        others = await cast.posted()
        demand(
            strike, not set(answers) - {0, 200, 503}, f"reports were answered {_counted(answers)}"
        )
        (history,) = await histories(site, [aim])
        events = len(history.events)
        demand(strike, events < MOST_EVENTS, f"{events} events in its history")
        before = await cast.known(str(aim.flow))
        replayed = await self._tell(site, teller, aim, 1, [random.choice(CONTRARY)] * 20)
        demand(strike, before.get("status") == "Succeeded", f"it ended as {before.get('status')}")
        after = await cast.known(str(aim.flow))
        demand(strike, before["status"] == after["status"], "a late report changed its end")
        during = sum([await cast.is_over(entry) for entry in others])
        await cast.over(others)
        many, seconds = sum(answers.values()) + sum(replayed.values()), strike.over - strike.at
        strike.proofs.append(
            f"{many:,} reports in {seconds:.0f} s ({_counted(answers + replayed)}); "
            f"{events} events in its history; "
            f"{during} of {len(others)} other flows had ended by then"
        )

    async def _flood(
        self, site: Site, cast: Cast, teller: Teller, aim: Entry, random: Random
    ) -> "Counter[int]":
        """All of them; returns how often each status was answered."""
        many = cast.scale.many
        answers = await self._tell(site, teller, aim, 1, random.choices(NEWS, k=many * 3 // 4))
        contrary = [*CONTRARY * math.ceil(many / 4 / len(CONTRARY))]
        random.shuffle(contrary)
        answers += await self._tell(site, teller, aim, 1, contrary)

        async def settled() -> bool:
            """Its first step failed and the second one begun, or it is over."""
            steps = (await cast.known(str(aim.flow))).get("messages", ())
            return len(steps) > 1 or await cast.is_over(aim)

        await until(settled, ENDING, every=0.5)
        if not await cast.is_over(aim):
            answers += await self._tell(site, teller, aim, 2, random.choices(GOOD, k=20))
            answers += await self._tell(site, teller, aim, 2, GOOD)
        await cast.over([aim])
        return answers

    async def _tell(
        self, site: Site, teller: Teller, aim: Entry, order: int, words: Sequence[str]
    ) -> "Counter[int]":
        """So many at once, at both doors."""
        doors = cycle(site.doors.values())
        left = iter(words)

        async def one() -> "Counter[int]":
            return Counter([await teller.tell(next(doors), aim, order, word) for word in left])

        return sum(await asyncio.gather(*(one() for _ in range(AT_ONCE))), Counter[int]())


async def _beside(cast: Cast) -> None:
    """Other people's flows, all the time."""
    while True:
        cast.begin(cast.plans(1, "0101", "Sms"))
        await asyncio.sleep(EVERY)


def _counted(answers: "Counter[int]") -> str:
    return ", ".join(f"{code}: {answers[code]:,}" for code in sorted(answers))
