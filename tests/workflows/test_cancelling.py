"""Stories of flows that are cancelled, by their client or by an operator."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.progress import FlowStatus
from domain.status import Channel, Status
from tests.conftest import until
from tests.samples import a_flow
from tests.workflows.conftest import Stage, delivered
from workflows import names

pytestmark = pytest.mark.server

VIBER, SMS, VOICE = Channel.VIBER, Channel.SMS, Channel.VOICE


async def test_cancelling_ends_the_wait(stage: Stage) -> None:
    """No further step starts, the one in flight keeps its status, the client is told."""
    stage.script.held = {VIBER}
    flow = a_flow()

    async with stage.working():
        handle = await stage.start(flow)
        await until(lambda: stage.script.sent == [VIBER])
        progress = await stage.flows.cancel(flow.account, flow.tracking_id)
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert progress.outcome == outcome
    assert stage.script.sent == [VIBER]
    assert [each.status for each in stage.script.told] == [FlowStatus.FAILED]


async def test_a_flow_that_is_over_refuses_to_be_cancelled(stage: Stage) -> None:
    """Its outcome stands, also while its last callback is still on its way."""
    stage.script.receiver_is_down = lambda _: True
    stage.script.says = {VIBER: Status.DELIVERED}

    async with stage.working():
        handle = await stage.start_in_plain_time(a_flow())
        await until(lambda: bool(stage.script.recorded))
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(names.CANCEL_UPDATE)


async def test_an_operators_cancel_completes_the_flow(stage: Stage) -> None:
    """The Temporal UI's Cancel is ours: published, and completed rather than cancelled."""
    stage.script.held = {VIBER}

    async with stage.working():
        handle = await stage.start(a_flow())
        await until(lambda: stage.script.sent == [VIBER])
        await handle.cancel()
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert [each.status for each in stage.script.told] == [FlowStatus.FAILED]


async def test_an_operators_cancel_before_the_first_task_completes_the_flow(stage: Stage) -> None:
    """No worker had seen it yet; it ends like any other cancelled flow."""
    handle = await stage.start_in_plain_time(a_flow())
    await handle.cancel()

    async with stage.working():
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert [each.status for each in stage.script.told] == [FlowStatus.FAILED]


async def test_a_delivery_beats_an_operators_cancel_in_the_same_task(stage: Stage) -> None:
    """What was delivered was delivered; the cancellation comes too late."""
    flow = a_flow()
    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
    await stage.flows.report(flow.ref(1), delivered(flow, 1))
    await handle.cancel()

    async with stage.working():
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert outcome.status is FlowStatus.SUCCEEDED


async def test_an_operators_cancel_while_callbacks_wait_changes_nothing(stage: Stage) -> None:
    """The outcome stands, and its callback still goes out."""
    down = True
    stage.script.receiver_is_down = lambda _: down
    stage.script.says = {VIBER: Status.DELIVERED}

    async with stage.working():
        handle = await stage.start_in_plain_time(a_flow())
        await until(lambda: bool(stage.script.recorded))
        await handle.cancel()
        down = False
        await stage.environment.fast_forward(handle)
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert outcome.status is FlowStatus.SUCCEEDED
    assert [each.status for each in stage.script.told] == [FlowStatus.SUCCEEDED]
