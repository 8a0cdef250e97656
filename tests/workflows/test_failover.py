"""Stories of flows, with time skipped on the real engine."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from domain.flow import Strategy
from domain.progress import FlowStatus
from domain.status import Channel, Status
from tests.samples import a_flow, sms, viber, voice
from tests.workflows.conftest import Stage, delivered, statuses
from workflows import names

pytestmark = pytest.mark.server

VIBER, SMS, VOICE = Channel.VIBER, Channel.SMS, Channel.VOICE


async def test_a_delivered_first_step_ends_the_flow(stage: Stage) -> None:
    """The second channel is never paid for."""
    stage.script.says = {VIBER: Status.DELIVERED}

    outcome = await stage.play(a_flow())

    assert outcome.status is FlowStatus.SUCCEEDED
    assert outcome.channel is VIBER
    assert stage.script.sent == [VIBER]


async def test_a_listed_status_starts_the_next_step(stage: Stage) -> None:
    """Not a Viber user: the Sms goes out."""
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow())

    assert outcome.channel is SMS
    assert stage.script.sent == [VIBER, SMS]
    assert statuses(stage.script.told[-1]) == [Status.UNDELIVERED, Status.DELIVERED]


async def test_an_unlisted_failure_ends_the_flow(stage: Stage) -> None:
    """A Voice step fails over on Busy and NoAnswer; Failed is statusCode 3."""
    stage.script.says = {VOICE: Status.FAILED}

    outcome = await stage.play(a_flow(voice(), sms()))

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert stage.script.sent == [VOICE]


async def test_silence_fails_over_at_the_ttl(
    stage: Stage, environment: WorkflowEnvironment
) -> None:
    """Ten silent minutes on Viber are an expiry; only then the Sms goes out."""
    stage.script.says = {SMS: Status.DELIVERED}
    flow = a_flow(viber(ttl=10), sms())

    outcome = await stage.play(flow)

    assert outcome.channel is SMS
    first, second = stage.script.told[-1].steps
    assert (first.status, first.reason) == (Status.EXPIRED, "TTL Expired")
    waited = second.started_at - first.started_at
    assert timedelta(minutes=10) <= waited < timedelta(minutes=10, seconds=5)


async def test_silence_on_every_channel_ends_the_flow_by_each_channels_word(stage: Stage) -> None:
    """Viber expires, Sms is Undelivered, a call has failed, which is not listed by default."""
    outcome = await stage.play(a_flow(viber(), sms(), voice()))

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "3")
    assert statuses(stage.script.told[-1]) == [
        Status.EXPIRED,
        Status.UNDELIVERED,
        Status.FAILED,
    ]
    assert [step.reason for step in stage.script.told[-1].steps] == [
        "TTL Expired",
        "Expired",
        "Timed Out",
    ]


async def test_a_report_may_overtake_the_sends_answer(stage: Stage) -> None:
    """Delivered, then the answer Queued: the step stays delivered, nothing is told twice."""
    stage.script.says = {VIBER: Status.DELIVERED}

    await stage.play(a_flow(strategy=Strategy.ON_STEP))

    assert [statuses(told) for told in stage.script.told] == [[Status.DELIVERED]]


@pytest.mark.field("§6.2", "a step's status changed")
async def test_repeated_reports_move_nothing(stage: Stage) -> None:
    """Sent twice, Undelivered thrice: each status is told once."""
    stage.script.says = {
        VIBER: (Status.SENT, Status.SENT, *[Status.UNDELIVERED] * 3),
        SMS: Status.DELIVERED,
    }

    await stage.play(a_flow(strategy=Strategy.ON_STEP))

    told = [statuses(each) for each in stage.script.told]
    assert told == [
        [Status.SENT],
        [Status.UNDELIVERED],
        [Status.UNDELIVERED, Status.DELIVERED],
    ]
    assert stage.script.sent == [VIBER, SMS]


async def test_of_contrary_finals_the_first_decides_the_outcome(stage: Stage) -> None:
    """Delivered, then Undelivered: no second channel."""
    stage.script.says = {VIBER: (Status.DELIVERED, Status.UNDELIVERED)}

    outcome = await stage.play(a_flow())

    assert outcome.status is FlowStatus.SUCCEEDED
    assert stage.script.sent == [VIBER]


async def test_a_late_delivery_of_an_earlier_step_ends_the_flow(stage: Stage) -> None:
    """While the Sms waits, Viber turns out to be delivered: Succeeded by Viber."""
    stage.script.late = {SMS: (1, Status.DELIVERED)}

    outcome = await stage.play(a_flow())

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.sent == [VIBER, SMS]


async def test_a_maybe_sent_step_waits_for_its_report(stage: Stage) -> None:
    """Nobody knows whether it was sent: it is not sent again, its report decides."""
    stage.script.answers = {VIBER: None}
    stage.script.says = {VIBER: Status.DELIVERED}

    outcome = await stage.play(a_flow())

    assert outcome.channel is VIBER
    assert stage.script.sent == [VIBER]


async def test_a_maybe_sent_step_without_a_report_expires(stage: Stage) -> None:
    """Only its ttl ends the wait."""
    stage.script.answers = {VIBER: None}
    stage.script.says = {SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow())

    assert outcome.channel is SMS
    assert statuses(stage.script.told[-1]) == [Status.EXPIRED, Status.DELIVERED]


async def test_a_send_that_fails_for_good_waits_like_one_that_was_maybe_sent(stage: Stage) -> None:
    """An activity that can never succeed is no verdict on the message."""
    stage.script.says = {
        VIBER: ApplicationError("broken", non_retryable=True),
        SMS: Status.DELIVERED,
    }

    outcome = await stage.play(a_flow())

    assert outcome.channel is SMS
    assert stage.script.told[-1].steps[0].reason == "TTL Expired"


async def test_a_refusal_fails_over_at_once(stage: Stage) -> None:
    """The provider's refusal is the step's status; no ttl passes."""
    stage.script.answers = {VIBER: Status.FAILED}
    stage.script.says = {SMS: Status.DELIVERED}

    await stage.play(a_flow())

    first, second = stage.script.told[-1].steps
    assert first.status is Status.FAILED
    assert second.started_at - first.started_at < timedelta(seconds=20)


async def test_a_send_that_is_retried_stops_at_the_ttl(stage: Stage) -> None:
    """A provider that takes nothing for 30 s is left for the next channel."""
    stage.script.says = {VIBER: ApplicationError("not sent"), SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(ttl=0.5), sms()))

    assert outcome.channel is SMS
    assert stage.script.attempts[0] == 1
    assert max(stage.script.attempts) >= 3


async def test_a_day_long_flow_takes_seconds(stage: Stage) -> None:
    """Three ttls of 20 hours: the engine's clock moves 60 hours."""
    flow = a_flow(sms(), sms(), sms(), ttls=[72_000.0] * 3)

    outcome = await stage.play(flow)

    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "2")
    last = stage.script.told[-1]
    assert last.updated_at - last.steps[0].started_at >= timedelta(hours=60)


async def test_delivered_is_not_enough_where_seen_is_wanted(stage: Stage) -> None:
    """With expireOnDelivery a delivered but unread message expires."""
    stage.script.says = {VIBER: Status.DELIVERED, SMS: Status.DELIVERED}

    outcome = await stage.play(a_flow(viber(expireOnDelivery=True), sms()))

    assert outcome.channel is SMS
    assert stage.script.told[-1].steps[0].status is Status.EXPIRED


async def test_a_report_beats_a_ttl_that_fired_in_the_same_task(
    stage: Stage, environment: WorkflowEnvironment
) -> None:
    """Worker away, ttl over, then Delivered: when the worker is back, no second channel is paid."""
    flow = a_flow(viber(ttl=10), sms())
    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
    await environment.fast_forward(handle, timedelta(minutes=10))
    await stage.flows.report(flow.ref(1), delivered(flow, 1))

    async with stage.working():
        outcome = await asyncio.wait_for(handle.result(), 30)

    assert (outcome.status, outcome.channel) == (FlowStatus.SUCCEEDED, VIBER)
    assert stage.script.sent == [VIBER]


async def test_a_worker_without_memory_of_the_flow_goes_on_with_it(stage: Stage) -> None:
    """With nothing cached every task replays the history from its start."""
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}

    async with stage.working(max_cached_workflows=0):
        handle = await stage.start(a_flow(strategy=Strategy.ON_STEP))
        outcome = await asyncio.wait_for(handle.result(), 60)

    assert outcome.channel is SMS


async def test_ops_find_a_flow_by_its_outcome(stage: Stage) -> None:
    """Search attributes are set at the start, and once more with the outcome."""
    stage.script.says = {VIBER: Status.UNDELIVERED, SMS: Status.DELIVERED}
    flow = a_flow()

    await stage.play(flow)

    found = await stage.attributes(flow)
    assert found[names.ACCOUNT] == "acme"
    assert found[names.APPLICATION] == flow.application
    assert found[names.KIND] == "transactional"
    assert found[names.STATUS] == "Succeeded"
    assert found[names.CHANNEL] == "Sms"
    assert found[names.RECIPIENT_HASHES] == [stage.flows.recipient_hash("+306900000101")]
