"""The stage for flows: real workflows on the real engine, their activities by a script."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from domain.flow import Flow, Publication
from domain.progress import DeliveryReport, Outcome, Progress
from domain.status import Channel, Status
from domain.wire import milliseconds
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import until
from tests.replaying import Replays
from workflows import names
from workflows.client import FlowClient
from workflows.failover import FailoverWorkflow

Says = Status | ApplicationError | None | tuple[Status, ...]
"""What a channel's provider does: reports these, fails the activity, or stays silent."""


def strict() -> WorkflowRunner:
    """The sandbox, which also refuses what the workflow imports by accident."""
    policy = workflow.SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    return SandboxedWorkflowRunner(
        restrictions=dataclasses.replace(
            SandboxRestrictions.default, import_notification_policy=policy
        )
    )


@dataclass
class Script:
    """Activities of the real names, that do what the test says and remember what they did."""

    flows: FlowClient
    says: dict[Channel, Says] = field(default_factory=dict)
    answers: dict[Channel, Status | None] = field(default_factory=dict)
    late: dict[Channel, tuple[int, Status]] = field(default_factory=dict)
    known: dict[Channel, Sequence[Status] | ApplicationError] = field(default_factory=dict)
    asked: list[Channel] = field(default_factory=list)
    receiver_is_down: Callable[[Progress], bool] = lambda _: False
    sent: list[Channel] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)
    recorded: list[Progress] = field(default_factory=list)
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    held: set[Channel] = field(default_factory=set)
    receiver_is_gone: bool = False
    retry_after: timedelta = timedelta(hours=1)

    @activity.defn
    async def send_step(self, flow: Flow, progress: Progress) -> DeliveryReport | None:
        """Report what the channel says, before the send is answered: no clock can come between."""
        step = flow.steps[progress.steps[-1].order - 1]
        self.sent.append(step.channel)
        self.attempts.append(activity.info().attempt)
        if step.channel in self.held:
            await self.holding.wait()
        if step.channel in self.late:
            order, status = self.late[step.channel]
            await self.flows.report(flow.ref(order), a_report(order, status))
        says = self.says.get(step.channel)
        if isinstance(says, ApplicationError):
            raise says
        for status in (says,) if isinstance(says, Status) else says or ():
            await self.flows.report(flow.ref(step.order), a_report(step.order, status))
        answer = self.answers.get(step.channel, Status.QUEUED)
        if answer is None:
            return None
        askable = step.channel in self.known
        return a_report(step.order, answer).model_copy(update={"askable": askable})

    @activity.defn
    async def ask(self, flow: Flow, answer: DeliveryReport) -> Sequence[DeliveryReport]:
        """What the channel's provider knows when it is asked."""
        channel = flow.steps[answer.order - 1].channel
        self.asked.append(channel)
        known = self.known[channel]
        if isinstance(known, ApplicationError):
            raise known
        return [a_report(answer.order, status) for status in known]

    @activity.defn
    async def publish(self, flow: Flow, progress: Progress, how: Publication) -> bool:
        """Take the snapshot as recorded, and as told unless the receiver is down."""
        self.recorded.append(progress)
        if how is not Publication.TOLD or flow.callback is None:
            return how is Publication.TOLD
        if self.receiver_is_down(progress):
            raise ApplicationError("down", next_retry_delay=self.retry_after)
        self.told.append(progress)
        return not self.receiver_is_gone


def a_report(order: int, status: Status) -> DeliveryReport:
    """A report that came now."""
    return DeliveryReport(order=order, status=status, at=milliseconds(activity.info().started_time))


def statuses(progress: Progress) -> list[Status | None]:
    """Where each attempted step stands."""
    return [step.status for step in progress.steps]


def delivered(flow: Flow, order: int) -> DeliveryReport:
    """The provider's good news."""
    return DeliveryReport(order=order, status=Status.DELIVERED, at=flow.created_at)


@dataclass
class Stage:
    """Where a test plays its flows."""

    client: Client
    script: Script
    flows: FlowClient
    environment: WorkflowEnvironment
    replays: Replays
    code: type = FailoverWorkflow
    """The workflow that today's code is."""
    started: list[WorkflowHandle[Any, Any]] = field(default_factory=list)

    @asynccontextmanager
    async def working(self, code: type | None = None, **options: Any) -> AsyncIterator[None]:
        """Workers for all queues, for as long as the block lasts; `code` is the workflow."""
        async with AsyncExitStack() as stack:
            for worker in self._workers(code or self.code, options):
                await stack.enter_async_context(worker)
            yield

    def _workers(self, code: type, options: dict[str, Any]) -> Iterable[Worker]:
        common: dict[str, Any] = {"graceful_shutdown_timeout": timedelta(seconds=5)}
        yield Worker(
            self.client,
            task_queue=names.FLOWS,
            workflows=[code],
            workflow_runner=strict(),
            **common,
            **options,
        )
        yield Worker(
            self.client,
            task_queue=names.SENDS,
            activities=[self.script.send_step, self.script.ask],
            **common,
        )
        yield Worker(
            self.client,
            task_queue=names.PUBLISH,
            activities=[self.script.publish],
            **common,
        )

    async def start(self, flow: Flow) -> WorkflowHandle[Any, Any]:
        """Start the flow as the API does."""
        await self.flows.start(flow, ["+306900000101"])
        handle = self.handle(flow)
        self.started.append(handle)
        return handle

    async def start_in_plain_time(self, flow: Flow) -> WorkflowHandle[Any, Any]:
        """Start the flow; its clock stands unless `pass_time` moves it."""
        with self.environment.with_time_skipping_disabled():
            return await self.start(flow)

    async def pass_time(self, flow: Flow, time: timedelta) -> None:
        """Move the flow's clock once nothing is under way."""
        await until(lambda: self._is_idle(flow))
        await self.environment.fast_forward(self.handle(flow), time)

    async def _is_idle(self, flow: Flow) -> bool:
        raw = (await self.handle(flow).describe()).raw_description
        return not raw.pending_activities and not raw.HasField("pending_workflow_task")

    async def send_is_answered(self, flow: Flow, order: int) -> None:
        """Wait until the step was sent and nothing is under way."""
        await until(lambda: len(self.script.sent) == order)
        await until(lambda: self._is_idle(flow))

    def handle(self, flow: Flow) -> WorkflowHandle[Any, Any]:
        """The flow's handle."""
        return self.client.get_workflow_handle(
            names.workflow_id(flow.account, flow.tracking_id), result_type=Outcome
        )

    async def play(self, flow: Flow) -> Outcome:
        """The flow's outcome, workers and all."""
        async with self.working():
            handle = await self.start(flow)
            outcome: Outcome = await asyncio.wait_for(handle.result(), 60)
            return outcome

    async def attributes(self, flow: Flow) -> TypedSearchAttributes:
        """What ops search the flow by."""
        return (await self.handle(flow).describe()).typed_search_attributes

    async def leave(self) -> None:
        """Replay what the test played, and end what it left open."""
        for handle in self.started:
            await self.replays.one(await handle.fetch_history(), self.code, strict())
            with suppress(RPCError):
                await handle.terminate("the test is over")


@pytest.fixture
async def stage(
    environment: WorkflowEnvironment, sealer: Sealer, keys: Keyring, replays: Replays
) -> AsyncIterator[Stage]:
    """A stage on which idle time is skipped."""
    flows = FlowClient(environment.client, sealer, keys)
    stage = Stage(environment.client, Script(flows), flows, environment, replays)
    yield stage
    await stage.leave()


@pytest.fixture
async def plain_stage(
    environment: WorkflowEnvironment,
    plain: Client,
    sealer: Sealer,
    keys: Keyring,
    replays: Replays,
) -> AsyncIterator[Stage]:
    """A stage on which time passes as it does."""
    flows = FlowClient(plain, sealer, keys)
    stage = Stage(plain, Script(flows), flows, environment, replays)
    yield stage
    await stage.leave()
