"""Callbacks that are to be delivered again: the statements, each part of a transaction.

What is reopened waits until the flow's `replay` runs. Who reopens it starts that afterwards, and
may die between the two; so what waits untried may be handed over again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import StillWaiting, UnknownCallback
from storage.tables import callbacks
from tracking.outbox import State, attempts_of

UNKNOWN = "No callback has this id"

MOST_LOOKED_AT = 10_000
"""How many that wait are looked through for some that nobody has tried."""

FlowKey = tuple[str, str]
"""A flow's account and tracking id."""


@dataclass(frozen=True)
class Window:
    """When the callbacks' events happened: both ends are inside."""

    since: datetime
    until: datetime | None = None

    @property
    def holds(self) -> ColumnElement[bool]:
        """The condition."""
        at = callbacks.c.happened_at
        return and_(at >= self.since, at <= self.until if self.until else true())


@dataclass(frozen=True)
class Reopened:
    """How many callbacks of each flow wait to be delivered again.

    `more`: further ones of the window are dead.
    """

    flows: Counter[FlowKey]
    more: bool = False

    @property
    def callbacks(self) -> int:
        """How many these are."""
        return self.flows.total()


def whose(account: str | None) -> ColumnElement[bool]:
    """The account's callbacks; those of all accounts for None."""
    return true() if account is None else callbacks.c.account == account


async def one(connection: AsyncConnection, account: str | None, id: str, now: datetime) -> Reopened:
    """Reopen the one callback, be it dead or delivered; one that was reopened before stays so.

    Raises:
        UnknownCallback: there is none.
        StillWaiting: its first delivery is not over.
    """
    own = and_(callbacks.c.id == id, whose(account))
    reopened = await _reopen(connection, own, (State.DEAD, State.DELIVERED), now)
    if reopened:
        return Reopened(reopened)
    row = (await connection.execute(select(callbacks).where(own))).first()
    if row is None:
        raise UnknownCallback(UNKNOWN)
    if not row.replays:
        raise StillWaiting("The callback is still being delivered for the first time")
    return Reopened(_by_flow([row]))


async def dead(
    connection: AsyncConnection,
    account: str | None,
    window: Window,
    limit: int,
    now: datetime,
    untried: Sequence[Row[Any]] = (),
) -> Reopened:
    """Reopen the window's oldest dead callbacks; where there are fewer, add the untried ones."""
    wanted = _dead(account, window)
    # Another's rows are passed over, not waited for: two that reopen at once share them.
    chosen = (
        select(callbacks.c.id)
        .where(wanted)
        .order_by(callbacks.c.happened_at, callbacks.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    of_these = callbacks.c.id.in_(select(chosen.c.id))
    reopened = await _reopen(connection, of_these, (State.DEAD,), now)
    room = limit - sum(reopened.values())
    if room:
        await _move(connection, untried[:room], now)
        return Reopened(reopened + _by_flow(untried[:room]))
    left = await connection.scalar(select(select(callbacks.c.id).where(wanted).exists()))
    return Reopened(reopened, more=bool(left))


async def untried(
    connection: AsyncConnection,
    account: str | None,
    window: Window,
    asked_before: datetime,
) -> Sequence[Row[Any]]:
    """What was reopened before and waits, of flows none of whose callbacks was tried since.

    A flow's callbacks are tried one after the other: if one of them was, the others wait for it.
    Those stand first that were asked for first.
    """
    columns = ("id", "account", "tracking_id", "since", "attempts")
    waiting = select(*(callbacks.c[name] for name in columns)).where(
        whose(account),
        callbacks.c.state == State.WAITING,
        window.holds,
        callbacks.c.replays > 0,
        callbacks.c.since < asked_before,
    )
    newest = waiting.order_by(callbacks.c.since.desc()).limit(MOST_LOOKED_AT)
    rows = (await connection.execute(newest)).all()
    tried = {_flow(row) for row in rows if _was_tried(row)}
    return [row for row in reversed(rows) if _flow(row) not in tried]


async def _move(connection: AsyncConnection, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Nobody has begun with them: their schedule begins when they are handed over."""
    own = and_(callbacks.c.id.in_([row.id for row in rows]), callbacks.c.state == State.WAITING)
    await connection.execute(update(callbacks).where(own).values(since=now))


async def stranded(
    connection: AsyncConnection, account: str, tracking_id: str, now: datetime
) -> Counter[FlowKey]:
    """Reopen what the flow's workflow, which is gone, has left waiting for its first delivery."""
    own = and_(
        whose(account),
        callbacks.c.tracking_id == tracking_id,
        callbacks.c.replays == 0,
        callbacks.c.seq.is_not(None),  # a reply is no workflow's
    )
    return await _reopen(connection, own, (State.WAITING,), now)


async def count(
    connection: AsyncConnection, account: str | None, window: Window
) -> tuple[int, int]:
    """How many callbacks of the window are dead, and of how many flows."""
    query = select(func.count(), func.count(callbacks.c.tracking_id.distinct()))
    row = (await connection.execute(query.where(_dead(account, window)))).one()
    return row[0], row[1]


def _dead(account: str | None, window: Window) -> ColumnElement[bool]:
    return and_(whose(account), callbacks.c.state == State.DEAD, window.holds)


async def _reopen(
    connection: AsyncConnection,
    wanted: ColumnElement[bool],
    states: tuple[State, ...],
    now: datetime,
) -> Counter[FlowKey]:
    rows = await connection.execute(
        update(callbacks)
        .where(wanted, callbacks.c.state.in_(states))
        .values(state=State.WAITING, replays=callbacks.c.replays + 1, since=now)
        .returning(callbacks.c.account, callbacks.c.tracking_id)
    )
    return _by_flow(rows)


def _was_tried(row: Row[Any]) -> bool:
    attempts = attempts_of(row.attempts)
    return bool(attempts) and attempts[-1].at > row.since


def _flow(row: Row[Any]) -> FlowKey:
    return row.account, row.tracking_id


def _by_flow(rows: Iterable[Row[Any]]) -> Counter[FlowKey]:
    return Counter(map(_flow, rows))
