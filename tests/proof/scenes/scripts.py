"""All of the provider's scripts, with every way to be told, while workers are killed."""

import asyncio

from sandbox.scripts import ROWS
from tests.proof.faults.base import Strike, chance, over, struck
from tests.proof.hands import in_hand
from tests.proof.plan import SILENT_CALLS
from tests.proof.scenes.base import Cast, Scene
from tests.proof.site import Site

STRATEGIES = ("OnStep", "OnCompletion", None)

FEWEST, MOST = 2, 8
"""Kills that hit a worker with something in hand, and kills in all."""


class Scripts(Scene):
    """One flow for each row of docs/sandbox.md and each strategy."""

    name = "set piece: all scripts while workers are killed"
    patience = 900.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Calls come after the kills: one that nobody reports on takes a quarter of an hour."""
        random = chance(strike.round)
        plans = [cast.plan(row, strategy=how) for row in ROWS for how in STRATEGIES]
        random.shuffle(plans)
        posting = asyncio.create_task(cast.post(plans))
        hits, kills = 0, 0
        while kills < FEWEST or (kills < MOST and not (posting.done() and hits >= FEWEST)):
            await asyncio.sleep(random.uniform(0.3, 1.0))
            victim = site.workers[kills % len(site.workers)]
            tasks = await in_hand(site, victim.pid, cast.entries)
            struck(strike, victim.name)
            await victim.kill()
            await victim.start()
            kills, hits = kills + 1, hits + bool(tasks)
        entries = [*await posting]
        over(strike)
        called = [row for row in ROWS if row not in SILENT_CALLS]
        entries += await cast.post([cast.plan(row, "Voice", "Sms") for row in called])
        await cast.over(entries, within=400.0)
        if hits:
            strike.proofs.append(
                f"{len(entries)} flows by {len(ROWS)} scripts; {kills} workers killed, "
                f"{hits} of them with something in hand"
            )
