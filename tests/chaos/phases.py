"""What a receiver does to callbacks, and for how long: its script, which its keeper knows, too."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

DAY = 24.0
"""Seconds that stand for the schedule's 24 hours."""

DEADLINE = 2.0
"""Seconds that a receiver has for the whole exchange."""

SLOW, LATE = (0.3, 1.2), (2.6, 3.4)
"""Seconds after which an answer comes, from and to: well before the deadline, and well after."""

LONG = 1.4 * DAY
"""Seconds down, after which some callbacks are dead."""

CYCLES = 40
"""How often a script is drawn before it repeats itself: that often it is another one."""


class Phase(StrEnum):
    """What becomes of every callback meanwhile."""

    HEALTHY = "healthy"
    ERRORS = "500"
    SLOW = "slow"
    LATE = "late"
    DROPS = "hangs up"
    THROTTLES = "429"
    KILLED = "down"


CHAOS = (*Phase, Phase.HEALTHY)
"""A cycle has each of these once, in any order."""


@dataclass(frozen=True)
class Span:
    """A phase and its length in seconds."""

    phase: Phase
    seconds: float


Script = Sequence[Span]

CALM: Script = (Span(Phase.HEALTHY, 3600.0),)
NEVER: Script = (Span(Phase.KILLED, 3600.0),)


def chaotic(chance: random.Random, *, long: bool) -> Script:
    """Phases of a few seconds each; with a `long` outage in every cycle."""
    return list(chain.from_iterable(_cycle(chance, long) for _ in range(CYCLES)))


def _cycle(chance: random.Random, long: bool) -> Script:
    cycle = [Span(phase, chance.uniform(2, 6)) for phase in chance.sample(CHAOS, len(CHAOS))]
    if long:
        cycle.insert(chance.randrange(len(cycle)), Span(Phase.KILLED, LONG))
    return cycle


def now(script: Script, seconds: float) -> Span:
    """The phase so many seconds after the script began, and what is left of it; then it repeats."""
    left = seconds % sum(span.seconds for span in script)
    for span in script:
        if left < span.seconds:
            return Span(span.phase, span.seconds - left)
        left -= span.seconds
    return script[0]
