"""Flows that are not over, or whose clients do not know all, as far as the record knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.progress import OVER, FlowStatus
from storage.engine import reading
from storage.tables import callbacks, flows
from tracking.outbox import State

UNDER_WAY = tuple(status for status in FlowStatus if status not in OVER)


class Recorded(NamedTuple):
    """A flow on record, by its name, and when it was made."""

    account: str
    tracking_id: str
    created_at: datetime


_RECORDED = (flows.c.account, flows.c.tracking_id, flows.c.created_at)


async def unfinished(engine: AsyncEngine, before: datetime) -> Sequence[Recorded]:
    """Those of which nothing was recorded since, the oldest first."""
    query = select(*_RECORDED).where(
        flows.c.emptied.is_(False),
        flows.c.status.in_(UNDER_WAY),
        flows.c.created_at < before,
        flows.c.updated_at < before,
    )
    async with reading(engine) as connection:
        rows = await connection.execute(query.order_by(flows.c.created_at))
        return [Recorded(*row) for row in rows]


async def untold(engine: AsyncEngine, before: datetime) -> Sequence[Recorded]:
    """Flows that are over, and whose client has not been told all since: their workflow does."""
    waiting = select(callbacks.c.tracking_id).where(
        callbacks.c.state == State.WAITING,
        callbacks.c.replays == 0,
        callbacks.c.seq.is_not(None),
        callbacks.c.happened_at < before,
    )
    query = select(*_RECORDED).where(
        flows.c.tracking_id.in_(waiting), flows.c.status.in_(OVER), flows.c.updated_at < before
    )
    async with reading(engine) as connection:
        rows = await connection.execute(query.order_by(flows.c.created_at))
        return [Recorded(*row) for row in rows]


async def is_unfinished(engine: AsyncEngine, flow: Recorded) -> bool:
    """Whether it still is."""
    query = select(flows.c.status).where(flows.c.tracking_id == flow.tracking_id)
    async with reading(engine) as connection:
        return await connection.scalar(query) in UNDER_WAY


async def newest(engine: AsyncEngine) -> Recorded | None:
    """The flow that was made last, be it over or not."""
    async with reading(engine) as connection:
        found = [
            (await connection.execute(query)).first()
            for query in (
                select(*_RECORDED)
                .where(flows.c.emptied.is_(False), flows.c.status == status)
                .order_by(flows.c.created_at.desc())
                .limit(1)
                for status in FlowStatus
            )
        ]
    return max(
        (Recorded(*row) for row in found if row), key=lambda each: each.created_at, default=None
    )
