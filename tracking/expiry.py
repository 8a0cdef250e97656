"""Callbacks are forgotten by their own age, be their flows over or not; what waits is kept.

Every batch is a transaction of its own, as in `tracking/retention.py`.
"""

from collections.abc import AsyncGenerator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import reading, writing
from storage.tables import callbacks
from tracking.outbox import State

BATCH = 1000
"""Callbacks in a transaction."""

SETTLED = (State.DELIVERED, State.DEAD)


class Expiry:
    """Forgets callbacks whose event happened before a moment, contents, attempts and all."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self, before: datetime) -> int:
        """How many are to be forgotten."""
        query = select(func.count()).select_from(callbacks)
        async with reading(self._engine) as connection:
            counts = [
                await connection.scalar(query.where(_old(before, state))) for state in SETTLED
            ]
        return sum(each or 0 for each in counts)

    async def delete(self, before: datetime) -> AsyncGenerator[int, None]:
        """Delete them; after each batch, how many."""
        for state in SETTLED:
            chosen = select(callbacks.c.id).where(_old(before, state))
            chosen = chosen.order_by(callbacks.c.happened_at).limit(BATCH)
            while True:
                async with reading(self._engine) as connection:
                    ids = (await connection.scalars(chosen)).all()
                if not ids:
                    break
                async with writing(self._engine) as connection:
                    # Not one that was reopened meanwhile.
                    own = and_(callbacks.c.id.in_(ids), callbacks.c.state == state)
                    deleted = await connection.execute(delete(callbacks).where(own))
                yield deleted.rowcount


def _old(before: datetime, state: State) -> ColumnElement[bool]:
    return and_(callbacks.c.state == state, callbacks.c.happened_at < before)
