"""How an activity asks to be tried again."""

import random
from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_chance = random.SystemRandom()


def again(kind: str, why: str, after: float | None = None) -> ApplicationError:
    """What to raise for another attempt, `after` seconds or when the retry policy says.

    `why` stands in the history: a short word, never an address, a number or a text.
    """
    delay = timedelta(seconds=after) if after is not None else None
    return ApplicationError(
        why,
        type=kind,
        next_retry_delay=delay,
        category=ApplicationErrorCategory.BENIGN,  # expected: no stack trace in the log
    )


def soon(kind: str, fault: Exception) -> ApplicationError:
    """What to raise for another attempt after 1 to 30 seconds: the fault is ours, and may pass."""
    return again(kind, type(fault).__name__, _chance.uniform(1, 30))
