"""Stories of callbacks: who is told what, in which order, whatever the receiver does."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from domain.flow import Strategy
from domain.progress import FlowStatus, Progress
from domain.status import Channel, Status
from tests.conftest import until
from tests.samples import a_flow
from tests.workflows.conftest import Stage, delivered, statuses

pytestmark = pytest.mark.server

VIBER, SMS, VOICE = Channel.VIBER, Channel.SMS, Channel.VOICE


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


async def test_completion_is_told_exactly_once(stage: Stage) -> None:
    """OnCompletion: one callback, the terminal one."""
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    await stage.play(a_flow())

    assert [each.status for each in stage.script.told] == [FlowStatus.SUCCEEDED]


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
