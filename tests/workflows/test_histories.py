"""Recorded flows: what they cost in history events, and that today's code still replays them."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.workflow import NondeterminismError

from domain.flow import Flow, Strategy
from domain.progress import DeliveryReport, Outcome
from domain.status import Channel, Status
from tests.conftest import until
from tests.samples import a_flow, sms, viber
from tests.workflows.conftest import Stage, replay
from workflows import names
from workflows.failover import FailoverWorkflow

HISTORIES = Path(__file__).with_name("histories")
VIBER, SMS = Channel.VIBER, Channel.SMS

Story = Callable[[Stage], Awaitable[Flow]]


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
        HISTORIES.mkdir(exist_ok=True)
        path = HISTORIES / f"{story.__name__}.json"
        path.write_text(_anonymous(history.to_json()), encoding="utf-8")


def _anonymous(recorded: str) -> str:
    """Without the name and the paths of the machine that recorded it."""
    root = Path(__file__).parents[2]
    return recorded.replace(f"{root}/", "").replace(socket.gethostname(), "machine")


def _recorded(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))


RECORDED = sorted(HISTORIES.glob("*.json"))


def test_every_story_was_recorded() -> None:
    """`make histories` writes one file for each."""
    assert {path.stem for path in RECORDED} == {story.__name__ for story in EVENTS}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_todays_code_replays(path: Path) -> None:
    """Flows are in flight while we deploy."""
    await replay(_recorded(path))


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
        await replay(_recorded(HISTORIES / "failed_over.json"), changed)
