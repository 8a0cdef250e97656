"""What rounds say: a flow's cost, and ratios of rounds that ran side by side."""

import pytest

from bench import flows
from bench.bars import drawn
from bench.bench import Measured
from bench.cpu import Used
from bench.outside import Loaded


def _round(seconds: float, **roles: float) -> Measured:
    loaded = Loaded(seconds=seconds, accepted=[0.01] * 100, ended=[0.5] * 100)
    return Measured(loaded, Used(roles, waiting=0.0, others=0.0, stolen=0.0))


ROUNDS = {
    "ours": [_round(10.0, API=0.8, worker=1.6, engine=5.0), _round(20.0, API=0.8, worker=1.6)],
    "bare": [_round(8.0, API=0.4, worker=1.2, engine=5.0), _round(20.0, API=0.4, worker=1.2)],
    "DBOS, 1 process": [
        _round(10.0, **{"API and worker": 3.0}),
        _round(10.0, **{"API and worker": 3.0}),
    ],
}


def test_pace_and_cost_are_of_a_flow() -> None:
    """Seconds and CPU seconds of a hundred flows."""
    first = ROUNDS["ours"][0]
    assert flows.pace(first) == 10.0
    assert flows.cost(first) == pytest.approx(74.0)
    assert flows.cost(first, ["API", "worker"]) == pytest.approx(24.0)


def test_ratios_are_of_the_same_round() -> None:
    """Both of a round met the same disturbances: here the second was twice as slow for both."""
    pace, added, cost, parity = flows.found(ROUNDS, 50, []).goals
    assert list(pace.found) == [0.8, 1.0]
    assert pace.is_met
    assert list(added.found) == pytest.approx([8.0, 8.0])
    assert added.is_met
    assert list(cost.found) == pytest.approx([0.8, 0.8])
    assert list(parity.found) == [1.0, 0.5]
    assert not parity.is_met


def test_the_picture_has_a_bar_for_each_and_each_role_a_colour_of_its_own() -> None:
    """Two roles of one colour could not be told apart."""
    bars = flows.found(ROUNDS, 50, []).bars
    assert bars is not None
    picture = drawn(bars)
    fills = {
        role: picture.split(f">{role}</text>")[0].rpartition('fill="')[2].partition('"')[0]
        for role in ("API", "worker", "engine", "API and worker")
    }
    assert len(set(fills.values())) == len(fills)
    for name in ROUNDS:
        assert f">{name}</text>" in picture
