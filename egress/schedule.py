"""When a callback is tried again (contract.md §6.1)."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

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

ASKED = HOUR
"""The longest wait in seconds that a receiver may ask for by Retry-After."""

FAR = 1e9
"""Seconds: what is further away is said as this, so that it can be computed with."""


@dataclass(frozen=True)
class Schedule:
    """The slots of an event, in seconds after it, in rising order."""

    slots: tuple[float, ...] = SLOTS
    jitter: float = JITTER
    asked: float = ASKED

    @property
    def last(self) -> float:
        """Seconds after the event at which it is told for the last time."""
        return self.slots[-1]

    def scaled(self, factor: float) -> Self:
        """The same in another measure: by 1/3600 a day passes in 24 seconds."""
        slots = tuple(slot * factor for slot in self.slots)
        return type(self)(slots, self.jitter, self.asked * factor)

    def wait(
        self, age: float, chance: random.Random, retry_after: float | None = None
    ) -> float | None:
        """Seconds until the next attempt at an event of `age` seconds; None after the last.

        The slot follows from the age, not from a count of attempts: an outage of ours uses up
        time, never an attempt. What the receiver asks for, `retry_after` seconds, makes the wait
        longer, never shorter, and passes neither `asked` nor the last slot.
        """
        # What came early by the jitter was that slot's attempt already.
        slot = next((slot for slot in self.slots if slot * (1 - self.jitter) > age), None)
        if slot is None:
            return None
        due = (slot - age) * chance.uniform(1 - self.jitter, 1 + self.jitter)
        if retry_after is not None:
            # Upwards only: nobody who asks for a minute wants some of it sooner.
            wished = retry_after * chance.uniform(1, 1 + self.jitter)
            due = max(due, min(wished, self.asked))
        return min(due, self.last - age)


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """The wait that a Retry-After header asks for, in seconds or by a date; None if it is neither.

    `now` is aware. A date that is over asks for nothing: None.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), FAR)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:  # HTTP's dates are UTC, also where they do not say so
        when = when.replace(tzinfo=UTC)
    seconds = (when - now).total_seconds()
    return min(seconds, FAR) if seconds >= 0 else None
