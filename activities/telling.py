"""One attempt to tell a client, and what becomes of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from accounts import callback_keys
from activities.again import again, soon
from activities.signing import Signatures
from domain.address import origin
from domain.letter import Letter
from egress.deliver import Deliverer, Delivery
from egress.origins import Deferred, Origins
from egress.schedule import Schedule, retry_after_seconds
from metrics import catalogue as metrics
from tracking.outbox import Attempt, Kept, Outbox, State

_log = structlog.get_logger()
_chance = random.SystemRandom()


@dataclass(frozen=True)
class Due:
    """A letter on record, and the sealed keys that sign it."""

    kept: Kept
    keys: Sequence[str]


@dataclass(frozen=True)
class Telling:
    """Tells clients: POSTs what is kept for them."""

    outbox: Outbox
    signatures: Signatures
    deliverer: Deliverer
    origins: Origins = field(default_factory=Origins)
    schedule: Schedule = Schedule()

    async def due(self, connection: AsyncConnection, kept: Kept) -> Due:
        """What an attempt needs, as part of the transaction that found the letter."""
        return Due(kept, await callback_keys.live(connection, kept.letter.application))

    async def attempt(self, due: Due) -> bool:
        """POST the letter to its receiver once; False if that wants no more of this flow.

        Raises, to be tried again, until the receiver answers 2xx or 410, or the schedule has no
        further slot; never for good. An attempt that is deferred for the receiver's sake counts
        as none. What was settled before is not told again.
        """
        kept = due.kept
        if kept.state is not State.WAITING:
            return not kept.is_gone
        at = datetime.now(UTC)
        delivery = await self._delivered(due)
        attempt = Attempt(
            at=at, status=delivery.status, fault=delivery.fault, seconds=round(delivery.seconds, 3)
        )
        if delivery.succeeded:
            await self._settle(kept, attempt, delivery, State.DELIVERED)
            metrics.received((datetime.now(UTC) - kept.letter.at).total_seconds())
            return True
        delay = self._delay(kept, delivery)
        if delay is None:
            await self._settle(kept, attempt, delivery, State.DEAD)
            _log.warning("callback dead", event_id=kept.letter.event, answer=str(delivery))
            return not delivery.gone
        await self._note(kept, attempt, delivery)
        raise again("CallbackNotTaken", f"the receiver answered {delivery}", delay)

    async def _delivered(self, due: Due) -> Delivery:
        kept = due.kept
        letter, is_last = kept.letter, self.schedule.wait(_age(kept), _chance) is None
        try:
            async with self.origins.place(letter.account, origin(letter.url), is_last) as place:
                delivery = await self._posted(letter, due.keys)
                place.note(_failed(delivery))
        except Deferred as deferred:
            metrics.told("deferred")
            # The last slot must not pass unused: then no failing of others is a reason.
            until_last = max(0.0, self.schedule.last - _age(kept))
            delay = deferred.seconds if is_last else min(deferred.seconds, until_last)
            raise again("CallbackDeferred", f"the receiver is {deferred.why}", delay) from None
        return delivery

    async def _posted(self, letter: Letter, keys: Sequence[str]) -> Delivery:
        body = letter.body.encode()
        headers = self.signatures.headers(letter, body, keys)
        return await self.deliverer.deliver(letter.url, body, headers)

    def _delay(self, kept: Kept, delivery: Delivery) -> float | None:
        """Seconds to the next attempt; None where there is none."""
        if delivery.gone or delivery.refused:
            return None
        asked = retry_after_seconds(delivery.retry_after, datetime.now(UTC))
        return self.schedule.wait(_age(kept), _chance, asked)

    async def _settle(self, kept: Kept, attempt: Attempt, delivery: Delivery, end: State) -> None:
        try:
            await self.outbox.note(kept, attempt, delivery.answer, end)
        except SQLAlchemyError as fault:
            raise soon("NotRecorded", fault) from None
        metrics.told(end)

    async def _note(self, kept: Kept, attempt: Attempt, delivery: Delivery) -> None:
        """A failed attempt is repeated at its time, be it on record or not."""
        metrics.told("retried")
        try:
            await self.outbox.note(kept, attempt, delivery.answer, State.WAITING)
        except SQLAlchemyError as fault:
            _log.warning("attempt not recorded", fault=type(fault).__name__)


def _age(kept: Kept) -> float:
    return (activity.info().current_attempt_scheduled_time - kept.since).total_seconds()


def _failed(delivery: Delivery) -> bool | None:
    """Whether the receiver failed, rather than took or refused it; None if it was not asked."""
    if delivery.is_forbidden:
        return None
    return delivery.status is None or delivery.status == 429 or delivery.status >= 500
