"""When a callback is tried again (contract.md §6.1)."""

import random

MINUTE, HOUR = 60.0, 3600.0

SLOTS = (
    30.0,
    1 * MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    1 * HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    24 * HOUR,
)
"""Seconds after the event at which an unanswered callback is repeated."""

JITTER = 0.1
"""How much earlier or later than its slot a repetition may come, as a share of the wait."""


def wait(age: float, chance: random.Random) -> float | None:
    """Seconds until the next attempt at an event that is `age` seconds old; None after the last.

    The slot follows from the age, not from a count of attempts: an outage of ours uses up time,
    never an attempt.
    """
    # What came early by the jitter was that slot's attempt already.
    slot = next((slot for slot in SLOTS if slot * (1 - JITTER) > age), None)
    if slot is None:
        return None
    return min((slot - age) * chance.uniform(1 - JITTER, 1 + JITTER), SLOTS[-1] - age)
