"""Callbacks on record: what a client is told of an event, until it was taken or is dead.

A row has one author at a time: the activity that tells of its event. Its bytes are made once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import structlog
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.letter import Letter
from domain.wire import Moment, Wire
from storage.engine import reading, writing, writing_once
from storage.seal import Sealer, Unsealable, of
from storage.statements import Insert, Inserting, built_once
from storage.tables import callbacks

_log = structlog.get_logger()

GONE = 410

MOST_ATTEMPTS = 50
"""How many of a callback's attempts are kept, the latest: a replay makes up to 13 more."""


class State(StrEnum):
    """Where a callback stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(Wire):
    """One POST: when, what was answered or went wrong, and how many seconds it took."""

    at: Moment
    status: int | None = None
    fault: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Kept:
    """A letter on record, in clear. Its schedule began at `since`: the event, or its replay."""

    letter: Letter
    state: State
    since: datetime
    attempts: tuple[Attempt, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether its receiver answered 410 last: it wants no more of the flow."""
        return bool(self.attempts) and self.attempts[-1].status == GONE


class Outbox:
    """Keeps letters, and what became of them.

    Every method raises SQLAlchemyError when the database is away.
    """

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    async def kept(self, connection: AsyncConnection, event: str) -> Kept | None:
        """What is on record of the event, as part of a transaction.

        Raises:
            Unsealable: by a key that is gone.
        """
        row = (await connection.execute(_KEPT, {"event": event})).first()
        return self._kept(row) if row else None

    async def keep(
        self, connection: AsyncConnection, letter: Letter, state: State = State.WAITING
    ) -> Kept:
        """Put the letter on record, as part of a transaction; the first one of its event stays.

        Raises:
            Unsealable: the first one was sealed by a key that is gone.
        """
        sealed = self._sealer.sealed_letter(letter)
        made = await connection.execute(
            _put(connection),
            {
                "id": letter.event,
                "account": letter.account,
                "application": letter.application,
                "tracking_id": letter.tracking_id,
                "seq": letter.seq,
                "state": state,
                "replays": 0,
                "url": sealed.url,
                "body": sealed.body,
                "attempts": "[]",
                "answer": "",
                "happened_at": letter.at,
                "since": letter.at,
            },
        )
        if made.rowcount:
            return Kept(letter, state, letter.at)
        kept = await self.kept(connection, letter.event)
        assert kept is not None  # noqa: S101  the insert has just found it
        return kept

    async def note(self, kept: Kept, attempt: Attempt, answer: bytes, state: State) -> None:
        """Add an attempt, and say where the letter stands after it."""
        attempts = (*kept.attempts, attempt)[-MOST_ATTEMPTS:]
        text = answer.decode(errors="replace")
        async with writing_once(self._engine) as connection:
            await connection.execute(
                _NOTED,
                {
                    "event": kept.letter.event,
                    "state": state,
                    "attempts": _column(attempts),
                    "answer": self._sealer.seal(text, of(kept.letter, "answer")) if text else "",
                },
            )

    async def next_replayed(self, account: str, tracking_id: str) -> Kept | None:
        """The first of the flow's callbacks that was asked for again and waits.

        One that does not open is dead.
        """
        query = (
            select(callbacks)
            .where(
                callbacks.c.tracking_id == tracking_id,
                callbacks.c.account == account,
                callbacks.c.state == State.WAITING,
                callbacks.c.replays > 0,
            )
            .order_by(callbacks.c.seq.nulls_last(), callbacks.c.happened_at)
            .limit(1)
        )
        while True:
            async with reading(self._engine) as connection:
                row = (await connection.execute(query)).first()
            if row is None:
                return None
            try:
                return self._kept(row)
            except Unsealable as fault:
                _log.error("callback not opened", event_id=row.id, fault=str(fault))
                await self._bury(row.id)

    async def _bury(self, event: str) -> None:
        async with writing(self._engine) as connection:
            dead = update(callbacks).where(callbacks.c.id == event).values(state=State.DEAD)
            await connection.execute(dead)

    def _kept(self, row: Row[Any]) -> Kept:
        letter = self._sealer.letter(sealed_letter(row))
        return Kept(letter, State(row.state), row.since, attempts_of(row.attempts))


_KEPT = select(callbacks).where(callbacks.c.id == bindparam("event"))
_NOTED = update(callbacks).where(callbacks.c.id == bindparam("event"))


@built_once
def _put(insert: Inserting) -> Insert:
    return insert(callbacks).on_conflict_do_nothing()


def _column(attempts: Sequence[Attempt]) -> str:
    return orjson.dumps([each.model_dump(mode="json") for each in attempts]).decode()


def sealed_letter(row: Row[Any]) -> Letter:
    """The letter of a row of `callbacks`, sealed as it is kept."""
    return Letter(
        event=row.id,
        account=row.account,
        application=row.application,
        tracking_id=row.tracking_id,
        seq=row.seq,
        at=row.happened_at,
        url=row.url,
        body=row.body,
    )


def attempts_of(column: str) -> tuple[Attempt, ...]:
    """The attempts in a row's column."""
    listed: Sequence[Any] = orjson.loads(column)
    return tuple(map(Attempt.model_validate, listed))
