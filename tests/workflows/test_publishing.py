"""Stories of callbacks: who is told what, in which order, whatever the receiver does."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from domain.flow import Strategy
from domain.progress import DeliveryReport, FlowStatus, Progress
from domain.status import Channel, Status
from tests.conftest import until
from tests.samples import a_flow, sms, viber, voice
from tests.workflows.conftest import Stage, delivered, statuses

pytestmark = pytest.mark.server

VIBER, SMS, VOICE = Channel.VIBER, Channel.SMS, Channel.VOICE


@pytest.mark.field("§6.2", "accepted", "handed over", "the next step", "terminal")
async def test_every_change_is_told_in_order_to_whom_follows_each_step(stage: Stage) -> None:
    """OnStep: accepted, expired, accepted, delivered; the last one is terminal."""
    flow = a_flow(strategy=Strategy.ON_STEP)

    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
        await stage.pass_time(flow, timedelta(minutes=10))
        await stage.send_is_answered(flow, 2)
        await stage.flows.report(flow.ref(2), delivered(flow, 2))
        await asyncio.wait_for(handle.result(), 30)

    assert [statuses(each) for each in stage.script.told] == [
        [Status.QUEUED],
        [Status.EXPIRED],
        [Status.EXPIRED, Status.QUEUED],
        [Status.EXPIRED, Status.DELIVERED],
    ]
    assert [each.outcome is not None for each in stage.script.told] == [False] * 3 + [True]


@pytest.mark.field("§6.2", "a step's status changed")
@pytest.mark.parametrize(
    ("step", "climb"),
    [
        (sms(), (Status.SENT, Status.DELIVERED)),
        (viber(), (Status.SENT, Status.DELIVERED)),
        (viber(expireOnDelivery=True), (Status.SENT, Status.DELIVERED, Status.SEEN)),
        (voice(), (Status.INITIATED, Status.RINGING, Status.IN_PROGRESS, Status.COMPLETED)),
    ],
)
async def test_each_status_of_a_channel_is_told_once(
    stage: Stage, step: dict[str, Any], climb: tuple[Status, ...]
) -> None:
    """OnStep: all that a step may come through, though its reports come together."""
    flow = a_flow(step, strategy=Strategy.ON_STEP)
    stage.script.says = {flow.steps[0].channel: climb}

    await stage.play(flow)

    assert [statuses(each) for each in stage.script.told] == [[status] for status in climb]
    assert [each.status for each in stage.script.told] == [
        *[FlowStatus.IN_PROGRESS] * (len(climb) - 1),
        FlowStatus.SUCCEEDED,
    ]


@pytest.mark.field("§6.2", "handed over", "the next step")
async def test_a_step_that_is_refused_at_once_is_told_once(stage: Stage) -> None:
    """OnStep: it was never under way, so that its end is all there is to tell."""
    stage.script.answers = {VIBER: Status.FAILED}
    stage.script.says = {SMS: Status.DELIVERED}

    await stage.play(a_flow(strategy=Strategy.ON_STEP))

    assert [statuses(each) for each in stage.script.told] == [
        [Status.FAILED],
        [Status.FAILED, Status.DELIVERED],
    ]


@pytest.mark.field("§6.2", "OnCompletion")
async def test_completion_is_told_exactly_once(stage: Stage) -> None:
    """OnCompletion: one callback, the terminal one."""
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    await stage.play(a_flow())

    assert [each.status for each in stage.script.told] == [FlowStatus.SUCCEEDED]


@pytest.mark.field("§6.2", "no callback")
async def test_a_flow_without_a_callback_is_only_recorded(stage: Stage) -> None:
    """Nobody is told; the final snapshot is written."""
    stage.script.says = {VIBER: Status.DELIVERED}

    await stage.play(a_flow(strategy=None))

    assert stage.script.told == []
    assert [each.status for each in stage.script.recorded] == [FlowStatus.SUCCEEDED]


async def test_failing_over_does_not_wait_for_a_receiver_that_is_down(stage: Stage) -> None:
    """The first callback is not taken; the flow ends all the same, its end is recorded at once."""
    stage.script.receiver_is_down = lambda progress: progress.outcome is None
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}
    stage.script.held = {SMS}

    async with stage.working():
        handle = await stage.start_in_plain_time(a_flow(strategy=Strategy.ON_STEP))
        await until(lambda: stage.script.sent == [VIBER, SMS])
        stage.script.holding.set()
        await until(lambda: any(each.outcome for each in stage.script.recorded))
        assert stage.script.told == []
        stage.script.receiver_is_down = lambda _: False
        await handle.terminate()


async def test_callbacks_keep_their_order_while_a_receiver_recovers(stage: Stage) -> None:
    """An hour's outage delays the callbacks, it does not shuffle them."""
    failed: list[int] = []

    def down_once(progress: Progress) -> bool:
        failed.append(progress.seq)
        return len(failed) == 1

    stage.script.receiver_is_down = down_once
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    await stage.play(a_flow(strategy=Strategy.ON_STEP))

    sequence = [each.seq for each in stage.script.told]
    assert sequence == sorted(sequence)
    assert stage.script.told[-1].outcome is not None


@pytest.mark.field("§6.2", "after the end")
async def test_what_is_reported_while_the_last_callback_waits_is_not_told(stage: Stage) -> None:
    """Delivered was the end, and is told as it was then; that it was seen is told by nobody."""
    down = True
    stage.script.receiver_is_down = lambda _: down
    stage.script.says = {VIBER: Status.DELIVERED}
    flow = a_flow(strategy=Strategy.ON_STEP)

    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await until(lambda: bool(stage.script.recorded))
        seen = DeliveryReport(order=1, status=Status.SEEN, at=flow.created_at)
        await stage.flows.report(flow.ref(1), seen)
        down = False
        await stage.environment.fast_forward(handle)
        await asyncio.wait_for(handle.result(), 30)

    assert [statuses(each) for each in stage.script.told] == [[Status.DELIVERED]]


async def test_a_receiver_that_is_gone_hears_no_more_of_the_flow(stage: Stage) -> None:
    """After a 410 the flow's further snapshots are recorded, and not told."""
    stage.script.receiver_is_gone = True
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    await stage.play(a_flow(strategy=Strategy.ON_STEP))

    assert len(stage.script.told) == 1
    assert stage.script.recorded[-1].outcome is not None


async def test_publishing_that_breaks_fails_the_flow_loudly(stage: Stage) -> None:
    """A bug of ours never leaves a flow hanging."""
    stage.script.says = {VIBER: Status.DELIVERED}

    def refuse(_: Progress) -> bool:
        raise ApplicationError("bug", non_retryable=True)

    stage.script.receiver_is_down = refuse

    with pytest.raises(WorkflowFailureError):
        await stage.play(a_flow())
