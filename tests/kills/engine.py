"""What the engine believes that workers are at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle

from workflows.names import workflow_id


@dataclass(frozen=True)
class Task:
    """An activity of a flow, by the engine's id for it; a send is the one of step `order`."""

    flow: str
    id: str
    name: str
    order: int


@dataclass(frozen=True)
class Tasks:
    """Asks the engine about the flows of an account."""

    client: Client
    account: str

    def _handle(self, flow: str) -> WorkflowHandle[object, object]:
        return self.client.get_workflow_handle(workflow_id(self.account, flow))

    async def started(self, flow: str) -> Sequence[Task]:
        """The flow's activities that a worker took and has not ended."""
        described = await self._handle(flow).describe()
        began = [
            each
            for each in described.raw_description.pending_activities
            if each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        ]
        sends = await self._sends(flow) if began else []
        return [
            Task(flow, each.activity_id, each.activity_type.name, _place(each.activity_id, sends))
            for each in began
        ]

    async def _sends(self, flow: str) -> Sequence[str]:
        """The ids of the flow's sends: each step has one."""
        scheduled = [
            event.activity_task_scheduled_event_attributes
            async for event in self._handle(flow).fetch_history_events()
        ]
        return [each.activity_id for each in scheduled if each.activity_type.name == "send_step"]

    async def is_over(self, task: Task) -> bool:
        """Whether the engine waits for it no longer."""
        described = await self._handle(task.flow).describe()
        pending = described.raw_description.pending_activities
        return task.id not in {each.activity_id for each in pending}

    async def again(self, task: Task, moment: datetime) -> datetime | None:
        """When the activity was next begun after the moment."""
        described = await self._handle(task.flow).describe()
        for each in described.raw_description.pending_activities:
            began = each.last_started_time.ToDatetime(UTC)
            if each.activity_id == task.id and began > moment:
                return began
        scheduled: int | None = None
        async for event in self._handle(task.flow).fetch_history_events():
            if event.activity_task_scheduled_event_attributes.activity_id == task.id:
                scheduled = event.event_id
            started = event.activity_task_started_event_attributes
            if scheduled is not None and started.scheduled_event_id == scheduled:
                began = event.event_time.ToDatetime(UTC)
                return began if began > moment else None
        return None


def _place(id: str, ids: Sequence[str]) -> int:
    return ids.index(id) + 1 if id in ids else 0
