"""A flow that goes from a new worker to an old one: what becomes of it, and how it is spared."""

import asyncio
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import WorkflowHandle

from domain.flow import Flow
from domain.progress import DeliveryReport, Outcome
from domain.status import Channel, Status
from tests.conftest import until
from tests.releases import ROOT
from tests.samples import a_flow, sms, viber
from tests.workflows.conftest import Stage, delivered
from tests.workflows.upgrades.reading import failures, marks
from tests.workflows.upgrades.stages import PATCH, Patched
from workflows.failover import FailoverWorkflow

pytestmark = pytest.mark.server

DOCUMENT = (ROOT / "docs" / "upgrades.md").read_text(encoding="utf-8")
(UNPATCHED,) = re.findall(r"^ *(WorkflowType = .*TemporalChangeVersion.*)$", DOCUMENT, re.MULTILINE)

NONDETERMINISM = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR


async def _fails_over_on_a_new_worker(stage: Stage, held: Collection[str]) -> Flow:
    """The Sms is sent, its report is still to come, and the new worker leaves."""
    stage.script.answers = {Channel.VIBER: Status.FAILED}
    flow = a_flow(viber(), sms())
    async with stage.working(
        Patched,
        patch_activation_callback=lambda asked: asked.patch_id not in held,
        # How long the engine waits for this worker, once it has left, before it asks another.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    ):
        await stage.start(flow)
        await stage.send_is_answered(flow, 2)
    return flow


async def test_an_old_worker_cannot_go_on_where_a_patch_was_begun(next_stage: Stage) -> None:
    """The trap of a rolling deploy: the flow stands still until a new worker takes it.

    Nothing is lost, but if the deploy is taken back, nobody ever does.
    """
    flow = await _fails_over_on_a_new_worker(next_stage, held=())
    handle = next_stage.handle(flow)

    async with next_stage.working(FailoverWorkflow):
        await next_stage.flows.report(flow.ref(2), delivered(flow, 2))

        async def failed() -> bool:
            return failures(await handle.fetch_history()) == [NONDETERMINISM]

        await until(failed, 60)
    assert next_stage.script.told == []

    async with next_stage.working():
        outcome = await _outcome(handle)
    assert outcome.channel == "Sms"
    assert marks(await handle.fetch_history()) == [PATCH]
    assert len(next_stage.script.told) == 1


async def test_an_old_worker_goes_on_where_the_patch_was_held(next_stage: Stage) -> None:
    """New workers that hold it do as the old ones do, until there are none."""
    flow = await _fails_over_on_a_new_worker(next_stage, held=[PATCH])
    handle = next_stage.handle(flow)

    async with next_stage.working(FailoverWorkflow):
        await next_stage.flows.report(flow.ref(2), delivered(flow, 2))
        outcome = await _outcome(handle)

    history = await handle.fetch_history()
    assert outcome.channel == "Sms"
    assert (failures(history), marks(history)) == ([], [])
    assert len(next_stage.script.told) == 1


async def test_a_worker_that_holds_a_patch_goes_on_where_it_was_begun(next_stage: Stage) -> None:
    """So the last step of a deploy, no longer to hold it, can be rolled out and taken back."""
    flow = await _fails_over_on_a_new_worker(next_stage, held=())
    handle = next_stage.handle(flow)

    async with next_stage.working(patch_activation_callback=lambda _: False):
        await next_stage.flows.report(flow.ref(2), delivered(flow, 2))
        outcome = await _outcome(handle)

    history = await handle.fetch_history()
    assert outcome.channel == "Sms"
    assert (failures(history), marks(history)) == ([], [PATCH])


async def test_a_flow_that_failed_over_unpatched_does_so_again(next_stage: Stage) -> None:
    """It is not patched halfway, whoever goes on with it: one flow behaves in one way."""
    next_stage.script.answers = {Channel.VIBER: Status.FAILED}
    flow = a_flow(viber(), sms(), sms())
    async with next_stage.working(FailoverWorkflow):
        handle = await next_stage.start(flow)
        await next_stage.send_is_answered(flow, 2)

    async with next_stage.working():
        await next_stage.flows.report(flow.ref(2), _undelivered(flow, 2))
        await next_stage.send_is_answered(flow, 3)
        await next_stage.flows.report(flow.ref(3), delivered(flow, 3))
        await _outcome(handle)

    history = await handle.fetch_history()
    assert next_stage.script.sent == [Channel.VIBER, Channel.SMS, Channel.SMS]
    assert (failures(history), marks(history)) == ([], [])


async def test_a_flow_that_was_begun_before_is_patched_if_it_has_not_come_by(
    next_stage: Stage,
) -> None:
    """What it does first after the deploy it does in the new way."""
    flow = a_flow(viber(), sms())
    async with next_stage.working(FailoverWorkflow):
        handle = await next_stage.start(flow)
        await next_stage.send_is_answered(flow, 1)

    async with next_stage.working():
        await next_stage.flows.report(flow.ref(1), _undelivered(flow, 1))
        await next_stage.send_is_answered(flow, 2)
        await next_stage.flows.report(flow.ref(2), delivered(flow, 2))
        await _outcome(handle)

    history = await handle.fetch_history()
    assert (failures(history), marks(history)) == ([], [PATCH])


async def test_those_that_went_by_unpatched_can_be_found(next_stage: Stage) -> None:
    """Once there are none, the old branch may go. The query is that of docs/upgrades.md."""
    before = await _fails_over_on_a_new_worker(next_stage, held=[PATCH])
    next_stage.script.sent.clear()
    after = await _fails_over_on_a_new_worker(next_stage, held=())

    query = UNPATCHED.replace("<when>", (datetime.now(UTC) + timedelta(minutes=1)).isoformat())

    async def found() -> bool:
        ids = {each.id async for each in next_stage.client.list_workflows(query)}
        return next_stage.handle(before).id in ids and next_stage.handle(after).id not in ids

    await until(found)


def _undelivered(flow: Flow, order: int) -> DeliveryReport:
    return DeliveryReport(order=order, status=Status.UNDELIVERED, at=flow.created_at)


async def _outcome(handle: WorkflowHandle[Any, Any]) -> Outcome:
    outcome: Outcome = await asyncio.wait_for(handle.result(), 60)
    return outcome
