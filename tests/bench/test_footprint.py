"""Bytes a flow, of tables and in all."""

from bench import footprint
from bench.footprint import Work


def test_small_tables_are_in_the_sum_alone() -> None:
    """The engine has forty tables, of which a flow grows a handful."""
    sizes = {"failover.flows": 2000.0, "failover.parts": 1.0, "temporal.history_node": 9000.0}
    [table] = footprint.say({"one step": sizes}, {}, 100).tables
    assert list(table.rows) == [
        ("**failover**", "**2,001**"),
        ("failover.flows", "2,000"),
        ("**temporal**", "**9,000**"),
        ("temporal.history_node", "9,000"),
    ]


def test_what_postgresql_did_is_shown_where_it_was_below_the_engine() -> None:
    """On SQLite there is nothing to show."""
    tables = footprint.say({"one step": {}}, {"one step": Work(36_400.4, 21.6)}, 100).tables
    assert list(tables[1].rows) == [
        ("write-ahead log, bytes", "36,400"),
        ("transactions", "22"),
    ]


def test_what_an_idle_engine_does_is_not_a_flows() -> None:
    """Its services poll their queues all the time."""
    before, after = Work(1000.0, 50.0, at=10.0), Work(41_000.0, 350.0, at=20.0)
    assert footprint.per_flow(before, after, Work(1000.0, 10.0), 10) == Work(3000.0, 20.0)
