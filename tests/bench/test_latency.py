"""From the report to the next request, by what the provider noted."""

import pytest

from bench import latency
from bench.outside import Marks


def test_a_time_is_from_the_first_steps_report_to_the_first_request_for_the_second() -> None:
    """Neither the first step's own request nor a repeated one counts."""
    marks = Marks(
        requests=[("a.1", 1.0), ("b.1", 1.5), ("a.2", 2.5), ("b.2", 2.6), ("a.2", 9.0)],
        reports=[("a.1", 2.0, 2.1), ("b.1", 2.5, 2.7), ("a.2", 3.0, 3.1)],
    )
    assert latency.times(marks) == pytest.approx([0.5, 0.1])


def test_goals_are_of_all_rounds_percentiles() -> None:
    """A round has too few flows for a 99th percentile of its own."""
    ours = [[0.010] * 99 + [0.1], [0.010] * 100]
    bare = [[0.010] * 100, [0.008] * 100]
    middle, late = latency.say({"ours": ours, "bare": bare}).goals
    assert middle.middle == pytest.approx(10 / 9)
    assert middle.is_met
    assert late.middle == pytest.approx(1.0, abs=0.1)


def test_a_flow_that_was_not_asked_for_again_is_an_error() -> None:
    """It would be missing from the times."""
    with pytest.raises(KeyError):
        latency.times(Marks(requests=[("a.1", 1.0)], reports=[("a.1", 2.0, 2.1)]))
