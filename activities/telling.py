"""One attempt to tell a client, and what becomes of it."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.again import again
from domain.letter import Letter
from egress.deliver import Deliverer, Delivery
from egress.schedule import Schedule
from metrics import catalogue as metrics
from tracking.outbox import Attempt, Kept, Outbox, State

_log = structlog.get_logger()
_chance = random.SystemRandom()


@dataclass(frozen=True)
class Telling:
    """Tells clients: POSTs what is kept for them."""

    outbox: Outbox
    deliverer: Deliverer
    schedule: Schedule = Schedule()

    async def attempt(self, kept: Kept) -> bool:
        """POST the letter to its receiver once; False if that wants no more of this flow.

        Raises, to be tried again, until the receiver answers 2xx or 410, or the schedule has no
        further slot; never for good. What was settled before is not told again.
        """
        if kept.state is not State.WAITING:
            return True
        letter, at = kept.letter, datetime.now(UTC)
        delivery = await self.deliverer.deliver(letter.url, letter.body.encode(), _headers(letter))
        attempt = Attempt(at=at, status=delivery.status, fault=delivery.fault)
        if delivery.succeeded:
            await self._settle(kept, attempt, b"", State.DELIVERED)
            metrics.received((datetime.now(UTC) - letter.at).total_seconds())
            return True
        delay = self._delay(kept, delivery)
        if delay is None:
            _log.warning("callback dead", event_id=letter.event, answer=str(delivery))
            await self._settle(kept, attempt, b"", State.DEAD)
            return not delivery.gone
        await self._note(kept, attempt, b"")
        raise again("CallbackNotTaken", f"the receiver answered {delivery}", delay)

    def _delay(self, kept: Kept, delivery: Delivery) -> float | None:
        age = activity.info().current_attempt_scheduled_time - kept.since
        return None if delivery.gone else self.schedule.wait(age.total_seconds(), _chance)

    async def _settle(self, kept: Kept, attempt: Attempt, answer: bytes, state: State) -> None:
        metrics.told(state)
        try:
            await self.outbox.note(kept, attempt, answer, state)
        except SQLAlchemyError as fault:
            raise again("NotRecorded", type(fault).__name__, _chance.uniform(1, 30)) from None

    async def _note(self, kept: Kept, attempt: Attempt, answer: bytes) -> None:
        """A failed attempt is tried again at its time, be it on record or not."""
        metrics.told("retried")
        try:
            await self.outbox.note(kept, attempt, answer, State.WAITING)
        except SQLAlchemyError as fault:
            _log.warning("attempt not recorded", fault=type(fault).__name__)


def _headers(letter: Letter) -> dict[str, str]:
    sequence = {} if letter.seq is None else {"x-failover-sequence": str(letter.seq)}
    return {"webhook-id": letter.event, **sequence}
