"""A provider that fails is taken out for a while, and tried with one step before it is back."""

from providers.breaker import FAILURES, PAUSE, Breaker


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.seconds


def _out(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert not breaker.is_out
        breaker.note(failed=True)
    return breaker


def test_so_many_failures_in_a_row_take_it_out() -> None:
    """One success between them, and it stays."""
    breaker = Breaker(Clock())
    for failed in [True] * (FAILURES - 1) + [False] + [True] * (FAILURES - 1):
        breaker.note(failed)
    assert not breaker.is_out
    breaker.note(failed=True)
    assert breaker.is_out


def test_after_the_pause_one_step_tries_it() -> None:
    """Not all of them: the others wait for what becomes of that one."""
    clock = Clock()
    breaker = _out(clock)
    clock.seconds += PAUSE
    assert [breaker.is_out for _ in range(3)] == [False, True, True]
    breaker.note(failed=True)
    assert breaker.is_out
    clock.seconds += PAUSE
    assert not breaker.is_out
    breaker.note(failed=False)
    assert [breaker.is_out for _ in range(3)] == [False] * 3
