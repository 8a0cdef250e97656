"""When an unanswered callback is repeated (contract.md §6.1)."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.schedule import JITTER, SLOTS, wait

DAY = 24 * 3600.0


class Fixed(random.Random):
    """Chance that always falls alike: 0 is as early as may be, 1 as late."""

    def __init__(self, value: float) -> None:
        super().__init__(0)
        self._value = value

    def random(self) -> float:
        """The same, every time."""
        return self._value


_CHANCES = st.floats(0, 1).map(Fixed)
_AGES = st.floats(0, 2 * DAY)
patiently = settings(deadline=None)


def _attempts(chances: list[Fixed]) -> list[float]:
    """The ages at which a receiver that never answers is tried again, until it is given up."""
    ages = [0.0]
    for chance in chances:
        delay = wait(ages[-1], chance)
        if delay is None:
            return ages[1:]
        ages.append(ages[-1] + delay)
    raise AssertionError("never given up")


@given(age=_AGES, chance=_CHANCES)
@patiently
def test_no_attempt_comes_later_than_a_day_after_the_event(age: float, chance: Fixed) -> None:
    """Nor before now."""
    delay = wait(age, chance)
    assert delay is None or (delay >= 0 and age + delay <= DAY)


@given(age=_AGES, chance=_CHANCES)
@patiently
def test_the_next_attempt_is_a_tenth_around_its_slot(age: float, chance: Fixed) -> None:
    """As a share of the wait for it; the slot is one that is still ahead."""
    delay = wait(age, chance)
    ahead = [slot for slot in SLOTS if slot > age]
    if delay is None:
        assert len(ahead) <= 1
    else:
        near = [slot for slot in ahead[:2] if abs(age + delay - slot) <= 0.1001 * (slot - age)]
        assert near


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_nothing_comes_after_the_last_slot(chance: float) -> None:
    """A day after the event, or later, or just before by the jitter."""
    for age in (DAY, DAY + 1, 30 * DAY, 0.95 * DAY):
        assert wait(age, Fixed(chance)) is None
    assert wait(0.8 * DAY, Fixed(chance)) is not None


@pytest.mark.parametrize(("chance", "first"), [(0.0, 27.0), (0.5, 30.0), (1.0, 33.0)])
def test_the_first_repetition_comes_after_about_30_seconds(chance: float, first: float) -> None:
    """Jittered, so that the callbacks of an outage do not return all at once."""
    assert wait(0, Fixed(chance)) == pytest.approx(first)


def test_without_jitter_the_attempts_are_the_documented_offsets() -> None:
    """30 s, 1, 2, 5, 10, 15, 30 min, 1, 2, 4, 8, 24 h from the event."""
    minutes = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440]
    assert _attempts([Fixed(0.5)] * 20) == pytest.approx([60 * minute for minute in minutes])


@given(st.lists(_CHANCES, min_size=30, max_size=30))
@patiently
def test_a_silent_receiver_is_tried_again_12_times_however_the_chance_falls(
    chances: list[Fixed],
) -> None:
    """Once for each slot: one that came early by the jitter is not followed by another."""
    ages = _attempts(chances)
    assert len(ages) == 12
    assert all(later > earlier for earlier, later in pairwise(ages))
    for age, slot in zip(ages, SLOTS, strict=True):
        assert abs(age - slot) <= JITTER * slot


@given(outage=st.floats(0, DAY), chances=st.lists(_CHANCES, min_size=30, max_size=30))
@patiently
def test_an_outage_of_ours_uses_up_time_not_attempts(outage: float, chances: list[Fixed]) -> None:
    """After it the schedule goes on where the event's age is."""
    delay = wait(outage, chances[0])
    passed = sum(slot <= outage for slot in SLOTS)
    if delay is not None:
        left = 1 + len(_remaining(outage + delay, chances[1:]))
        assert 12 - passed - 1 <= left <= 12 - passed


def _remaining(age: float, chances: list[Fixed]) -> list[float]:
    found: list[float] = []
    for chance in chances:
        delay = wait(age, chance)
        if delay is None:
            return found
        age += delay
        found.append(age)
    raise AssertionError("never given up")
