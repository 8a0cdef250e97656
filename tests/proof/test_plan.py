"""The plan: the same from the same seed, and nothing left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.scripts import ROWS
from tests.proof.plan import SILENT_CALLS, FlowPlan, Round, drawn


@dataclass(frozen=True)
class Kind:
    """A fault, as the plan sees it."""

    name: str
    once: bool = False
    calls: bool = True


KINDS = [Kind("a"), Kind("b"), Kind("c", calls=False), Kind("d", once=True)]


@settings(deadline=None)
@given(seed=st.text(max_size=8), rounds=st.integers(1, 40))
def test_a_seed_plays_the_same_again(seed: str, rounds: int) -> None:
    """Who finds a breach can look at it once more."""
    assert drawn(seed, rounds, KINDS) == drawn(seed, rounds, KINDS)


@settings(deadline=None)
@given(seed=st.text(max_size=8))
def test_each_kind_has_its_turn_before_any_has_its_next(seed: str) -> None:
    """A short run leaves nothing out that a long one has."""
    names = [each.fault for each in drawn(seed, 10, KINDS)]
    assert sorted(names[:4]) == ["a", "b", "c", "d"]
    assert Counter(names) == {"a": 3, "b": 3, "c": 3, "d": 1}


@settings(deadline=None)
@given(seed=st.text(max_size=8))
def test_nobody_is_called_while_something_becomes_uncertain(seed: str) -> None:
    """A call that nobody reports on is over after a quarter of an hour only."""
    for each in drawn(seed, 12, KINDS):
        for flow in each.flows:
            called = "Voice" in flow.channels
            assert not (called and each.fault == "c")
            assert not (called and flow.digits in SILENT_CALLS)
    assert not _called(drawn(seed, 12, KINDS, calls=False))
    assert _called(drawn(seed, 12, KINDS))


def _called(rounds: Sequence[Round]) -> bool:
    return any("Voice" in flow.channels for each in rounds for flow in each.flows)


def test_all_scripts_of_the_provider_are_played() -> None:
    """Each is a way in which a provider may behave."""
    digits = {flow.digits for each in drawn("seed", 60, KINDS) for flow in each.flows}
    assert digits == set(ROWS)


def test_a_plan_is_read_as_it_was_written() -> None:
    """The ledger holds it as JSON."""
    flows = [flow for each in drawn("seed", 10, KINDS) for flow in each.flows]
    assert [FlowPlan.read(flow.written()) for flow in flows] == flows


def test_places_are_one_flows_each() -> None:
    """What a receiver notes is told apart by them, baits included."""
    rounds = drawn("seed", 20, KINDS)
    places = [flow.place for each in rounds for flow in each.flows]
    places += [each.bait(number, "0101").place for each in rounds for number in range(40)]
    assert len(places) == len(set(places))
