"""What people read of a run: the report, and the picture of one killed flow."""

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

from tests.proof import timeline
from tests.proof.evidence import Records
from tests.proof.examples import FLOW, records
from tests.proof.figures import kinds, totals
from tests.proof.hands import Task
from tests.proof.invariants import judged
from tests.proof.report import Setting, written

SETTING = Setting("4f2a", 1, "development server", "SQLite", "a machine", 2.0, "the command")


def test_it_says_what_was_played_and_what_came_of_it() -> None:
    """Without a look at anything else."""
    runs = [_with_victim()]
    report = written(SETTING, runs, judged(runs), "images/faults.svg")
    assert "| **lost flows** | 0 |" in report
    assert "| worker killed: answer on its way | 1 | 1 | 1 | 3.4 | – | 1.5 |" in report
    assert "| I10 |" in report
    assert "the command" in report
    assert "(images/faults.svg)" in report


def test_a_breach_is_written_out() -> None:
    """It is what the reader must see."""
    runs = [replace(records(), shown={})]
    report = written(SETTING, runs, judged(runs))
    assert f"{FLOW} was accepted, and nobody knows it" in report
    assert "| **lost flows** | 1 |" in report


def test_totals_count_what_is_missing() -> None:
    """The three numbers that must be nothing."""
    right = records()
    untold = replace(right, receipts={})
    twice = replace(right.requests[f"{FLOW}.2"][0], attempt=2)
    sent_twice = {**right.requests, f"{FLOW}.2": [*right.requests[f"{FLOW}.2"], twice]}
    assert _count([untold], "**missing terminal callbacks**") == 1
    assert _count([replace(right, requests=sent_twice)], "**second sends**") == 1
    assert _count([right], "**second sends**") == 0


def test_only_what_a_dead_worker_was_at_is_taken_over() -> None:
    """Other sends have their second attempts for other reasons."""
    assert kinds([records()])[0].resent is None
    assert round(kinds([_with_victim()])[0].resent or 0, 1) == 3.4


def test_the_picture_shows_the_kill_and_what_followed() -> None:
    """It is well-formed, and has all lanes."""
    killed = timeline.chosen([_with_victim()])
    assert killed is not None
    drawn = timeline.drawn(killed)
    texts = [each.text for each in ElementTree.fromstring(drawn).iter() if each.text]  # noqa: S314
    assert {"kill -9", "started again", "3.4 s until the next attempt"} <= set(texts)
    assert {"client", "API", "engine", "worker a", "worker b", "provider", "receiver"} <= set(texts)


def test_there_is_no_picture_where_nobody_was_killed() -> None:
    """Nor an empty one."""
    assert timeline.chosen([records()]) is None


def _with_victim() -> Records:
    right = records()
    strike = replace(right.strikes[0], in_hand=[Task(FLOW, "send_step")])
    return replace(right, strikes=[strike])


def _count(runs: Sequence[Records], what: str) -> int:
    return next(each.count for each in totals(runs) if each.what == what)
