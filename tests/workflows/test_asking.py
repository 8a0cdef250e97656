"""A silent step's provider is asked once before the next channel is paid for."""

import pytest
from temporalio.exceptions import ApplicationError

from domain.progress import FlowStatus
from domain.status import Channel, Status
from tests.samples import a_flow, sms, viber, voice
from tests.workflows.conftest import Stage, statuses

pytestmark = pytest.mark.server

VIBER, SMS, VOICE = Channel.VIBER, Channel.SMS, Channel.VOICE


async def test_a_delivery_found_by_asking_ends_the_flow(stage: Stage) -> None:
    """Its receipt was lost: without the question the customer would pay, and read it twice."""
    stage.script.known = {VIBER: [Status.DELIVERED]}

    outcome = await stage.play(a_flow(viber(), sms()))

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.sent == [VIBER]
    assert stage.script.asked == [VIBER]


async def test_a_failure_found_by_asking_is_the_steps_own(stage: Stage) -> None:
    """It says more than that the ttl ran out."""
    stage.script.known = {VIBER: [Status.UNDELIVERED]}
    stage.script.says = {SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(), sms()))

    assert outcome.channel is SMS
    assert statuses(stage.script.told[-1]) == [Status.UNDELIVERED, Status.DELIVERED]


@pytest.mark.parametrize(
    "known",
    [(), (Status.SENT,), (Status.QUEUED,), ApplicationError("away")],
    ids=["nothing", "sent", "queued", "away"],
)
async def test_who_knows_nothing_leaves_it_at_silence(
    stage: Stage, known: tuple[Status, ...] | ApplicationError
) -> None:
    """Asked once, and the next channel starts."""
    stage.script.known = {VIBER: known}
    stage.script.says = {SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(), sms()))

    assert outcome.channel is SMS
    assert stage.script.asked == [VIBER]
    assert statuses(stage.script.told[-1])[0] is Status.EXPIRED


async def test_who_reported_is_not_asked(stage: Stage) -> None:
    """Nor who cannot be asked, nor who never said that it took the step."""
    stage.script.known = {VIBER: [], SMS: [Status.DELIVERED]}
    stage.script.says = {VIBER: Status.UNDELIVERED}
    stage.script.answers = {SMS: None}

    outcome = await stage.play(a_flow(viber(), sms(), voice()))

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert stage.script.asked == []
    assert stage.script.sent == [VIBER, SMS, VOICE]


async def test_a_message_that_must_be_seen_is_asked_about_too(stage: Stage) -> None:
    """Delivered is not final with expireOnDelivery; a Seen whose receipt was lost is."""
    stage.script.known = {VIBER: [Status.SEEN]}
    stage.script.says = {VIBER: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(expireOnDelivery=True), sms()))

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.asked == [VIBER]
