"""What is on record of a callback, from its first attempt to its end."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook, WebhookVerificationError
from temporalio.exceptions import ApplicationError

from accounts import callback_keys, register
from accounts.base import Application
from accounts.credentials import new_callback_key
from domain.flow import Flow, Publication
from egress.bounds import Bounds
from egress.origins import Origins
from egress.schedule import Schedule
from storage.engine import reading, writing
from storage.seal import Sealer
from storage.tables import callbacks
from tests.activities.test_callbacks import publish
from tests.egress.receivers import Play, answering, hang_up, receiving
from tests.samples import a_flow, sms
from tracking.outbox import MOST_ATTEMPTS, Kept, Outbox, State

SECRET = b'{"echo":"Parcel 7731 is ready"}'


async def kept(database: AsyncEngine, sealer: Sealer, flow: Flow) -> Kept:
    """The one callback on record of the flow, which ended at its second move."""
    async with reading(database) as connection:
        found = await Outbox(database, sealer).kept(connection, f"msg_{flow.tracking_id}-2")
    assert found is not None
    return found


def one_after_the_other(*plays: Play) -> Play:
    """Plays each once."""
    left: Iterator[Play] = iter(plays)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await next(left)(reader, writer)

    return play


def losing(database: AsyncEngine, status: int) -> Play:
    """The record is gone by the time that it answers."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with writing(database) as connection:
            await connection.execute(text("ALTER TABLE callbacks RENAME TO elsewhere"))
        await answering(status)(reader, writer)

    return play


async def test_every_attempt_sends_the_same_bytes_under_the_same_id(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """They were made once: what was charged or changed since does not move them."""
    play = one_after_the_other(answering(500), answering(503), answering(200))
    async with receiving(play) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        for _ in range(2):
            with pytest.raises(ApplicationError):
                await publish(flow, database, sealer)
            await _charge(database, flow)
        assert await publish(flow, database, sealer)
    first, *others = receiver.requests
    assert [body for _, body in others] == [first[1]] * 2
    assert receiver.headers["webhook-id"] == f"msg_{flow.tracking_id}-2"
    assert orjson.loads(first[1])["totalPrice"] == 0
    told = await kept(database, sealer, flow)
    assert told.state is State.DELIVERED
    assert [each.status for each in told.attempts] == [500, 503, 200]


async def _charge(database: AsyncEngine, flow: Flow) -> None:
    async with writing(database) as connection:
        await register.open_account(connection, flow.account)
        await connection.execute(
            text(
                'INSERT INTO ledger (account, tracking_id, "order", kind, amount, at) '
                "VALUES (:account, :flow, 1, 'charge', -40000, '2026-09-01T08:15:30.120Z')"
            ),
            {"account": flow.account, "flow": flow.tracking_id},
        )


async def test_what_was_delivered_is_not_told_again(database: AsyncEngine, sealer: Sealer) -> None:
    """The worker died before the engine heard of it: the record has it."""
    async with receiving(answering(200)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        assert await publish(flow, database, sealer)
        assert await publish(flow, database, sealer)
    assert len(receiver.requests) == 1


async def test_a_receiver_that_was_gone_is_gone(database: AsyncEngine, sealer: Sealer) -> None:
    """The worker died after the 410 was noted: the flow's later callbacks stay unwanted."""
    async with receiving(answering(410)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        assert not await publish(flow, database, sealer)
        assert not await publish(flow, database, sealer)
    assert len(receiver.requests) == 1


async def test_a_fault_is_on_record_by_its_name(database: AsyncEngine, sealer: Sealer) -> None:
    """For ops and for the client: when, what, how long."""
    async with receiving(hang_up) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        with pytest.raises(ApplicationError):
            await publish(flow, database, sealer)
    waiting = await kept(database, sealer, flow)
    (attempt,) = waiting.attempts
    assert (attempt.status, attempt.fault) == (None, "RemoteProtocolError")
    assert waiting.state is State.WAITING


@pytest.mark.parametrize(("answer", "age"), [(410, 0), (500, 24)])
async def test_a_dead_callback_is_kept_with_its_bytes(
    answer: int, age: int, database: AsyncEngine, sealer: Sealer
) -> None:
    """After the last attempt, or at once where the receiver is gone."""
    async with receiving(answering(answer)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        more = await publish(flow, database, sealer, age=timedelta(hours=age))
    assert more is (answer != 410)
    dead = await kept(database, sealer, flow)
    assert dead.state is State.DEAD
    assert dead.letter.body.encode() == receiver.requests[0][1]
    assert dead.letter.url == receiver.url


async def test_what_nobody_wants_is_dead_without_an_attempt(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """Once a receiver was gone; a replay may still deliver it."""
    async with receiving(answering(200)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        assert not await publish(flow, database, sealer, how=Publication.UNWANTED)
    assert receiver.requests == []
    dead = await kept(database, sealer, flow)
    assert (dead.state, dead.attempts) == (State.DEAD, ())


async def test_what_is_only_recorded_is_no_callback(database: AsyncEngine, sealer: Sealer) -> None:
    """It is told in its turn."""
    flow = a_flow(sms(), url="https://hooks.acme.test/")
    await publish(flow, database, sealer, how=Publication.RECORDED)
    async with reading(database) as connection:
        assert (await connection.execute(select(callbacks))).all() == []


async def test_an_end_that_cannot_be_recorded_is_told_again_under_the_same_id(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """The database went away while the receiver answered: better twice than lost."""

    async with receiving(one_after_the_other(losing(database, 200), answering(200))) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        with pytest.raises(ApplicationError) as caught:
            await publish(flow, database, sealer)
        assert caught.value.type == "NotRecorded"
        async with writing(database) as connection:
            await connection.execute(text("ALTER TABLE elsewhere RENAME TO callbacks"))
        assert await publish(flow, database, sealer)
    (first, again) = receiver.requests
    assert first[1] == again[1]
    assert (await kept(database, sealer, flow)).state is State.DELIVERED


async def test_an_attempt_that_cannot_be_recorded_is_repeated_at_its_time(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """The receiver's schedule does not depend on our record of it."""

    async with receiving(losing(database, 500)) as receiver:
        with pytest.raises(ApplicationError) as caught:
            await publish(a_flow(sms(), url=receiver.url), database, sealer)
    assert caught.value.type == "CallbackNotTaken"
    assert caught.value.next_retry_delay is not None


async def test_nothing_is_kept_in_clear(database: AsyncEngine, sealer: Sealer) -> None:
    """Neither the text nor the address, nor what the receiver echoed."""
    async with receiving(answering(500, body=SECRET)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        with pytest.raises(ApplicationError):
            await publish(flow, database, sealer)
    async with reading(database) as connection:
        (row,) = (await connection.execute(select(callbacks))).all()
    for part in ("Parcel", "ready", "callbacks?flow", "+306900000101"):
        assert part not in str(row)


async def test_the_latest_attempts_are_kept(database: AsyncEngine, sealer: Sealer) -> None:
    """A callback that is replayed day after day does not grow for ever."""
    async with receiving(answering(500)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        for _ in range(MOST_ATTEMPTS + 2):
            with pytest.raises(ApplicationError):
                await publish(flow, database, sealer)
    assert len((await kept(database, sealer, flow)).attempts) == MOST_ATTEMPTS


async def _keyed(database: AsyncEngine, sealer: Sealer, flow: Flow, *keys: str) -> None:
    async with writing(database) as connection:
        await register.open_account(connection, flow.account)
        if await register.application(connection, flow.application) is None:
            application = Application(flow.application, flow.account)
            await register.add_application(connection, application, "secret")
        await callback_keys.remove(connection, flow.application)
        for key in keys:
            sealed = callback_keys.sealed(sealer, flow.application, key)
            await callback_keys.add(connection, flow.application, sealed)


async def test_each_attempt_is_signed_with_every_live_key(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """Whoever holds one of them can tell that it is from us, and from now."""
    keys = [new_callback_key(), new_callback_key()]
    async with receiving(answering(200)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        await _keyed(database, sealer, flow, *keys)
        assert await publish(flow, database, sealer)
    ((_, body),) = receiver.requests
    assert len(receiver.headers["webhook-signature"].split()) == 2
    assert receiver.headers["x-failover-sequence"] == "2"
    for key in keys:
        assert Webhook(key).verify(body, receiver.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_callback_key()).verify(body, receiver.headers)


async def test_without_a_key_it_is_told_unsigned(database: AsyncEngine, sealer: Sealer) -> None:
    """Of an application that was removed, say: its flows go on."""
    async with receiving(answering(200)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        await _keyed(database, sealer, flow)
        assert await publish(flow, database, sealer)
    assert "webhook-timestamp" in receiver.headers
    assert "webhook-signature" not in receiver.headers


async def test_without_the_keys_it_waits(database: AsyncEngine, sealer: Sealer) -> None:
    """Rather than go out unsigned, it is tried again soon."""
    async with receiving(answering(200)) as receiver:
        flow = a_flow(sms(), url=receiver.url)
        async with writing(database) as connection:
            await connection.execute(text("ALTER TABLE callback_keys RENAME TO elsewhere"))
        with pytest.raises(ApplicationError) as caught:
            await publish(flow, database, sealer)
        assert receiver.requests == []
        async with writing(database) as connection:
            await connection.execute(text("ALTER TABLE elsewhere RENAME TO callback_keys"))
        assert await publish(flow, database, sealer)
    assert caught.value.type == "NotRecorded"
    assert len(receiver.requests) == 1


def _failing() -> Origins:
    """Receivers of which one failure is enough."""
    return Origins(Bounds(failures=1))


async def test_what_is_deferred_counts_as_no_attempt(database: AsyncEngine, sealer: Sealer) -> None:
    """Another flow's callback has failed there: this one comes when the pause is over."""
    origins = _failing()
    async with receiving(answering(500)) as receiver:
        with pytest.raises(ApplicationError):
            await publish(a_flow(sms(), url=receiver.url), database, sealer, origins=origins)
        flow = a_flow(sms(), url=receiver.url)
        with pytest.raises(ApplicationError) as caught:
            await publish(flow, database, sealer, origins=origins)
    assert caught.value.type == "CallbackDeferred"
    assert caught.value.next_retry_delay is not None
    assert caught.value.next_retry_delay > timedelta(seconds=29)
    assert len(receiver.requests) == 1
    assert (await kept(database, sealer, flow)).attempts == ()


async def test_the_last_slot_is_not_deferred(database: AsyncEngine, sealer: Sealer) -> None:
    """However the receiver does: an event has at least one attempt, and this is its last."""
    origins = _failing()
    async with receiving(answering(500)) as receiver:
        with pytest.raises(ApplicationError):
            await publish(a_flow(sms(), url=receiver.url), database, sealer, origins=origins)
        late = a_flow(sms(), url=receiver.url)
        day = timedelta(hours=24)
        assert await publish(late, database, sealer, age=day, origins=origins)
    assert len(receiver.requests) == 2
    assert (await kept(database, sealer, late)).state is State.DEAD


async def test_a_deferral_ends_with_the_last_slot(database: AsyncEngine, sealer: Sealer) -> None:
    """It never carries an event past its day."""
    origins = _failing()
    async with receiving(answering(500)) as receiver:
        with pytest.raises(ApplicationError):
            await publish(a_flow(sms(), url=receiver.url), database, sealer, origins=origins)
        age = timedelta(hours=20)
        flow = a_flow(sms(), url=receiver.url)
        schedule = Schedule(slots=(age.total_seconds() + 1,), jitter=0)
        with pytest.raises(ApplicationError) as caught:
            await publish(flow, database, sealer, age=age, origins=origins, schedule=schedule)
    assert caught.value.next_retry_delay == timedelta(seconds=1)
