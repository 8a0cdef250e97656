"""What expiries and bursts say."""

import pytest

from bench import ttl
from bench.ttl import KEPT, Drained, Expiry, Grown


def test_lateness_counts_from_the_moment_that_a_timer_was_due() -> None:
    """Of each round its own: the goal holds if most of them are in time."""
    on_time = [Expiry(due=100.0, fired=100.01, told=100.1)] * 50
    late = [Expiry(due=100.0, fired=100.02, told=101.0)] * 50
    expiries = {"ours": {1000: [on_time, on_time, late]}, "bare": {1000: [on_time]}}
    found = ttl.say(expiries, {}, [])
    [goal] = found.goals
    assert list(goal.found) == pytest.approx([0.1, 0.1, 1.0])
    assert goal.is_met
    name, *figures = found.tables[0].rows[0]
    assert (name, figures[:2]) == ("ours", ["1,000", "150"])
    assert figures[2:] == ["0.010", "0.020", "0.100", "1.000", "1.000"]


def test_a_burst_drains_at_the_pace_of_its_last_flow() -> None:
    """The first ones are quick in any case."""
    assert Drained("reports", [1.0, 2.0, 4.0]).rate == 0.75


def test_memory_is_of_the_flows_that_a_worker_keeps() -> None:
    """More than it keeps cost it nothing: dividing by all of them would look cheap."""
    first = Grown(before=0, flows=1000, seconds=20.0, worker=70_000_000, engine=160_000_000)
    second = Grown(before=1000, flows=9000, seconds=180.0, worker=280_000_000, engine=0)
    third = Grown(before=10_000, flows=1000, seconds=20.0, worker=0, engine=0)
    assert [first.kept, second.kept, third.kept] == [1000, KEPT - 1000, 0]
    rows = ttl.say({"ours": {}}, {"ours": [first, second, third]}, []).tables[2].rows
    assert [row[3] for row in rows] == ["70", "70", ""]
