"""How times are spread: percentiles, and how far one can trust their ratio."""

import random
from collections.abc import Sequence
from itertools import chain
from statistics import quantiles

from bench.isolation import Rounds

TRIALS = 2000


def pooled(rounds: Rounds) -> list[float]:
    """All rounds' times together."""
    return list(chain.from_iterable(rounds))


def percentile(times: Sequence[float], percent: int) -> float:
    """The time that so many percent of these stay within."""
    return quantiles(times, n=100, method="inclusive")[percent - 1]


def ratio(one: Rounds, other: Rounds, percent: int) -> float:
    """The percentile of the one as a multiple of the other's."""
    return percentile(pooled(one), percent) / percentile(pooled(other), percent)


def interval(one: Rounds, other: Rounds, percent: int) -> tuple[float, float]:
    """Where the ratio lies in 90 of 100 trials with rounds drawn anew, whole ones.

    What disturbs a machine disturbs many flows of a round, so times are not drawn one by one.
    """
    chance = random.Random(1)  # noqa: S311  the same numbers from the same times
    ratios = sorted(
        ratio(chance.choices(one, k=len(one)), chance.choices(other, k=len(other)), percent)
        for _ in range(TRIALS)
    )
    return ratios[TRIALS * 5 // 100], ratios[TRIALS * 95 // 100]


def halves(rounds: Rounds) -> tuple[Rounds, Rounds]:
    """Every other pair of rounds: as many of each place in the order."""
    one = [each for place, each in enumerate(rounds) if place % 4 in (0, 3)]
    return one, [each for place, each in enumerate(rounds) if place % 4 in (1, 2)]
