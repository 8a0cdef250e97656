"""expireOnDelivery (contract.md §7.5): delivered is not final, until seen or the ttl."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.intents import Intents
from domain.flow import Flow, Kind, Strategy
from domain.progress import DeliveryReport, FlowStatus, Progress
from domain.status import Channel, Status
from storage.engine import reading
from storage.seal import Sealer
from tests.conftest import until
from tests.samples import a_flow, sms, viber, viber_message
from tests.workflows.conftest import Script, Stage, statuses
from tracking.charges import charged
from tracking.records import Tracking
from tracking.view import view

pytestmark = pytest.mark.server

VIBER, SMS = Channel.VIBER, Channel.SMS


@dataclass(kw_only=True)
class Charging(Script):
    """Charges each step where it is really charged: before it is sent."""

    intents: Intents
    sealer: Sealer

    @activity.defn
    async def send_step(self, flow: Flow, progress: Progress) -> DeliveryReport | None:
        """Declare the intent, then do as the script says."""
        content = self.sealer.content(flow, progress.steps[-1].order)
        await self.intents.declare(flow, progress, content, "sandbox")
        return await super().send_step(flow, progress)


Shown = Callable[[Flow, Progress], Awaitable[Any]]


@pytest.fixture
def shown(stage: Stage, database: AsyncEngine, tracking: Tracking, sealer: Sealer) -> Shown:
    """What the client reads of that progress; from now on the stage's steps are charged."""
    intents = Intents(database, tracking)
    stage.script = Charging(stage.flows, intents=intents, sealer=sealer)

    async def read(flow: Flow, progress: Progress) -> Any:
        async with reading(database) as connection:
            prices = (await charged(connection, [flow.tracking_id]))[flow.tracking_id]
        return json.loads(view(sealer.sealed(flow), progress, sealer, prices).model_dump_json())

    return read


def standard(*steps: dict[str, Any], strategy: Strategy = Strategy.ON_COMPLETION) -> Flow:
    """A flow of /failover: its first step free-form Viber that waits to be seen for 10 minutes."""
    first = viber_message(order=1, ttl=10, expireOnDelivery=True)
    return a_flow(first, *steps, kind=Kind.STANDARD, strategy=strategy)


@pytest.mark.field("§7.5", "expiredOnDeliveryAt", "failover", "totalPrice")
@pytest.mark.field("§2.4", "expireOnDelivery")
@pytest.mark.field("§12", "11")
async def test_a_message_that_nobody_saw_expires_and_the_flow_goes_on(
    stage: Stage, shown: Shown
) -> None:
    """Delivered, unread for ten minutes: the Sms goes out, and both are paid for."""
    stage.script.says = {VIBER: Status.DELIVERED, SMS: Status.DELIVERED}
    flow = standard(sms(order=2))

    outcome = await stage.play(flow)

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, SMS)
    first, second = stage.script.told[-1].steps
    expired = first.updated_at - first.started_at
    assert timedelta(minutes=10) <= expired < timedelta(minutes=10, seconds=5)
    assert second.started_at >= first.updated_at
    read = await shown(flow, stage.script.told[-1])
    unseen, text = read["messages"]
    assert (unseen["status"]["name"], text["status"]["name"]) == ("EXPIRED", "Delivered")
    assert unseen["status"]["reason"]["detailedStatus"] == "TTL Expired"
    assert unseen["expireOnDelivery"] is True
    assert unseen["expiredOnDeliveryAt"] == unseen["status"]["updatedDate"]
    prices = [Decimal(str(each["price"])) for each in read["messages"]]
    assert prices == [Decimal("0.01"), Decimal("0.04")]
    assert Decimal(str(read["totalPrice"])) == Decimal("0.05")


@pytest.mark.field("§7.5", "Delivered is not final", "expiredOnDeliveryAt", "totalPrice")
async def test_a_message_that_was_seen_in_time_ends_the_flow(stage: Stage, shown: Shown) -> None:
    """The second channel is never paid for."""
    stage.script.says = {VIBER: (Status.DELIVERED, Status.SEEN)}
    flow = standard(sms(order=2))

    outcome = await stage.play(flow)

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.sent == [VIBER]
    read = await shown(flow, stage.script.told[-1])
    (seen,) = read["messages"]
    assert (seen["status"]["name"], seen["expiredOnDeliveryAt"]) == ("SEEN", None)
    assert Decimal(str(read["totalPrice"])) == Decimal("0.01")


@pytest.mark.field("§7.5", "Delivered is not final", "expiredOnDeliveryAt")
async def test_until_it_is_seen_the_flow_is_in_progress(stage: Stage, shown: Shown) -> None:
    """Delivered is told, nothing is over; nine minutes later it is seen, and that is the end."""
    stage.script.says = {VIBER: Status.DELIVERED}
    flow = standard(sms(order=2), strategy=Strategy.ON_STEP)
    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
        await until(lambda: [Status.DELIVERED] in [statuses(told) for told in stage.script.told])
        waiting = await shown(flow, stage.script.told[-1])
        await stage.pass_time(flow, timedelta(minutes=9))
        told = stage.script.told[-1]
        seen = DeliveryReport(
            order=1, status=Status.SEEN, at=told.updated_at + timedelta(minutes=9)
        )
        await stage.flows.report(flow.ref(1), seen)
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert (waiting["status"], waiting["terminationChannel"]) == ("InProgress", None)
    (delivered,) = waiting["messages"]
    assert (delivered["status"]["name"], delivered["expiredOnDeliveryAt"]) == ("DELIVERED", None)
    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert [statuses(each) for each in stage.script.told] == [[Status.DELIVERED], [Status.SEEN]]


@pytest.mark.field("§7.5", "expiredOnDeliveryAt", "failover")
async def test_a_message_that_was_never_delivered_expires_without_that_moment(
    stage: Stage, shown: Shown
) -> None:
    """It expired, but not on delivery."""
    stage.script.says = {SMS: Status.DELIVERED}
    flow = standard(sms(order=2))

    outcome = await stage.play(flow)

    assert outcome.channel is SMS
    read = await shown(flow, stage.script.told[-1])
    silent = read["messages"][0]
    assert (silent["status"]["name"], silent["expiredOnDeliveryAt"]) == ("EXPIRED", None)


@pytest.mark.field("§7.5", "failover", "totalPrice")
async def test_a_last_step_that_nobody_saw_fails_the_flow(stage: Stage, shown: Shown) -> None:
    """There is no next one; the message that was delivered is paid for."""
    stage.script.says = {VIBER: Status.DELIVERED}
    flow = standard()

    outcome = await stage.play(flow)

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "2")
    read = await shown(flow, stage.script.told[-1])
    assert read["messages"][0]["expiredOnDeliveryAt"]
    assert Decimal(str(read["totalPrice"])) == Decimal("0.01")


@pytest.mark.field("§7.5", "failover")
async def test_where_expiry_is_not_listed_the_flow_ends(stage: Stage) -> None:
    """The client's list counts here as everywhere."""
    stage.script.says = {VIBER: Status.DELIVERED}
    first = viber(expireOnDelivery=True, failoverOnStatuses=["UNDELIVERED"])

    outcome = await stage.play(a_flow(first, sms()))

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert stage.script.sent == [VIBER]


@pytest.mark.field("§7.5", "Delivered is not final", "failover")
@pytest.mark.field("§3.2", "expireOnDelivery")
@pytest.mark.parametrize("expires", [True, False])
async def test_without_it_delivered_is_the_end(stage: Stage, expires: bool) -> None:
    """Of a template as of a message."""
    stage.script.says = {VIBER: Status.DELIVERED, SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(expireOnDelivery=expires), sms()))

    assert outcome.channel is (SMS if expires else VIBER)
    assert stage.script.sent == ([VIBER, SMS] if expires else [VIBER])


@pytest.mark.field("§7.5", "Delivered is not final")
async def test_a_late_sight_of_an_unseen_message_ends_the_flow(stage: Stage) -> None:
    """While the Sms is under way the recipient opens Viber: Succeeded by Viber."""
    stage.script.says = {VIBER: Status.DELIVERED}
    stage.script.late = {SMS: (1, Status.SEEN)}

    outcome = await stage.play(standard(sms(order=2)))

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.sent == [VIBER, SMS]
