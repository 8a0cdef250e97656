"""Recorded flows: what they cost in history events, and that today's code still replays them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.workflow import NondeterminismError

from domain.flow import Flow, Strategy
from domain.progress import DeliveryReport, Outcome
from domain.status import Channel, Status
from storage.keys import Keyring
from storage.seal import Sealer
from tests import releases
from tests.conftest import NewNamespace, until
from tests.releases import HISTORIES
from tests.replaying import OF_FLOWS, Diverged, Replays, is_begun, read, replayer, write
from tests.samples import a_flow, sms, viber
from tests.workflows.conftest import Script, Stage, strict
from workflows import names
from workflows.client import FlowClient
from workflows.failover import FailoverWorkflow

NEWEST = releases.release(releases.version())
FAILED_OVER = HISTORIES / "0.1.0" / "failed_over.json"
VIBER, SMS = Channel.VIBER, Channel.SMS

Story = Callable[[Stage], Awaitable[Flow]]


def _kept(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def _report(stage: Stage, flow: Flow, order: int, status: Status) -> None:
    await stage.send_is_answered(flow, order)
    report = DeliveryReport(order=order, status=status, at=flow.created_at)
    await stage.flows.report(flow.ref(order), report)


async def delivered(stage: Stage) -> Flow:
    """One Sms, delivered."""
    flow = a_flow(sms())
    await stage.start(flow)
    await _report(stage, flow, 1, Status.DELIVERED)
    return flow


async def failed_over(stage: Stage) -> Flow:
    """Viber is silent, the Sms is delivered."""
    flow = a_flow(viber(), sms(), ttls=[1.0, 60.0])
    await stage.start(flow)
    await _report(stage, flow, 2, Status.DELIVERED)
    return flow


async def failed_over_on_step(stage: Stage) -> Flow:
    """The same, each change told."""
    flow = a_flow(viber(), sms(), ttls=[1.0, 60.0], strategy=Strategy.ON_STEP)
    await stage.start(flow)
    await _report(stage, flow, 2, Status.DELIVERED)
    return flow


async def asked(stage: Stage) -> Flow:
    """Viber is silent, and its provider knows of the delivery when it is asked."""
    stage.script.known = {VIBER: [Status.DELIVERED]}
    flow = a_flow(viber(), sms(), ttls=[1.0, 60.0])
    await stage.start(flow)
    return flow


async def refused(stage: Stage) -> Flow:
    """Viber refuses, the Sms is undelivered."""
    stage.script.answers = {VIBER: Status.FAILED}
    flow = a_flow(viber(), sms())
    await stage.start(flow)
    await _report(stage, flow, 2, Status.UNDELIVERED)
    return flow


async def maybe_sent(stage: Stage) -> Flow:
    """Nobody knows whether Viber was sent; it is delivered while the Sms waits."""
    stage.script.says = {VIBER: ApplicationError("broken", non_retryable=True)}
    flow = a_flow(viber(), sms(), ttls=[1.0, 60.0])
    await stage.start(flow)
    await stage.send_is_answered(flow, 2)
    report = DeliveryReport(order=1, status=Status.DELIVERED, at=flow.created_at)
    await stage.flows.report(flow.ref(1), report)
    return flow


async def cancelled(stage: Stage) -> Flow:
    """Cancelled by its client."""
    flow = a_flow(sms())
    await stage.start(flow)
    await stage.send_is_answered(flow, 1)
    await stage.flows.cancel(flow.account, flow.tracking_id)
    return flow


async def cancelled_by_an_operator(stage: Stage) -> Flow:
    """Cancelled in the Temporal UI."""
    flow = a_flow(sms())
    handle = await stage.start(flow)
    await stage.send_is_answered(flow, 1)
    await handle.cancel()
    return flow


async def receiver_down(stage: Stage) -> Flow:
    """The end is recorded beside a callback that waits."""
    down = True
    stage.script.receiver_is_down = lambda _: down
    flow = a_flow(sms(), strategy=Strategy.ON_STEP)
    await stage.start(flow)
    await until(lambda: bool(stage.script.recorded))
    report = DeliveryReport(order=1, status=Status.DELIVERED, at=flow.created_at)
    await stage.flows.report(flow.ref(1), report)
    await until(lambda: any(each.outcome for each in stage.script.recorded))
    down = False
    return flow


EVENTS: dict[Story, set[int]] = {
    delivered: {24},
    failed_over: {35},
    # The expiry's callback and the Sms's send are answered in one breath, or in two.
    failed_over_on_step: {50, 53},
    asked: set(),
    refused: set(),
    maybe_sent: set(),
    cancelled: set(),
    cancelled_by_an_operator: set(),
    receiver_down: set(),
}
"""How many events each costs on a plain server, where it is always the same."""


@pytest.mark.server
@pytest.mark.parametrize("story", EVENTS, ids=lambda story: story.__name__)
async def test_a_flow_costs_the_events_that_it_must(
    story: Story, plain_stage: Stage, request: pytest.FixtureRequest
) -> None:
    """One signal, timer or upsert more would show here; with --record-histories it is kept."""
    plain_stage.script.retry_after = timedelta(seconds=1)
    async with plain_stage.working():
        flow = await story(plain_stage)
        handle = plain_stage.handle(flow)
        outcome: Outcome = await asyncio.wait_for(handle.result(), 30)
    history = await handle.fetch_history()

    assert outcome is not None
    if expected := EVENTS[story]:
        assert len(history.events) in expected
    if request.config.getoption("--record-histories"):
        path = releases.to_record(releases.version(), releases.changelog())
        write(path / f"{story.__name__}.json", history)


RECORDED = sorted(HISTORIES.glob("*/*.json"))

every_history = pytest.mark.parametrize(
    "path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}"
)


def test_every_story_was_recorded() -> None:
    """`make histories` writes one file for each, into the folder of the release that comes."""
    newest = {path.stem for path in RECORDED if path.parent.name == NEWEST}
    assert newest == {story.__name__ for story in EVENTS}


@every_history
async def test_todays_code_replays(path: Path, replays: Replays) -> None:
    """Flows of every release are in flight while we deploy."""
    await replays.one(read(path), runner=strict())


@every_history
async def test_todays_code_takes_up_a_flow_wherever_it_stands(path: Path) -> None:
    """It may be deployed, or killed, after any event."""
    whole = read(path)
    parts = [
        WorkflowHistory(whole.workflow_id, whole.events[:count])
        for count in range(1, len(whole.events))
    ]

    async def begun() -> AsyncIterator[WorkflowHistory]:
        for part in filter(is_begun, parts):
            yield part

    async with replayer().workflow_replay_iterator(begun()) as results:
        failures = [each.replay_failure async for each in results]

    assert len(failures) > len(parts) / 2
    assert set(failures) == {None}


@every_history
async def test_what_every_release_sealed_still_opens(path: Path, sealer: Sealer) -> None:
    """Their steps are sent and their callbacks told by today's code."""
    started = read(path).events[0].workflow_execution_started_event_attributes
    (flow,) = await pydantic_data_converter.decode(started.input.payloads, [Flow])
    channels = [sealer.content(flow, step.order).channel for step in flow.steps]
    assert channels == [step.channel for step in flow.steps]
    assert channels
    assert sealer.callback_url(flow) == "http://127.0.0.1:9/callbacks"


@workflow.defn(name=names.WORKFLOW)
class Sleepy(FailoverWorkflow):
    """The workflow with a timer more."""

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Sleep first."""
        await workflow.sleep(1)
        return await super().run(flow)


@workflow.defn(name=names.WORKFLOW)
class Unmarked(FailoverWorkflow):
    """The workflow without its search attributes."""

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Run as ever."""
        return await super().run(flow)

    def _mark(self, outcome: Outcome) -> None:
        pass


@pytest.mark.parametrize("changed", [Sleepy, Unmarked])
async def test_a_changed_workflow_is_caught(changed: type) -> None:
    """A command more or less does not replay."""
    with pytest.raises(NondeterminismError):
        await replayer(changed).replay_workflow(read(FAILED_OVER))


async def test_every_flow_of_a_run_is_replayed(
    new_namespace: NewNamespace,
    sealer: Sealer,
    keys: Keyring,
    environment: WorkflowEnvironment,
    tmp_path: Path,
) -> None:
    """Whoever ran it, open or over; one that today's code would run otherwise is named and kept."""
    client = await new_namespace("replayed")
    replays = Replays()
    flows = FlowClient(client, sealer, keys)
    stage = Stage(client, Script(flows), flows, environment, replays)
    async with stage.working():
        over = await delivered(stage)
        await asyncio.wait_for(stage.handle(over).result(), 30)
        is_open = await stage.start(a_flow(sms()))
        await until(lambda: len(stage.script.sent) == 2)

    async def are_listed() -> bool:
        return (await client.count_workflows(OF_FLOWS)).count == 2

    await until(are_listed)
    replays.watch(client, Sleepy)

    with pytest.raises(Diverged) as found:
        await replays.finish(tmp_path)

    for flow in (stage.handle(over).id, is_open.id):
        assert f"replayed {flow}: NondeterminismError: " in str(found.value)
    assert replays.count == 2
    for path in _kept(tmp_path):
        with pytest.raises(NondeterminismError):
            await replayer(Sleepy).replay_workflow(read(path))
    assert await replays.faults(client) == []
    await is_open.terminate("the test is over")


async def test_what_never_ran_is_not_counted(
    new_namespace: NewNamespace, sealer: Sealer, keys: Keyring
) -> None:
    """A flow that waits for its first worker replays whatever the code is."""
    client = await new_namespace("unreplayed")
    await FlowClient(client, sealer, keys).start(a_flow(sms()), ["+306900000101"])
    replays = Replays()
    assert await replays.faults(client, Sleepy) == []
    assert replays.count == 0
