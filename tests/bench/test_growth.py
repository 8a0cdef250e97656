"""What rounds with ever fuller tables say."""

from bench import growth
from bench.bench import Measured
from bench.cpu import Used
from bench.growth import Round
from bench.outside import Loaded


def _load(seconds: float, accepted: float) -> Measured:
    loaded = Loaded(seconds=seconds, accepted=[accepted] * 100, ended=[0.5] * 100)
    return Measured(loaded, Used({"API": 1.0, "worker": 3.0}, 0.0, 0.0, 0.0))


def _round(seconds: float, accepted: float) -> Round:
    return Round(busy=_load(seconds, 0.1), quiet=_load(50.0, accepted))


def test_fuller_tables_are_judged_by_empty_ones_of_the_same_round() -> None:
    """Or what the machine does meanwhile would look like growth."""
    rounds = {
        0: [_round(10.0, 0.010), _round(20.0, 0.010)],
        1000: [_round(10.0, 0.010), _round(21.0, 0.010)],
        9000: [_round(20.0, 0.012), _round(40.0, 0.012)],
    }
    found = growth.say(rounds)
    assert [goal.is_met for goal in found.goals] == [True, True, False, False]
    assert [row[0] for row in found.tables[0].rows] == ["0", "1,000", "9,000"]
    assert found.tables[0].rows[0][2] == "40.0"
