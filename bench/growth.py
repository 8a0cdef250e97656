"""What finished flows on record cost the next one: pace and creates with ever fuller tables."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from statistics import median

from bench import finished
from bench.bench import Bench, Measured
from bench.flows import pace
from bench.sides import Side
from bench.spread import percentile
from bench.table import Found, Goal, Table, spread

FLAT = 0.1
"""The share by which pace may fall, and the slowest hundredth of the creates take longer."""

QUIETLY = 4
"""Flows under way at a time while creates are timed: more would wait for each other."""

SHARE = 0.4
"""Of a round's flows of the main measurement, how many are enough here."""


@dataclass(frozen=True)
class Round:
    """At full load, and with few flows under way."""

    busy: Measured
    quiet: Measured


Rounds = Mapping[int, Sequence[Round]]
"""By how many finished flows are on record."""


def loads(bench: Bench) -> int:
    """For each filling a warming up, and two loads a round."""
    return len(bench.plan.finished) * (1 + 2 * bench.plan.rounds)


async def measure(bench: Bench) -> Found:
    """Ours several times side by side, each in a namespace and on a database of its own."""
    sizes = sorted(bench.plan.finished)
    flows = max(2, round(bench.plan.flows * SHARE))

    async def worked_off(side: Side) -> Round:
        busy = await bench.load(side, flows)
        return Round(busy, await bench.load(side, flows, in_flight=QUIETLY))

    async with AsyncExitStack() as held:
        several = []
        for size in sizes:
            name = f"finished_{size}"
            address = await finished.database(bench.ground, bench.directory, name)
            made = bench.ours(name=str(size), database=address, namespace=name.replace("_", "-"))
            several.append(await held.enter_async_context(made))
            if size:
                await finished.fill(address, size)
        for side in several:
            await bench.load(side, flows)
        found = await bench.in_turn(several, worked_off)
    return say({int(name): rounds for name, rounds in found.items()})


def say(rounds: Rounds) -> Found:
    """What the rounds say."""
    empty, *fuller = rounds.items()
    goals = []
    for size, each in fuller:
        beside = f"with {size:,} finished flows, of that with {empty[0]:,}"
        goals += [
            Goal(
                f"Flows a second {beside}",
                [
                    pace(one.busy) / pace(other.busy)
                    for one, other in zip(each, empty[1], strict=True)
                ],
                1 - FLAT,
                at_least=True,
            ),
            Goal(f"Slowest hundredth of creates {beside}", [_p99(each) / _p99(empty[1])], 1 + FLAT),
        ]
    flows = len(empty[1][0].busy.loaded.ended)
    header = (
        "on record", "flows/s", "CPU a flow, ms", "create p50, ms", "p99, ms",
        "at full load p99, ms",
    )  # fmt: skip
    return Found(
        [Table(header, [_row(size, each) for size, each in rounds.items()])],
        goals,
        [
            "Ours several times side by side on the one engine, each in a namespace and on a "
            "database of its own, of which some were filled before with finished flows (rows of "
            "all tables that a flow leaves behind); their turns alternate. "
            f"{len(empty[1])} rounds of {flows} flows for each at full load, and as many with "
            f"{QUIETLY} under way, by which creates are timed. Ratios of pace are of the same "
            "round; percentiles are of all rounds. What finished flows cost the engine is not in "
            "here: its histories are found by their keys.",
        ],
    )


def _accepted(several: Sequence[Measured]) -> list[float]:
    return list(chain.from_iterable(each.loaded.accepted for each in several))


def _p99(rounds: Sequence[Round]) -> float:
    return percentile(_accepted([each.quiet for each in rounds]), 99)


def _row(size: int, rounds: Sequence[Round]) -> Sequence[str]:
    quiet = _accepted([each.quiet for each in rounds])
    busy = _accepted([each.busy for each in rounds])
    cpu = [
        sum(each.busy.used.roles.values()) * 1000 / len(each.busy.loaded.ended) for each in rounds
    ]
    return (
        f"{size:,}",
        spread([pace(each.busy) for each in rounds]),
        f"{median(cpu):.1f}",
        f"{percentile(quiet, 50) * 1000:.1f}",
        f"{percentile(quiet, 99) * 1000:.1f}",
        f"{percentile(busy, 99) * 1000:.1f}",
    )
