"""How fast a provider is spoken to."""

import time

import pytest

from providers.pace import Pace


def test_without_a_rate_nobody_waits() -> None:
    """However many there are."""
    pace = Pace()
    assert [pace.wait() for _ in range(1000)] == [0.0] * 1000


def test_who_comes_too_early_is_told_how_long_to_wait() -> None:
    """Within the rate nobody waits; beyond it until the first place is free again."""
    pace = Pace("3/minute")
    assert [pace.wait() for _ in range(3)] == [0.0] * 3
    assert 50 < pace.wait() <= 61


def test_a_wait_takes_no_place() -> None:
    """Else whoever asks often enough would never get one."""
    pace = Pace("2/second")
    began = time.time()
    assert [pace.wait() for _ in range(2)] == [0.0] * 2
    while wait := pace.wait():
        assert 0 < wait <= 1.1
        time.sleep(min(wait, 0.05))
    assert time.time() - began < 2.5


@pytest.mark.parametrize("rate", ["1/minute", "1/hour"])
def test_a_wait_is_never_nothing(rate: str) -> None:
    """0 would mean that the place was taken."""
    pace = Pace(rate)
    pace.wait()
    assert pace.wait() >= 0.01


def test_each_has_its_own_pace() -> None:
    """One provider's places are not another's."""
    first, second = Pace("1/hour"), Pace("1/hour")
    assert first.wait() == 0.0
    assert second.wait() == 0.0
