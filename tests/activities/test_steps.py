"""Sending once, whatever happens in between."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError

from activities.intents import Intents
from domain.flow import Flow, Strategy
from domain.progress import Progress
from domain.status import Status
from providers.base import Outgoing
from providers.exchange import HttpRequest
from providers.sandbox import Sandbox
from providers.token import Addressed, ReportTokens
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import metadata, sends
from tests.activities.conftest import Sending
from tests.activities.steps import unreported
from tests.conftest import until
from tests.samples import a_flow, sms, viber
from tests.sandbox.bench import Receiver
from tracking.records import Tracking


def to(digits: str) -> str:
    """A number with the sandbox's script."""
    return f"+30690000{digits}"


async def state(database: AsyncEngine, reference: str) -> str | None:
    """How far the record says that the send got."""
    async with reading(database) as connection:
        query = select(sends.c.state).where(sends.c.reference == reference)
        return (await connection.execute(query)).scalar_one_or_none()


async def test_an_accepted_step_is_queued_with_the_providers_id(
    sending: Sending, database: AsyncEngine
) -> None:
    """The answer is the message's id; the record says that it was answered."""
    flow = a_flow(viber(to("0106")))

    answer = await sending.attempt(flow)

    (message,) = await sending.inbox(flow)
    assert answer is not None
    assert (answer.status, answer.message_id) == (Status.QUEUED, message["messageId"])
    assert await state(database, flow.ref(1).reference) == "answered"


async def test_the_provider_gets_what_it_needs_and_no_more(
    sending: Sending, receiver: Receiver
) -> None:
    """Number, sender, content, and a validity of what is left of the ttl."""
    flow = a_flow(viber(to("0106"), ttl=10))

    await sending.attempt(
        flow, current_attempt_scheduled_time=flow.created_at + timedelta(minutes=4)
    )

    (message,) = await sending.inbox(flow)
    assert message["to"] == to("0106")
    assert message["from"] == "AcmeShop"
    assert message["content"]["templateParams"] == {"customer_name": "Nadia", "order_id": "7731"}
    assert {"to", "seq", "senderInfoTrackingId"}.isdisjoint(message["content"])


async def test_an_attempt_late_in_the_ttl_ends_with_it(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said both ways: in what is left, and as a time."""
    taken: list[Outgoing] = []
    build = Sandbox.build_request

    def noting(self: Sandbox, outgoing: Outgoing) -> HttpRequest:
        taken.append(outgoing)
        return build(self, outgoing)

    monkeypatch.setattr(Sandbox, "build_request", noting)
    flow = a_flow(viber(to("0106"), ttl=10))
    began = flow.created_at

    await sending.attempt(flow, current_attempt_scheduled_time=began + timedelta(minutes=4))

    (outgoing,) = taken
    assert outgoing.validity == 360
    assert outgoing.expires == pytest.approx((began + timedelta(minutes=10)).timestamp())


async def test_an_answered_send_is_never_repeated(sending_blindly: Sending) -> None:
    """A worker killed after the answer was kept: the next attempt returns it."""
    flow = a_flow(sms(to("0106")))

    first = await sending_blindly.attempt(flow)
    second = await sending_blindly.attempt(flow, number=2)

    assert first == second
    assert len(await sending_blindly.inbox(flow)) == 1


async def test_a_second_attempt_whose_first_never_ran_sends(sending_blindly: Sending) -> None:
    """Under load the engine loses started tasks: no record, so nothing was sent."""
    flow = a_flow(sms(to("0106")))

    answer = await sending_blindly.attempt(flow, number=2)

    assert answer is not None
    assert len(await sending_blindly.inbox(flow)) == 1


async def test_an_open_intent_is_not_sent_again_where_nobody_deduplicates(
    sending_blindly: Sending,
) -> None:
    """A worker killed between intent and answer: maybe sent, so not written again."""
    flow = a_flow(sms(to("0106")))
    await _intended(sending_blindly, flow)

    answer = await sending_blindly.attempt(flow, number=2)

    assert answer is None
    assert await sending_blindly.inbox(flow) == []


async def test_an_open_intent_is_sent_again_where_the_provider_deduplicates(
    sending: Sending,
) -> None:
    """The same reference twice is one message."""
    flow = a_flow(sms(to("0106")))
    await _intended(sending, flow)

    answer = await sending.attempt(flow, number=2)

    assert answer is not None
    assert len(await sending.inbox(flow)) == 1


async def test_a_provider_that_was_not_reached_is_tried_again_from_the_start(
    sending_blindly: Sending, database: AsyncEngine
) -> None:
    """429: provably not sent, after the provider's own delay, even without deduplication."""
    flow = a_flow(sms(to("0111")))

    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as caught:
            await sending_blindly.attempt(flow, number=attempt)
        assert caught.value.type == "NotSent"
        assert caught.value.next_retry_delay == timedelta(seconds=1)
        assert await state(database, flow.ref(1).reference) == "not sent"
    answer = await sending_blindly.attempt(flow, number=3)

    assert answer is not None
    assert len(await sending_blindly.inbox(flow)) == 1


async def test_an_attempt_that_was_not_sent_says_nothing_of_an_earlier_one(
    sending: Sending, database: AsyncEngine
) -> None:
    """429 to a repetition: what the first attempt wrote may still have been taken."""
    flow = a_flow(sms(to("0111")))
    await _intended(sending, flow)

    with pytest.raises(ApplicationError) as caught:
        await sending.attempt(flow, number=2)

    assert caught.value.type == "NotSent"
    assert await state(database, flow.ref(1).reference) == "repeated"


async def test_a_closed_connection_is_maybe_sent(sending: Sending, database: AsyncEngine) -> None:
    """Unread or lost after the write look alike: tried again only where that is harmless."""
    flow = a_flow(sms(to("0113")))

    with pytest.raises(ApplicationError) as caught:
        await sending.attempt(flow)
    assert caught.value.type == "MaybeSent"
    assert await state(database, flow.ref(1).reference) == "sending"

    assert await sending.attempt(flow, number=2) is not None
    assert len(await sending.inbox(flow)) == 1


@pytest.mark.parametrize("digits", ["0110", "0112", "0113"])
async def test_maybe_sent_is_the_answer_where_nobody_deduplicates(
    sending_blindly: Sending, digits: str
) -> None:
    """500, silence, a closed connection: the wait goes on, the message is not written again."""
    flow = a_flow(sms(to(digits)))

    assert await sending_blindly.attempt(flow) is None
    assert await sending_blindly.attempt(flow, number=2) is None
    assert len(await sending_blindly.inbox(flow)) <= 1


async def test_a_refusal_is_a_status(sending: Sending) -> None:
    """A report address of another origin is refused by the sandbox: our fault, and final."""
    elsewhere = unreported(sending.steps)
    flow = a_flow(sms(to("0101")))

    answer = await dataclasses.replace(sending, steps=elsewhere).attempt(flow)

    assert answer is not None
    assert (answer.status, answer.our_fault) == (Status.FAILED, True)
    assert answer.reason == "Message Rejected"


async def test_a_content_that_cannot_be_opened_fails_the_step(
    sending: Sending, database: AsyncEngine
) -> None:
    """A key that is gone is our fault, not the recipient's: FAILED, so the flow may go on."""
    blind = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    chain = dataclasses.replace(
        sending.steps.chain, intents=Intents(database, Tracking(database, blind))
    )
    steps = dataclasses.replace(sending.steps, chain=chain, sealer=blind)

    answer = await dataclasses.replace(sending, steps=steps).attempt(a_flow(viber(), sms()))

    assert answer is not None
    assert (answer.status, answer.our_fault) == (Status.FAILED, True)


async def test_without_a_database_nothing_is_sent(sending: Sending, database: AsyncEngine) -> None:
    """An intent that cannot be recorded is tried again; the failure names no parameter."""
    flow = a_flow(sms(to("0106")))
    async with writing(database) as connection:
        await connection.run_sync(metadata.drop_all)

    with pytest.raises(ApplicationError) as caught:
        await sending.attempt(flow)

    assert caught.value.type == "IntentNotRecorded"
    assert to("0106") not in str(caught.value)
    assert await sending.inbox(flow) == []


async def test_an_answer_that_cannot_be_kept_is_still_returned(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the provider's accept nothing raises."""

    async def away(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Intents, "accepted", away)
    flow = a_flow(sms(to("0106")))

    assert await sending.attempt(flow) is not None


async def test_of_two_attempts_at_once_one_is_fresh(
    database: AsyncEngine, tracking: Tracking, sealer: Sealer
) -> None:
    """The engine may have lost one that still runs."""
    flow = sealer.sealed(a_flow(sms()))
    intents = Intents(database, tracking)
    progress = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    content = sealer.content(flow, 1)

    found = await asyncio.gather(
        *(intents.declare(flow, progress, content, "sandbox") for _ in range(8))
    )

    assert sum(intent.fresh for intent in found) == 1


async def test_the_snapshot_is_written_with_the_intent(
    sending: Sending, tracking: Tracking
) -> None:
    """A row that the API could not write heals here."""
    flow = a_flow(sms(to("0106")))

    await sending.attempt(flow)

    tracked = await tracking.find(flow.account, flow.tracking_id)
    assert tracked is not None
    assert [step.order for step in tracked.progress.steps] == [1]


async def test_the_report_address_names_the_step(
    sending: Sending, receiver: Receiver, keys: Keyring
) -> None:
    """Its token holds all that the flow's id is made of."""
    flow = a_flow(sms(to("0101")), strategy=Strategy.ON_STEP)
    await sending.attempt(flow)

    def named() -> set[Addressed]:
        paths = [path for path in receiver.paths() if path.startswith("/reports/sandbox/")]
        tokens = [path.rpartition("/")[2] for path in paths]
        return {ReportTokens(keys).read("sandbox", token, now=0) for token in tokens}

    await until(lambda: Addressed(flow.ref(1), on_step=True) in named())


async def _intended(sending: Sending, flow: Flow) -> None:
    """An attempt that was killed after its intent."""
    sealed = sending.sealed(flow)
    progress = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    content = sending.steps.sealer.content(sealed, 1)
    await sending.steps.chain.intents.declare(sealed, progress, content, "sandbox")
