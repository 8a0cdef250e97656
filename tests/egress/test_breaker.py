"""A receiver that fails is left alone, longer each time, and tried with one attempt."""

from egress.breaker import Breaker

PAUSE, LONGEST = 30.0, 600.0


def _breaker() -> Breaker:
    return Breaker(allowed=3, pause=PAUSE, longest=LONGEST)


def _opened(now: float = 0.0) -> Breaker:
    breaker = _breaker()
    for _ in range(3):
        assert not breaker.passed(now)
        breaker.note(now, failed=True, probe=False)
    return breaker


def test_only_failures_in_a_row_open_it() -> None:
    """One success between them, and the receiver is alive; no contact says nothing at all."""
    breaker = _breaker()
    for failed in [True, True, False, True, None, True]:
        breaker.note(0, failed, probe=False)
    assert not breaker.holds_back(0)
    breaker.note(0, failed=True, probe=False)
    assert breaker.holds_back(0)


def test_after_the_pause_one_attempt_goes_through() -> None:
    """The others wait for what becomes of it."""
    breaker = _opened()
    assert breaker.holds_back(PAUSE - 0.01)
    assert not breaker.holds_back(PAUSE)
    assert breaker.passed(PAUSE)
    assert breaker.holds_back(PAUSE)
    breaker.note(PAUSE + 1, failed=False, probe=True)
    assert not breaker.holds_back(PAUSE + 1)


def test_each_probe_that_fails_doubles_the_pause_up_to_ten_minutes() -> None:
    """From its end, not from its start."""
    breaker, now = _opened(), 0.0
    for pause in [30, 60, 120, 240, 480, 600, 600]:
        assert breaker.until == now + pause
        now += pause
        assert breaker.passed(now)
        now += 10
        breaker.note(now, failed=True, probe=True)


def test_after_a_success_the_pauses_begin_anew() -> None:
    """An outage is not held against the next one."""
    breaker = _opened()
    assert breaker.passed(PAUSE)
    breaker.note(PAUSE, failed=True, probe=True)
    assert breaker.passed(3 * PAUSE)
    breaker.note(3 * PAUSE, failed=False, probe=True)
    for _ in range(3):
        assert not breaker.holds_back(100)
        breaker.note(100, failed=True, probe=False)
    assert breaker.until == 100 + PAUSE


def test_those_under_way_when_it_opens_do_not_prolong_the_pause() -> None:
    """Thirty may fail a moment later: that is one outage, not thirty."""
    breaker = _opened()
    for now in range(1, 10):
        breaker.note(now, failed=True, probe=False)
    assert breaker.until == PAUSE


def test_a_success_of_one_that_was_under_way_closes_it() -> None:
    """The receiver answered just now, whatever the probe is for."""
    breaker = _opened()
    breaker.note(5, failed=False, probe=False)
    assert not breaker.holds_back(5)


def test_a_probe_that_ends_without_an_answer_makes_room_for_the_next() -> None:
    """A worker that stops, or an address that is refused, must not keep the receiver out."""
    breaker = _opened()
    assert breaker.passed(PAUSE)
    breaker.note(PAUSE, failed=None, probe=True)
    assert not breaker.holds_back(PAUSE)
    assert breaker.passed(PAUSE)


def test_a_probe_that_fails_after_another_succeeded_is_one_failure() -> None:
    """It tells of a moment that is over."""
    breaker = _opened()
    assert breaker.passed(PAUSE)
    breaker.note(PAUSE, failed=False, probe=False)
    breaker.note(PAUSE + 1, failed=True, probe=True)
    assert breaker.failures == 1
    assert not breaker.holds_back(PAUSE + 1)
