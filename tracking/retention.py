"""What is forgotten, and when: contents and numbers first, later the rows themselves.

Only of flows that are over, by the moment of their end. Every batch is a transaction of its own,
so this may be stopped, repeated, and run beside everything else.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.flow import Flow
from domain.progress import OVER, FlowStatus
from storage.engine import reading, writing
from storage.tables import callbacks, conversations, flows, parts, recipients, reports, sends

BATCH = 200
"""Flows in a transaction."""

Rows = Sequence[Any]


class Retention:
    """Forgets what ended before a moment."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self, before: datetime, *, emptied: bool | None = None) -> int:
        """How many flows ended before; only those that were `emptied` already, or not yet."""
        states = (True, False) if emptied is None else (emptied,)
        ended = [_ended(before, status, state) for status in OVER for state in states]
        async with reading(self._engine) as connection:
            counts = [
                await connection.scalar(select(func.count()).select_from(flows).where(*each))
                for each in ended
            ]
        return sum(each or 0 for each in counts)

    async def empty(self, before: datetime) -> AsyncGenerator[int, None]:
        """Take contents, callback addresses and numbers; after each batch, how many flows' ones."""
        async for rows in self._batches(before, emptied=False):
            async with writing(self._engine) as connection:
                emptied = await _empty(connection, rows)
            yield emptied

    async def delete(self, before: datetime) -> AsyncGenerator[int, None]:
        """Delete emptied flows with all that is on record of them, but for the ledger."""
        async for rows in self._batches(before, emptied=True):
            async with writing(self._engine) as connection:
                deleted = await _delete(connection, rows)
            yield deleted

    async def _batches(self, before: datetime, *, emptied: bool) -> AsyncIterator[Rows]:
        """Flows to be dealt with; each batch must be, or it comes again."""
        for status in OVER:
            query = select(flows.c.tracking_id, flows.c.flow)
            query = query.where(*_ended(before, status, emptied))
            query = query.order_by(flows.c.created_at).limit(BATCH)
            while True:
                async with reading(self._engine) as connection:
                    rows = (await connection.execute(query)).all()
                if not rows:
                    break
                yield rows


def _ended(before: datetime, status: FlowStatus, emptied: bool) -> Sequence[ColumnElement[bool]]:
    """What ended before was also made before: that is what the index knows."""
    return (
        flows.c.emptied.is_(emptied),
        flows.c.status == status,
        flows.c.created_at < before,
        flows.c.updated_at < before,
    )


async def _empty(connection: AsyncConnection, rows: Rows) -> int:
    ids = [row.tracking_id for row in rows]
    # One row stays for the search to find the flow by, as of a flow whose numbers are not known.
    await connection.execute(
        delete(recipients).where(recipients.c.tracking_id.in_(ids), recipients.c.place > 1)
    )
    await connection.execute(
        update(recipients).where(recipients.c.tracking_id.in_(ids)).values(number="", place=0)
    )
    emptied = await connection.execute(
        update(flows)
        .where(flows.c.tracking_id == bindparam("id"), flows.c.emptied.is_(False))
        .values(flow=bindparam("rest"), emptied=True),
        [{"id": row.tracking_id, "rest": _flow(row).emptied().model_dump_json()} for row in rows],
    )
    return emptied.rowcount


async def _delete(connection: AsyncConnection, rows: Rows) -> int:
    ids = [row.tracking_id for row in rows]
    references = [
        flow.ref(step.order).reference for flow in map(_flow, rows) for step in flow.steps
    ]
    await connection.execute(delete(sends).where(sends.c.reference.in_(references)))
    for table in (reports, parts, conversations, callbacks, recipients):
        await connection.execute(delete(table).where(table.c.tracking_id.in_(ids)))
    deleted = await connection.execute(delete(flows).where(flows.c.tracking_id.in_(ids)))
    return deleted.rowcount


def _flow(row: Any) -> Flow:
    return Flow.model_validate_json(row.flow)
