"""Flows and their steps: I1, I3, I7, I9."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.scripts import ROWS
from tests.proof.evidence import Records
from tests.proof.invariants.finding import Finding
from tests.proof.ledger import Entry
from tests.proof.stories import Story, Task

OVER = ("Succeeded", "Failed")
GOOD = ("delivered", "seen", "completed")
"""A provider's words for success."""

GRACE = 90.0
"""Seconds beyond its ttls, and beyond what was away meanwhile, that a flow may take to end."""


def every_flow_ends(records: Records) -> Finding:
    """Every accepted flow reaches exactly one final status, in time."""
    return Finding.of(
        len(records.accepted),
        (
            f"{flow} ({entry.plan.digits}): {wrong}"
            for flow, entry in records.accepted.items()
            for wrong in _end(records, flow, entry)
        ),
    )


def _end(records: Records, flow: str, entry: Entry) -> Iterator[str]:
    story = records.stories.get(flow)
    if story is None:
        yield "the engine has no history of it"
        return
    if story.end != "completed":
        yield f"its workflow {story.end or 'still runs'}"
    status = records.shown.get(flow, {}).get("status")
    if status not in OVER:
        yield f"it stands at {status}"
    ends = {outcome["status"] for _, outcome in story.outcomes}
    if len(ends) > 1 or (ends and status not in ends):
        yield f"it ended as {' and '.join(sorted(ends))}, and tracking says {status}"
    if story.outcomes:
        late = story.outcomes[0][0] - story.began - entry.plan.ttls - _away(records, story) - GRACE
        if late > 0:
            yield f"it ended {late:.0f} s late"


def _away(records: Records, story: Story) -> float:
    """Seconds during which something was held, locked or gone while the flow ran, or clocks off."""
    return sum(
        strike.ended - strike.began + strike.skew
        for strike in records.strikes
        if strike.ended > story.began and strike.began < (story.ended or strike.ended)
    )


def steps_follow_each_other(records: Records) -> Finding:
    """Steps begin in order, each only after a listed failure of those before, none after an end."""
    return Finding.of(
        sum(len(story.sends) for story in records.stories.values()),
        (
            f"{flow}: {wrong}"
            for flow, story in records.stories.items()
            for wrong in (*_order(story), *_asked(records, flow, story))
        ),
    )


def _order(story: Story) -> Iterator[str]:
    orders = [task.order for task in story.sends]
    if orders != list(range(1, len(orders) + 1)):
        yield f"its steps began in the order {orders}"
    for task in story.sends:
        yield from _begun(story, task)


def _begun(story: Story, task: Task) -> Iterator[str]:
    if task.known["outcome"]:
        yield f"step {task.order} began after the flow's end"
    earlier: Sequence[Mapping[str, Any]] = task.known["steps"][:-1]
    for step in earlier:
        if step["status"] not in story.failures[step["order"] - 1]:
            yield f"step {task.order} began when step {step['order']} was {step['status']}"


def _asked(records: Records, flow: str, story: Story) -> Iterator[str]:
    """By the provider's word: it was asked for begun steps only, and in their order."""
    begun = len(story.sends)
    firsts = [
        requests[0].at
        for order in range(1, begun + 1)
        if (requests := records.requests.get(f"{flow}.{order}"))
    ]
    if firsts != sorted(firsts):
        yield "the provider was asked for a later step first"
    if f"{flow}.{begun + 1}" in records.requests:
        yield f"the provider was asked for step {begun + 1}, which was never begun"


def reports_count(records: Records) -> Finding:
    """A success that was taken in time is the flow's end, and there is no other success."""
    return Finding.of(
        sum(len(reports) for reports in records.reports.values()),
        (
            f"{flow} ({entry.plan.digits}): {wrong}"
            for flow, entry in records.accepted.items()
            for wrong in _counted(records, flow, entry)
        ),
    )


def _counted(records: Records, flow: str, entry: Entry) -> Iterator[str]:
    status = records.shown.get(flow, {}).get("status")
    story = records.stories.get(flow)
    can = any(_can_succeed(entry.plan.digits, channel) for channel in entry.plan.channels)
    if status == "Succeeded" and not can:
        yield "it succeeded, and nothing was ever delivered"
    if story is None or not story.outcomes:
        return
    end = story.outcomes[0][0]
    for order in range(1, len(entry.plan.channels) + 1):
        for report in records.reports.get(f"{flow}.{order}", ()):
            taken = report.settled and report.answered < end
            if taken and report.status in GOOD and status == "Failed":
                yield f"step {order} was {report.status}, which was taken, and it failed"


def _can_succeed(digits: str, channel: str) -> bool:
    lines = ROWS[digits].scripts[channel].lines  # type: ignore[index]  # one of three words
    return any(line.status in GOOD for line in lines)


def histories_replay(records: Records) -> Finding:
    """Today's code does over every history what it did."""
    return Finding.of(
        len(records.stories),
        (f"{flow}: {story.replays}" for flow, story in records.stories.items() if story.replays),
    )
