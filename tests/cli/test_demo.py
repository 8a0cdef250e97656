"""The demonstration's judgement: it must find what went wrong."""

from typing import Any

import pytest

from cli.board import Run
from cli.sink import Sink
from cli.stories import STORIES, Story

FLOW = "f7e55f55-a0c1-4e6c-9d5e-3a3f0a3f7c11"
STORY = Story("t", (), ("Viber UNDELIVERED", "Sms Delivered"), "Succeeded")
LOST = Story("t", (), ("Sms Undelivered",), "Failed", "2")


def _ended(
    story: Story, *ends: str, status: str, code: str | None = None, price: float = 0.0
) -> list[str]:
    messages = [
        {"type": channel, "status": {"name": name}} for channel, name in map(str.split, ends)
    ]
    view: dict[str, Any] = {"status": status, "messages": messages, "totalPrice": price}
    run = Run(story, FLOW, 0.0, view | ({"statusCode": code} if code else {}))
    run.judge()
    return run.faults


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_story_that_ended_as_told_has_no_faults(story: Story) -> None:
    """Each of the demonstration's own."""
    found = _ended(story, *story.ends, status=story.status, code=story.code, price=story.price)
    assert found == []


def test_a_story_that_was_charged_otherwise_has_a_fault() -> None:
    """A refund forgotten, a step charged twice."""
    assert _ended(STORY, *STORY.ends, status="Succeeded", price=0.05) == [
        "0.05 was charged, not 0.0"
    ]


def test_seen_counts_as_delivered() -> None:
    """The message was read before anybody looked."""
    story = Story("t", (), ("Viber DELIVERED",), "Succeeded")
    assert _ended(story, "Viber SEEN", status="Succeeded") == []


@pytest.mark.parametrize(
    ("story", "ends", "status", "code", "fault"),
    [
        (STORY, STORY.ends[:1], "Succeeded", None, "steps ended Viber UNDELIVERED"),
        (STORY, (), "Succeeded", None, "steps ended nowhere"),
        (STORY, (*STORY.ends, "Voice Busy"), "Succeeded", None, "steps ended Viber UNDELIVERED,"),
        (STORY, STORY.ends[::-1], "Succeeded", None, "steps ended Sms Delivered, Viber"),
        (STORY, STORY.ends, "InProgress", None, "flow ended InProgress with statusCode None"),
        (STORY, STORY.ends, "Succeeded", "0", "flow ended Succeeded with statusCode 0"),
        (LOST, LOST.ends, "Failed", None, "flow ended Failed with statusCode None"),
        (LOST, LOST.ends, "Failed", "3", "flow ended Failed with statusCode 3"),
    ],
)
def test_a_story_that_ended_otherwise_has_a_fault(
    story: Story, ends: tuple[str, ...], status: str, code: str | None, fault: str
) -> None:
    """A step missing, added or out of order; another status; another code; exactly one fault."""
    found = _ended(story, *ends, status=status, code=code)
    assert len(found) == 1
    assert found[0].startswith(fault)


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([(1, "InProgress"), (3, "Succeeded")], None),
        ([(3, "Succeeded")], None),
        ([], "0 terminal callbacks"),
        ([(1, "InProgress")], "0 terminal callbacks"),
        ([(2, "Succeeded"), (3, "Succeeded")], "2 terminal callbacks"),
        ([(1, "Succeeded"), (2, "InProgress")], "1 terminal callbacks instead of one at the end"),
        ([(2, "InProgress"), (1, "Succeeded")], "callbacks out of order: [2, 1]"),
        ([(1, "InProgress"), (1, "InProgress"), (2, "Succeeded")], "callbacks out of order"),
        ([(1, "Failed")], "the last callback says Failed, not Succeeded"),
    ],
)
def test_callbacks_must_come_in_order_with_one_final_at_the_end(
    told: list[tuple[int, str]], fault: str | None
) -> None:
    """None missing, none twice, none after the last, and the last says what tracking says."""
    callbacks = [{"sequence": sequence, "status": status} for sequence, status in told]
    found = Sink(0, {FLOW: callbacks} if callbacks else {}).faults(FLOW, "Succeeded")
    assert len(found) == (fault is not None)
    assert fault is None or found[0].startswith(fault)
