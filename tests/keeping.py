"""Callbacks on record, as tests begin with them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.letter import Letter
from domain.wire import milliseconds
from storage.engine import writing
from storage.seal import Sealer
from storage.tables import callbacks
from tracking.outbox import Attempt, Kept, Outbox, State

BODY = '{"trackingId":"x","status":"Succeeded","statusCode":null}'


def a_letter(seq: int | None = 1, **members: Any) -> Letter:
    """A letter of acme's that happened just now, in clear."""
    tracking_id = members.get("tracking_id") or str(uuid4())
    known = {
        "event": f"reply_{uuid4().hex}" if seq is None else f"msg_{tracking_id}-{seq}",
        "account": "acme",
        "application": "shop",
        "tracking_id": tracking_id,
        "seq": seq,
        "at": milliseconds(datetime.now(UTC)),
        "url": "http://127.0.0.1:9/secret?token=1",
        "body": BODY,
    }
    return Letter(**{**known, **members})


async def kept(
    database: AsyncEngine, sealer: Sealer, letter: Letter, state: State = State.DEAD
) -> Letter:
    """Put the letter on record; settled by an attempt, unless it waits."""
    outbox = Outbox(database, sealer)
    async with writing(database) as connection:
        waiting = await outbox.keep(connection, letter)
    if state is not State.WAITING:
        await tried(database, sealer, waiting, state)
    return letter


async def tried(
    database: AsyncEngine, sealer: Sealer, waiting: Kept, state: State = State.WAITING
) -> None:
    """Note an attempt that ended so."""
    status = 200 if state is State.DELIVERED else 410
    attempt = Attempt(at=datetime.now(UTC), status=status, seconds=0.5)
    answer = b"" if state is State.DELIVERED else b"no such shop"
    await Outbox(database, sealer).note(waiting, attempt, answer, state)


async def asked_for(database: AsyncEngine, letter: Letter, at: datetime) -> None:
    """Have the letter wait as if it had been reopened at that moment."""
    values = {"state": State.WAITING, "replays": 1, "since": at}
    async with writing(database) as connection:
        await connection.execute(
            update(callbacks).where(callbacks.c.id == letter.event).values(**values)
        )
