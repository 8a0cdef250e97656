"""Publishing: recorded, then told, until taken, gone or dead."""

import dataclasses
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain.flow import Flow, Publication
from domain.progress import DeliveryReport, FlowStatus, Progress
from domain.status import Status
from egress.deliver import Deliverer
from storage.engine import writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import metadata
from tests.egress.reaching import LOOPBACK
from tests.samples import a_flow, sms
from tests.sandbox.bench import Receiver
from tests.telling import publishing
from tracking.records import Tracking


def ended(flow: Flow) -> Progress:
    """The flow, delivered."""
    begun = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    report = DeliveryReport(order=1, status=Status.DELIVERED, at=flow.created_at)
    return begun.after(flow, report)


async def publish(
    flow: Flow,
    database: AsyncEngine,
    sealer: Sealer,
    how: Publication = Publication.TOLD,
    age: timedelta = timedelta(0),
    **options: Any,
) -> bool:
    """One attempt, `age` after the event; `options` are of the telling."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, current_attempt_scheduled_time=flow.created_at + age
    )
    async with Deliverer(LOOPBACK, deadline=1) as deliverer:
        callbacks, _ = publishing(database, sealer, deliverer, **options)
        more: bool = await environment.run(callbacks.publish, sealer.sealed(flow), ended(flow), how)
        return more


async def status(flow: Flow, tracking: Tracking) -> FlowStatus:
    """What tracking says."""
    tracked = await tracking.find(flow.account, flow.tracking_id)
    assert tracked is not None
    return tracked.progress.status


def addressed(receiver: Receiver, path: str) -> Flow:
    """A flow whose client listens there."""
    return a_flow(sms(), url=f"{receiver.origin}{path}")


async def test_a_callback_is_what_tracking_says(
    receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """One view for both."""
    flow = addressed(receiver, "/taken")

    await publish(flow, database, sealer)

    (told,) = receiver.got("/taken")
    assert told.body["trackingId"] == flow.tracking_id
    assert (told.body["status"], told.body["statusCode"]) == ("Succeeded", None)
    assert told.body["messages"][0]["status"]["name"] == "Delivered"
    assert orjson.loads(orjson.dumps(told.body)) == told.body
    assert await status(flow, tracking) is FlowStatus.SUCCEEDED


async def test_what_is_only_recorded_is_not_told(
    receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """The record of the end does not wait for the receiver, nor bother it."""
    flow = addressed(receiver, "/untold")

    await publish(flow, database, sealer, how=Publication.RECORDED)

    assert receiver.got("/untold") == []
    assert await status(flow, tracking) is FlowStatus.SUCCEEDED


@pytest.mark.parametrize("answer", [500, 404, 302, 0])
async def test_an_untaken_callback_is_repeated_at_its_next_slot(
    answer: int, receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """The first slot is 30 s after the event; a redirect is a failure like any other."""
    path = f"/answers/{answer}"
    receiver.answers[path] = [answer]
    flow = addressed(receiver, path)

    with pytest.raises(ApplicationError) as caught:
        await publish(flow, database, sealer)

    delay = caught.value.next_retry_delay
    assert delay is not None
    assert timedelta(seconds=27) <= delay <= timedelta(seconds=33)
    assert await status(flow, tracking) is FlowStatus.SUCCEEDED


async def test_a_receiver_that_is_gone_hears_no_more(
    receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """410 ends the event, and says that no more is wanted; nothing raises."""
    receiver.answers["/gone"] = [410]

    assert not await publish(addressed(receiver, "/gone"), database, sealer)


async def test_a_callback_dies_a_day_after_its_event(
    receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """The attempt without a further slot is the last, and returns."""
    receiver.answers["/dead"] = [500]

    flow = addressed(receiver, "/dead")

    assert await publish(flow, database, sealer, age=timedelta(hours=24))

    assert len(receiver.got("/dead")) == 1


async def test_a_callback_that_cannot_be_opened_ends_the_flow_all_the_same(
    receiver: Receiver, database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """Its key is gone: recorded, logged, and never tried for ever."""
    flow = addressed(receiver, "/unopened")
    blind = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    environment = ActivityEnvironment()
    async with Deliverer(LOOPBACK, deadline=1) as deliverer:
        callbacks, _ = publishing(database, blind, deliverer)
        more = await environment.run(
            callbacks.publish, sealer.sealed(flow), ended(flow), Publication.TOLD
        )

    assert not more
    assert receiver.got("/unopened") == []
    assert await status(flow, tracking) is FlowStatus.SUCCEEDED


async def test_our_own_outage_uses_up_time_and_no_attempt(
    receiver: Receiver, tracking: Tracking, sealer: Sealer, database: AsyncEngine
) -> None:
    """Without a database the event waits 1 to 30 s; the receiver is not asked."""
    async with writing(database) as connection:
        await connection.run_sync(metadata.drop_all)
    flow = addressed(receiver, "/unasked")

    with pytest.raises(ApplicationError) as caught:
        await publish(flow, database, sealer)

    delay = caught.value.next_retry_delay
    assert caught.value.type == "NotRecorded"
    assert delay is not None
    assert timedelta(seconds=1) <= delay <= timedelta(seconds=30)
    assert receiver.got("/unasked") == []
