"""What an exported history says of its flow, in the judge's terms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
}
"""The last event of a flow that is over; a business outcome always completes it."""


@dataclass(frozen=True)
class Task:
    """An activity: epoch seconds; `started` and `attempt` are those of its last attempt.

    `worker` is who ran that, `known` is the progress that it was given.
    """

    name: str
    scheduled: float
    known: Mapping[str, Any]
    started: float = 0.0
    attempt: int = 0
    worker: str = ""
    ended: float = 0.0

    @property
    def order(self) -> int:
        """The step that was begun last."""
        return int(self.known["steps"][-1]["order"])


@dataclass(frozen=True)
class Told:
    """A report that the flow was told of, from outside; epoch seconds."""

    at: float
    order: int
    status: str


@dataclass(frozen=True)
class Story:
    """One flow by its history; `end` is empty while it runs.

    `failures` are the statuses on which each step may be followed by the next. `replays` is what is
    wrong with a replay by today's code, if anything.
    """

    began: float
    ended: float = 0.0
    end: str = ""
    failures: Sequence[Sequence[str]] = ()
    tasks: Sequence[Task] = ()
    told: Sequence[Told] = ()
    raw: bytes = field(default=b"", repr=False)
    replays: str = ""

    @property
    def sends(self) -> Sequence[Task]:
        """The attempts at steps, in the order in which they were begun."""
        return [task for task in self.tasks if task.name == "send_step"]

    @property
    def outcomes(self) -> Sequence[tuple[float, Mapping[str, Any]]]:
        """Every outcome that was published, and when it was reached by the flow's own clock.

        What came while the flow decided that came after it.
        """
        return [
            (datetime.fromisoformat(task.known["updatedAt"]).timestamp(), task.known["outcome"])
            for task in self.tasks
            if task.name == "publish" and task.known["outcome"]
        ]


def story(history: WorkflowHistory, replays: str = "") -> Story:
    """Read a history."""
    reader = _Reader()
    for event in history.events:
        reader.read(event)
    raw = b"".join(event.SerializeToString() for event in history.events)
    return Story(
        began=reader.began,
        ended=reader.ended,
        end=reader.end,
        failures=reader.failures,
        tasks=list(reader.tasks.values()),
        told=reader.told,
        raw=raw,
        replays=replays,
    )


@dataclass
class _Reader:
    began: float = 0.0
    ended: float = 0.0
    end: str = ""
    failures: Sequence[Sequence[str]] = ()
    tasks: dict[int, Task] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def read(self, event: HistoryEvent) -> None:
        """Take one event."""
        at = _seconds(event.event_time)
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                self.began = at
                started = event.workflow_execution_started_event_attributes
                flow = json.loads(started.input.payloads[0].data)
                self.failures = [step["failures"] for step in flow["steps"]]
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                signaled = event.workflow_execution_signaled_event_attributes
                report = json.loads(signaled.input.payloads[0].data)
                self.told.append(Told(at, report["order"], report["status"]))
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                self._scheduled(event, at)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                begun = event.activity_task_started_event_attributes
                self._change(
                    begun.scheduled_event_id,
                    started=at,
                    attempt=begun.attempt,
                    worker=begun.identity,
                )
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                completed = event.activity_task_completed_event_attributes
                self._change(completed.scheduled_event_id, ended=at)
            case kind if kind in ENDS:
                self.ended, self.end = at, ENDS[kind]

    def _scheduled(self, event: HistoryEvent, at: float) -> None:
        scheduled = event.activity_task_scheduled_event_attributes
        known: Mapping[str, Any] = {}
        if scheduled.activity_type.name in ("send_step", "publish"):
            known = json.loads(scheduled.input.payloads[1].data)
        self.tasks[event.event_id] = Task(scheduled.activity_type.name, at, known)

    def _change(self, id: int, **values: Any) -> None:
        self.tasks[id] = Task(**{**vars(self.tasks[id]), **values})


def _seconds(stamp: Timestamp) -> float:
    return stamp.ToDatetime(UTC).timestamp()
