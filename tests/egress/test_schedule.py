"""When an unanswered callback is repeated (contract.md §6.1)."""

import random
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.schedule import ASKED, FAR, JITTER, SLOTS, Schedule, retry_after_seconds

DAY = 24 * 3600.0


class Fixed(random.Random):
    """Chance that always falls alike: 0 is as early as may be, 1 as late."""

    def __init__(self, value: float) -> None:
        super().__init__(0)
        self._value = value

    def random(self) -> float:
        """The same, every time."""
        return self._value


_SCHEDULE = Schedule()
_CHANCES = st.floats(0, 1).map(Fixed)
_AGES = st.floats(0, 2 * DAY)
_ASKED = st.none() | st.floats(0, 2 * DAY) | st.sampled_from([FAR, float("inf")])
_NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
patiently = settings(deadline=None)


def _attempts(chances: list[Fixed]) -> list[float]:
    """The ages at which a receiver that never answers is tried again, until it is given up."""
    ages = [0.0]
    for chance in chances:
        delay = _SCHEDULE.wait(ages[-1], chance)
        if delay is None:
            return ages[1:]
        ages.append(ages[-1] + delay)
    raise AssertionError("never given up")


@given(age=_AGES, chance=_CHANCES)
@patiently
def test_no_attempt_comes_later_than_a_day_after_the_event(age: float, chance: Fixed) -> None:
    """Nor before now."""
    delay = _SCHEDULE.wait(age, chance)
    assert delay is None or (delay >= 0 and age + delay <= DAY)


@given(age=_AGES, chance=_CHANCES)
@patiently
def test_the_next_attempt_is_a_tenth_around_its_slot(age: float, chance: Fixed) -> None:
    """As a share of the wait for it; the slot is one that is still ahead."""
    delay = _SCHEDULE.wait(age, chance)
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
        assert _SCHEDULE.wait(age, Fixed(chance)) is None
    assert _SCHEDULE.wait(0.8 * DAY, Fixed(chance)) is not None


@pytest.mark.parametrize(("chance", "first"), [(0.0, 27.0), (0.5, 30.0), (1.0, 33.0)])
def test_the_first_repetition_comes_after_about_30_seconds(chance: float, first: float) -> None:
    """Jittered, so that the callbacks of an outage do not return all at once."""
    assert _SCHEDULE.wait(0, Fixed(chance)) == pytest.approx(first)


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
    delay = _SCHEDULE.wait(outage, chances[0])
    passed = sum(slot <= outage for slot in SLOTS)
    if delay is not None:
        left = 1 + len(_remaining(outage + delay, chances[1:]))
        assert 12 - passed - 1 <= left <= 12 - passed


def _remaining(age: float, chances: list[Fixed]) -> list[float]:
    found: list[float] = []
    for chance in chances:
        delay = _SCHEDULE.wait(age, chance)
        if delay is None:
            return found
        age += delay
        found.append(age)
    raise AssertionError("never given up")


@given(st.lists(st.tuples(_CHANCES, _ASKED), min_size=30, max_size=30))
@patiently
def test_whatever_a_receiver_asks_for_it_is_never_tried_more_often_or_sooner(
    answers: list[tuple[Fixed, float | None]],
) -> None:
    """13 times with the first, none before its slot, the last within the day."""
    ages = [0.0]
    for chance, asked in answers:
        delay = _SCHEDULE.wait(ages[-1], chance, asked)
        if delay is None:
            break
        ages.append(ages[-1] + delay)
    repeated = ages[1:]
    assert 1 <= len(repeated) <= 12
    assert ages[-1] <= DAY
    for age, slot in zip(repeated, SLOTS, strict=False):
        assert age >= slot * (1 - JITTER)


@given(age=_AGES, chance=_CHANCES, asked=st.floats(0, 2 * DAY))
@patiently
def test_a_wait_that_is_asked_for_is_kept_within_bounds(
    age: float, chance: Fixed, asked: float
) -> None:
    """At least as long as asked, but for an hour and the last slot; never shorter than without."""
    plain, longer = _SCHEDULE.wait(age, chance), _SCHEDULE.wait(age, chance, asked)
    if plain is None or longer is None:
        assert plain is longer is None
        return
    assert longer >= plain
    assert longer >= min(asked, ASKED, DAY - age)
    assert longer <= max(plain, min(asked * (1 + JITTER), ASKED))


def test_those_who_were_told_to_wait_alike_do_not_come_back_at_once() -> None:
    """A receiver that is overrun says the same to everyone."""
    waits = {_SCHEDULE.wait(0, Fixed(value / 10), 600) for value in range(11)}
    assert len(waits) == 11


@given(
    age=st.floats(0, 2 * DAY),
    chance=_CHANCES,
    asked=_ASKED,
    factor=st.sampled_from([1 / 3600, 1 / 64, 2.0]),
)
@patiently
def test_a_scaled_schedule_is_the_same_in_another_measure(
    age: float, chance: Fixed, asked: float | None, factor: float
) -> None:
    """So that what holds in a run of seconds holds in a day."""
    scaled = _SCHEDULE.scaled(factor)
    assert scaled.last == pytest.approx(DAY * factor)
    if any(abs(slot * (1 - JITTER) - age) < 1e-6 * slot for slot in SLOTS):
        return  # where rounding decides which slot is next
    plain = _SCHEDULE.wait(age, chance, asked)
    found = scaled.wait(age * factor, chance, None if asked is None else asked * factor)
    expected = None if plain is None else plain * factor
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))


@given(st.integers(0, 10**9))
@patiently
def test_seconds_are_read_as_they_are(seconds: int) -> None:
    """Retry-After: 120."""
    assert retry_after_seconds(f" {seconds} ", _NOW) == seconds


@given(st.integers(0, 10 * 365 * 86400), st.integers(-12 * 60, 12 * 60))
@patiently
def test_a_date_is_read_against_now(seconds: int, minutes: int) -> None:
    """Retry-After: Tue, 24 Nov 2026 22:02:00 GMT; wherever our own clock stands."""
    header = format_datetime(_NOW + timedelta(seconds=seconds), usegmt=True)
    now = _NOW.astimezone(timezone(timedelta(minutes=minutes)))
    assert retry_after_seconds(header, now) == seconds


@pytest.mark.parametrize(
    "header",
    [
        "Tue, 24 Nov 2026 22:02:00 GMT",
        "Tuesday, 24-Nov-26 22:02:00 GMT",
        "Tue Nov 24 22:02:00 2026",
    ],
)
def test_each_form_of_a_date_in_http_is_read(header: str) -> None:
    """The one that is sent, and the two that are obsolete and still must be accepted."""
    assert retry_after_seconds(header, _NOW) == 120


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "soon",
        "\u0663\u0660",
        "\u00b2",
        "1_000",
        "1 2",
        "nan",
        "inf",
        "Tue, 24 Nov 2026 21:59:59 GMT",
        "Tue, 24 Nov 99999999999 22:02:00 GMT",
        "Tue, 24 Nov 2026 22:02:00 +99999999999999999999",
        "Tue, 99 Nov 2026 22:02:00 GMT",
    ],
)
def test_what_says_nothing_usable_is_as_if_it_were_not_there(header: str) -> None:
    """Also a date that is over, and digits that are none in HTTP."""
    assert retry_after_seconds(header, _NOW) is None


@given(
    st.text()
    | st.text(alphabet="0123456789")
    | st.from_regex(r"\w{3}, \d{1,20} Nov \d{1,20} \d{1,20}:\d{1,20}:\d{1,20} ([+-]\d{1,30}|GMT)")
)
@patiently
def test_no_header_can_raise(header: str) -> None:
    """It is the receiver's to choose; a number that has no end is just far away."""
    seconds = retry_after_seconds(header, _NOW)
    assert seconds is None or 0 <= seconds <= FAR
    assert retry_after_seconds("9" * 10_000, _NOW) == FAR
