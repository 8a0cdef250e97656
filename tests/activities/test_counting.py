"""What the worker counts of sends, callbacks and ends."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError

from activities.counting import count_end
from domain.flow import Flow, Publication
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from storage.seal import Sealer
from tests.activities.conftest import Sending
from tests.activities.steps import unreported
from tests.activities.test_callbacks import addressed, publish
from tests.counting import counting
from tests.samples import a_flow, sms, viber
from tests.sandbox.bench import Receiver
from tests.tracking.flows import progress_of, report, sealed_flow
from tracking.records import Tracking


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [("0106", "accepted"), ("0106", "refused"), ("0111", "not_sent"), ("0113", "maybe_sent")],
)
async def test_a_send_is_counted_by_its_outcome(
    sending: Sending, digits: str, outcome: str
) -> None:
    """And by channel and provider, with the time that it took."""
    if outcome == "refused":  # the sandbox wants its reports taken elsewhere
        sending.steps = unreported(sending.steps)
    flow = a_flow(viber(f"+30690000{digits}"))
    labels = {"channel": "Viber", "provider": "sandbox"}
    with (
        counting("failover_sends_total", **labels, outcome=outcome) as counted,
        counting("failover_send_seconds_count", **labels) as timed,
        suppress(ApplicationError),
    ):
        await sending.attempt(flow)
    assert (counted(), timed()) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "age", "result"),
    [
        (200, timedelta(0), "delivered"),
        (500, timedelta(0), "retried"),
        (500, timedelta(days=2), "dead"),
        (410, timedelta(0), "dead"),
    ],
)
async def test_a_callback_is_counted_by_what_became_of_it(
    receiver: Receiver,
    database: AsyncEngine,
    sealer: Sealer,
    answer: int,
    age: timedelta,
    result: str,
) -> None:
    """Delivered, tried again, or dead."""
    path = f"/counted/{answer}"
    receiver.answers[path] = [answer]
    flow = addressed(receiver, path)
    with counting("failover_callbacks_total", result=result) as counted, suppress(ApplicationError):
        await publish(flow, database, sealer, age=age)
    assert counted() == 1


async def test_an_end_is_counted_once(
    receiver: Receiver, database: AsyncEngine, sealer: Sealer
) -> None:
    """However often it is published: beside the queue, in it, and again after a failure."""
    flow = addressed(receiver, "/ended")
    receiver.answers["/ended"] = [500, 500]
    labels = {"status": "Succeeded", "code": "", "channel": "Sms"}
    with counting("failover_flows_ended_total", **labels) as counted:
        await publish(flow, database, sealer, how=Publication.RECORDED)
        for _ in range(3):
            with suppress(ApplicationError):
                await publish(flow, database, sealer)
    assert counted() == 1


async def test_what_comes_after_the_end_is_no_other_end(flow: Flow, tracking: Tracking) -> None:
    """A late report moves a step; the outcome was counted before. Nor is a begun flow over."""
    happened: list[float | DeliveryReport] = [
        1.0,
        report(1, Status.EXPIRED, 60),
        61.0,
        report(2, Status.DELIVERED, 65),
    ]
    told = [await tracking.record(flow, progress_of(flow, *happened[:n])) for n in range(5)]
    late = progress_of(flow, *happened, report(1, Status.DELIVERED, 70))
    assert [*told, await tracking.record(flow, late)] == [False] * 4 + [True, False]


@pytest.fixture
def flow(sealer: Sealer) -> Flow:
    """Viber, then Sms."""
    return sealed_flow(sealer, viber(), sms())


def test_an_end_tells_how_long_its_steps_took(flow: Flow) -> None:
    """Each from its own start to its final status."""
    ended = progress_of(
        flow, 1.0, report(1, Status.EXPIRED, 61), 62.0, report(2, Status.DELIVERED, 65)
    )
    with (
        counting("failover_step_seconds_sum", channel="Viber") as viber_took,
        counting("failover_step_seconds_sum", channel="Sms") as sms_took,
    ):
        count_end(flow, ended)
    assert (viber_took(), sms_took()) == (60, 3)


def test_a_step_without_money_is_counted(flow: Flow) -> None:
    """By its channel, beside the flow's end with its statusCode."""
    ended = progress_of(flow, 1.0, report(1, Status.UNSENT, 1))
    with (
        counting("failover_steps_unsent_total", channel="Viber") as unsent,
        counting(
            "failover_flows_ended_total", status="Failed", code="1", channel="Viber"
        ) as counted,
    ):
        count_end(flow, ended)
    assert (unsent(), counted()) == (1, 1)


def test_what_is_not_over_is_not_counted(flow: Flow) -> None:
    """Nor does it fail."""
    with counting("failover_step_seconds_count", channel="Viber") as counted:
        count_end(flow, Progress.of(flow))
    assert counted() == 0
