"""What the set pieces read in a history that the judge does not."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.service import RPCError

from accounts.demonstration import ACME
from tests.proof.ledger import Entry
from tests.proof.site import Site
from workflows.names import workflow_id

OVERTAKEN = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


@dataclass(frozen=True)
class Timer:
    """One timer of a flow, in epoch seconds; it fired at 0 if it never did."""

    due: float
    fired: float


async def histories(site: Site, entries: Sequence[Entry]) -> Sequence[WorkflowHistory]:
    """What the engine has of these flows."""
    found: list[WorkflowHistory] = []
    for entry in entries:
        if entry.flow:
            handle = site.temporal.get_workflow_handle(workflow_id(ACME.account, entry.flow))
            with suppress(RPCError):
                found.append(await handle.fetch_history())
    return found


def timers(history: WorkflowHistory) -> Sequence[Timer]:
    """The flow's timers, in the order in which they were started."""
    return list(_timers(history.events))


def _timers(events: Sequence[HistoryEvent]) -> Iterator[Timer]:
    fired = {
        event.timer_fired_event_attributes.started_event_id: _seconds(event.event_time)
        for event in events
        if event.HasField("timer_fired_event_attributes")
    }
    for event in events:
        if event.HasField("timer_started_event_attributes"):
            started = event.timer_started_event_attributes
            lasts = started.start_to_fire_timeout.ToTimedelta().total_seconds()
            yield Timer(_seconds(event.event_time) + lasts, fired.get(event.event_id, 0.0))


def failed_tasks(history: WorkflowHistory) -> Sequence[str]:
    """Why tasks of the flow failed, repeated attempts left out: a bug of the workflow's code.

    But for those that the engine has done again since something happened meanwhile.
    """
    return [
        event.workflow_task_failed_event_attributes.failure.message
        for event in history.events
        if event.HasField("workflow_task_failed_event_attributes")
        and event.workflow_task_failed_event_attributes.cause != OVERTAKEN
    ]


def _seconds(stamp: Timestamp) -> float:
    return stamp.ToNanoseconds() / 1e9
