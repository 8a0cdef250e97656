"""How the benchmark of dead receivers goes about it, and what it makes of its times."""

import random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import curves, verdict
from bench.isolation import (
    BESIDE_DEAD,
    BESIDE_HEALTHY,
    TO_DEAD,
    TO_HEALTHY,
    TO_NONE,
    Found,
    Plan,
    Rounds,
    in_turn,
    rounds,
)
from bench.spread import halves, interval, percentile, ratio


@given(st.integers(min_value=8, max_value=20_000))
def test_rounds_have_all_flows_between_them(flows: int) -> None:
    """And are even in number, or one side would go first more often than the other."""
    found = rounds(flows)
    assert sum(found) == flows
    assert len(found) % 2 == 0
    assert max(found) - min(found) <= 1


async def test_sides_take_turns_back_and_forth() -> None:
    """What drifts over a run then meets both alike."""
    asked: list[str] = []

    async def side(name: str, flows: int) -> list[float]:
        asked.append(name)
        return [float(flows)]

    async def one(flows: int) -> list[float]:
        return await side("A", flows)

    async def other(flows: int) -> list[float]:
        return await side("B", flows)

    found = await in_turn({"A": one, "B": other}, [1, 2, 3, 4])
    assert "".join(asked) == "ABBAABBA"
    assert found == {"A": [[1.0], [2.0], [3.0], [4.0]], "B": [[1.0], [2.0], [3.0], [4.0]]}


def test_halves_meet_each_place_in_the_order_as_often() -> None:
    """Of A B B A A B B A the halves of A are its first and fourth round, and the others."""
    rounds: Rounds = [[0.0], [1.0], [2.0], [3.0]]
    assert halves(rounds) == ([[0.0], [3.0]], [[1.0], [2.0]])


def test_a_percentile_is_the_time_that_so_many_stay_within() -> None:
    """Of 0 to 100 it is its own number."""
    assert percentile([float(each) for each in range(101)], 99) == 99.0


def _rounds(scale: float) -> Rounds:
    chance = random.Random(7)  # noqa: S311  the same numbers every time
    return [[scale * chance.lognormvariate(-3, 0.5) for _ in range(50)] for _ in range(4)]


def test_a_ratio_is_of_the_same_percentile() -> None:
    """Twice as long is twice, and lies in its interval."""
    assert ratio(_rounds(2), _rounds(1), 99) == pytest.approx(2)
    least, most = interval(_rounds(2), _rounds(1), 99)
    assert least <= 2 <= most


def _found(slower: float) -> Found:
    return Found(
        receipts={BESIDE_DEAD: _rounds(slower), BESIDE_HEALTHY: _rounds(1)},
        before={BESIDE_DEAD: _rounds(1)[:1], BESIDE_HEALTHY: _rounds(1)[:1]},
        failovers={TO_NONE: _rounds(1), TO_HEALTHY: _rounds(1), TO_DEAD: _rounds(slower)},
    )


@pytest.mark.parametrize(
    ("slower", "missed"), [(1.0, 0), (1.15, 2), (1.25, 3)], ids=["alike", "a bit", "more"]
)
def test_a_missed_goal_is_said_plainly(slower: float, missed: int) -> None:
    """One goal is for receipts, two are for failing over, which may be slowed down less."""
    text = verdict.document(_found(slower), Plan(200, 100, 5.0, 2.5), "a machine", "isolation.svg")
    assert text.count("**missed**") == missed
    assert text.count(f"{slower:.2f} times that without") == 3


def test_the_picture_has_a_curve_for_each_side() -> None:
    """And is XML, even of times that are all alike or none at all."""
    still: Rounds = [[0.0] * 50] * 4
    sides = {TO_NONE: still, TO_HEALTHY: still, TO_DEAD: still}
    for found in (_found(1), Found(receipts=_found(1).receipts, failovers=sides)):
        picture = ElementTree.fromstring(curves.drawn(found))  # noqa: S314  our own
        assert len(list(picture.iter("{http://www.w3.org/2000/svg}polyline"))) == 5
