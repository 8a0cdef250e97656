"""From the report that fails a step to the provider's being asked for the next one."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from bench.bench import Bench, two_steps
from bench.outside import Marks
from bench.sides import BARE, OURS, Side
from bench.spread import interval, percentile, pooled, ratio
from bench.table import Found, Goal, Table

RATE = 8.0
"""Flows a second: a third of what two cores can do, so that no flow waits for another."""

OF_BARE = 1.2
WARMING = 40
PERCENTILES, SHOWN = (50, 99), (50, 90, 99)

Rounds = Mapping[str, Sequence[Sequence[float]]]
"""Seconds, by side and round."""


def loads(bench: Bench) -> int:
    """A warming up and the rounds, of each side."""
    return 2 * (1 + bench.plan.rounds)


async def measure(bench: Bench) -> Found:
    """Post flows whose first step fails, at a low rate, to each side in turn."""
    each_round = -(-bench.plan.failovers // bench.plan.rounds)

    async def failed_over(side: Side) -> list[float]:
        await bench.load(side, each_round, body=two_steps(bench.outside.callbacks), rate=RATE)
        return times(await bench.outside.marks())

    async with AsyncExitStack() as held:
        several = [
            await held.enter_async_context(bench.ours()),
            await held.enter_async_context(bench.bare()),
        ]
        for side in several:
            body = two_steps(bench.outside.callbacks)
            await bench.load(side, min(WARMING, each_round), body=body, rate=RATE)
        await bench.outside.marks()
        rounds = await bench.in_turn(several, failed_over)
    return say({name: [list(map(float, each)) for each in found] for name, found in rounds.items()})


def times(marks: Marks) -> list[float]:
    """From each first step's report to the first request for the second, in seconds."""
    asked: dict[str, float] = {}
    for reference, at in marks.requests:
        asked.setdefault(reference, at)
    found = []
    for reference, sent, _ in marks.reports:
        tracking_id, _, order = reference.rpartition(".")
        if order == "1":
            found.append(asked[f"{tracking_id}.2"] - sent)
    return found


def say(rounds: Rounds) -> Found:
    """What the times of each side say."""
    known = {name: [list(each) for each in found] for name, found in rounds.items()}
    rows = []
    for name, found in known.items():
        every = pooled(found)
        rows.append(
            (
                name,
                f"{len(every):,}",
                *(f"{percentile(every, percent) * 1000:.1f}" for percent in SHOWN),
                f"{max(every) * 1000:.1f}",
            )
        )
    goals, trust = [], []
    for percent in PERCENTILES:
        times_of_bare = ratio(known[OURS], known[BARE], percent)
        what = f"Report to next request, of the barest program's, p{percent}"
        goals.append(Goal(what, [times_of_bare], OF_BARE))
        low, high = interval(known[OURS], known[BARE], percent)
        trust.append(f"p{percent} {low:.2f} to {high:.2f}")
    header = ("", "flows", *(f"p{percent}, ms" for percent in SHOWN), "most, ms")
    return Found(
        [Table(header, rows)],
        goals,
        [
            "Flows of two steps, a Viber message that is reported undelivered and an Sms, at "
            f"{RATE:g} a second for the side whose turn it is; {len(known[OURS])} rounds a side. "
            "From the provider's sending the report to its being asked for the second step, both "
            "by the clock of the provider's process. Percentiles are of all rounds.",
            f"In 90 of 100 trials with whole rounds drawn anew the ratio lies within: "
            f"{'; '.join(trust)}.",
        ],
    )
