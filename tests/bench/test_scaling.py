"""What a rate of flows needs, reckoned from what one costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import scaling
from tests.processes import ROOT

DOCUMENT = ROOT / "docs" / "scaling.md"
KNOWN = {
    "API CPU, ms": 6.0,
    "worker CPU, ms": 12.0,
    "engine CPU, ms": 30.0,
    "PostgreSQL CPU, ms": 12.0,
    "worker memory asleep, KB": 70.0,
    "engine memory asleep, KB": 160.0,
    "events": 24.0,
    "actions": 6.0,
    "our tables, bytes": 5_000.0,
    "engine's tables, bytes": 20_000.0,
    "write-ahead log, bytes": 40_000.0,
    "transactions": 25.0,
}


def test_the_document_says_what_its_figures_come_to() -> None:
    """Whoever corrects a figure must not forget the table below it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert scaling.updated(text) == text


def test_figures_are_read_from_the_first_table() -> None:
    """By their names, without the commas of thousands."""
    document = "| what | a flow |\n|---|---:|\n" + "".join(
        f"| {name} | {value:,.0f} | measured |\n" for name, value in KNOWN.items()
    )
    assert scaling.figures(document) == KNOWN


def test_processes_are_as_many_as_their_cpu_takes_and_two_at_least() -> None:
    """A core each, busy for 60 % of the time; one may die."""
    assert scaling.processes(10, 12.0) == 2
    assert scaling.processes(1000, 12.0) == 20
    assert scaling.processes(1000, 12.1) == 21


def test_workers_are_as_many_as_keep_the_flows_under_way() -> None:
    """Cheap flows that sleep long take workers for their memory."""
    needs = scaling.rows(1000, KNOWN | {"worker CPU, ms": 0.1})
    assert needs["flows under way"] == 60_000
    assert needs["worker processes"] == 12


@given(st.floats(min_value=1, max_value=20_000), st.floats(min_value=1, max_value=200))
def test_history_shards_are_a_power_of_two_that_is_large_enough(
    rate: float, transactions: float
) -> None:
    """Their number can never be changed: less than wanted would be for good."""
    found = scaling.shards(rate, {"transactions": transactions})
    assert found >= 512
    assert found & (found - 1) == 0
    assert rate * transactions / found <= scaling.SHARD * 1.001


def test_a_missing_figure_is_an_error() -> None:
    """A table with a zero in it would look cheap."""
    with pytest.raises(KeyError):
        scaling.table({"API CPU, ms": 9.0})
