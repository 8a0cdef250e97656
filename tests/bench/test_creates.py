"""What rounds of creates say."""

from bench import creates
from bench.bench import Measured
from bench.cpu import Used
from bench.outside import Loaded


def _round(seconds: float) -> Measured:
    ids = [str(place) for place in range(100)]
    loaded = Loaded(seconds=seconds, accepted=[0.02] * 100, ids=ids)
    return Measured(loaded, Used({"API": 0.4}, waiting=0.0, others=0.0, stolen=0.0))


def test_one_process_is_judged_by_the_loop_of_the_same_round() -> None:
    """For each number of clients by itself: a loop alone is quick where many ask at once."""
    rounds = {
        1: {creates.LOOP: [_round(1.0), _round(4.0)], creates.ONE: [_round(1.0), _round(5.0)]},
        8: {creates.LOOP: [_round(1.0), _round(1.0)], creates.ONE: [_round(2.0), _round(2.0)]},
    }
    found = creates.say(rounds, [])
    one, eight = found.goals
    assert list(one.found) == [1.0, 0.8]
    assert one.is_met
    assert not eight.is_met
    assert [each.title for each in found.tables] == ["1 client at a time", "8 clients at a time"]
    name, pace, share, *times = found.tables[1].rows[1]
    assert (name, pace, share) == (creates.ONE, "50 (50 to 50)", "0.50 (0.50 to 0.50)")
    assert times == ["20.0", "20.0", "4.0 (4.0 to 4.0)"]
