"""The intent to send, durable before the request is (design: sending exactly once)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from storage.engine import insert_into, writing
from storage.tables import sends
from tracking.records import Tracking


class State(StrEnum):
    """How far a send got."""

    SENDING = "sending"  # a request may have been written
    NOT_SENT = "not sent"  # provably none was
    ANSWERED = "answered"


@dataclass(frozen=True)
class Intent:
    """What an attempt finds: `fresh` if no request was ever written, or the `answer` of one."""

    fresh: bool
    answer: DeliveryReport | None = None


class Intents:
    """Reads and writes them."""

    def __init__(self, engine: AsyncEngine, tracking: Tracking) -> None:
        self._engine = engine
        self._tracking = tracking

    async def declare(self, flow: Flow, progress: Progress, reference: str) -> Intent:
        """Claim the reference, in one transaction with the snapshot.

        Several attempts may run at once when the engine lost one: only one of them is `fresh`.
        """
        async with writing(self._engine) as connection:
            fresh = await _claim(connection, reference)
            if fresh:
                await self._tracking.record_within(connection, flow, progress)
                return Intent(fresh=True)
            row = await connection.execute(
                select(sends.c.answer).where(sends.c.reference == reference)
            )
            answer = row.scalar_one()
        return Intent(False, DeliveryReport.model_validate_json(answer) if answer else None)

    async def withdraw(self, reference: str) -> None:
        """Provably nothing was written: the next attempt is fresh."""
        await self._mark(reference, State.NOT_SENT)

    async def answered(self, reference: str, answer: DeliveryReport) -> None:
        """Keep the provider's answer for an attempt that repeats this one."""
        await self._mark(reference, State.ANSWERED, answer.model_dump_json())

    async def _mark(self, reference: str, state: State, answer: str | None = None) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(sends)
                .where(sends.c.reference == reference)
                .values(state=state, answer=answer, updated_at=datetime.now(UTC))
            )


async def _claim(connection: AsyncConnection, reference: str) -> bool:
    now = datetime.now(UTC)
    insert = insert_into(connection, sends).values(
        reference=reference, state=State.SENDING, updated_at=now
    )
    claimed = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[sends.c.reference],
            set_={"state": State.SENDING, "updated_at": now},
            where=sends.c.state == State.NOT_SENT,
        )
    )
    return claimed.rowcount == 1
