"""Flows that nobody runs any more, and the command that ends them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from domain.flow import Flow
from domain.progress import DeliveryReport, FlowStatus, Outcome, Progress
from domain.status import Channel
from egress.deliver import Deliverer
from storage.seal import Sealer
from tests.egress.reaching import LOOPBACK
from tests.samples import NUMBER, a_flow, sms, viber
from tests.sandbox.bench import Receiver, Report
from tests.telling import publishing
from tests.workflows.conftest import strict
from tracking.callbacks import CallbackRecords
from tracking.outbox import State
from tracking.records import Tracking
from tracking.unfinished import Recorded, is_unfinished
from workflows import names
from workflows.client import FlowClient
from workflows.failover import FailoverWorkflow
from workflows.repair import Gone, Mended, Repair

FAILED = Outcome(status=FlowStatus.FAILED, code="0", channel=Channel.VIBER)


@dataclass(frozen=True)
class Ward:
    """An engine, a record and a receiver; flows whose steps nobody sends."""

    client: Client
    tracking: Tracking
    flows: FlowClient
    repair: Repair
    receiver: Receiver
    sealer: Sealer
    database: AsyncEngine

    async def started(self, *happened: DeliveryReport, **members: Any) -> Flow:
        """A flow that runs, on record up to its first step."""
        flow = self.flow(**members)
        sealed = (await self.flows.start(flow, [NUMBER])).flow
        await self.record(sealed, *happened)
        return sealed

    def flow(self, **members: Any) -> Flow:
        """Viber, then Sms; its client listens at a path of its own."""
        url = f"{self.receiver.origin}/{uuid4()}"
        return a_flow(viber(), sms(), url=url).model_copy(update=members)

    async def record(self, flow: Flow, *happened: DeliveryReport) -> None:
        """Write where it stands: its first step begun, then these reports."""
        progress = Progress.of(flow).begun(flow.steps[0], flow.created_at)
        for each in happened:
            progress = progress.after(flow, each)
        await self.tracking.record(flow, progress)

    def handle(self, flow: Flow) -> WorkflowHandle[Any, Any]:
        """Its workflow."""
        return self.client.get_workflow_handle(names.workflow_id(flow.account, flow.tracking_id))

    async def gone(self) -> Sequence[Gone]:
        """What does not run, of all that was recorded until now."""
        return await self.repair.gone(
            await self.repair.suspects(datetime.now(UTC) + timedelta(seconds=1))
        )

    async def mend(self) -> int:
        """All of the repair; returns for how many flows it did something."""
        done = [await self.repair.end(each) for each in await self.gone()]
        return len(done) - done.count(Mended.NOTHING)

    async def progress(self, flow: Flow) -> Progress:
        """What tracking says."""
        tracked = await self.tracking.find(flow.account, flow.tracking_id)
        assert tracked is not None
        return tracked.progress

    async def is_closed(self, flow: Flow) -> bool:
        """Whether the row has its end."""
        recorded = Recorded(flow.account, flow.tracking_id, flow.created_at)
        return not await is_unfinished(self.repair._engine, recorded)

    def path(self, flow: Flow) -> str:
        """Where its client listens."""
        url = self.sealer.callback_url(flow)
        assert url is not None
        return url.removeprefix(self.receiver.origin)

    def told(self, flow: Flow) -> list[Report]:
        """The callbacks that its client got."""
        return self.receiver.got(self.path(flow))

    async def waits(self, flow: Flow, so: bool = True) -> bool:
        """Whether one of its callbacks waits after an attempt, or none does."""
        kept = await CallbackRecords(self.database, self.sealer).of_flow("acme", flow.tracking_id)
        if so:
            return any(each.attempts and each.state is State.WAITING for each in kept)
        return all(each.state is State.DELIVERED for each in kept)

    async def published(self, flow: Flow) -> None:
        """Wait until the repair's activity is done."""
        activity = self.client.get_activity_handle(names.repair_id(flow.account, flow.tracking_id))
        await asyncio.wait_for(activity.result(), 60)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        """A worker for callbacks, for as long as the block lasts."""
        async with Deliverer(LOOPBACK, deadline=2) as deliverer:
            callbacks, letters = publishing(self.database, self.sealer, deliverer)
            activities: list[Callable[..., Any]] = [callbacks.publish, letters.replay]
            async with Worker(self.client, task_queue=names.PUBLISH, activities=activities):
                yield

    def deciding(self) -> Worker:
        """A worker for workflows."""
        return Worker(
            self.client,
            task_queue=names.FLOWS,
            workflows=[FailoverWorkflow],
            workflow_runner=strict(),
        )
