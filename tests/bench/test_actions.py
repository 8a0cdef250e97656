"""Actions of the flows whose histories are on record."""

import json
from collections import Counter
from pathlib import Path

import pytest

from bench.actions import actions

HISTORIES = Path(__file__).parent.parent / "workflows" / "histories"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("delivered", 6), ("failed_over", 8), ("failed_over_on_step", 11), ("cancelled", 6)],
)
def test_a_flows_actions_are_those_that_the_planning_reckons_with(name: str, expected: int) -> None:
    """A start, each activity, each ttl, each report or cancellation, the outcome's attributes."""
    [file, *_] = HISTORIES.rglob(f"{name}.json")
    events = json.loads(file.read_text())["events"]
    types = Counter(each["eventType"].removeprefix("EVENT_TYPE_") for each in events)
    assert actions(types) == expected
