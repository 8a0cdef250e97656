"""Callbacks on record, as their owners and ops look at them, and have them delivered again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.address import origin
from domain.errors import UnknownCallback
from domain.wire import milliseconds
from storage.engine import reading, writing
from storage.seal import Sealer, Unsealable, of
from storage.tables import callbacks
from tracking import reopening
from tracking.outbox import Attempt, State, attempts_of, sealed_letter
from tracking.reopening import Reopened, Window

MOST_OF_A_FLOW = 1000
"""How many of a flow's callbacks are read: replies have no end."""


@dataclass(frozen=True)
class Entry:
    """A callback and its attempts, but nothing of what it says nor to whom."""

    id: str
    account: str
    application: str
    tracking_id: str
    seq: int | None
    state: State
    replays: int
    happened_at: datetime
    since: datetime
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class EntryPage:
    """Some of the callbacks that were asked for; `total` counts them all."""

    entries: Sequence[Entry]
    total: int


@dataclass(frozen=True)
class Opened:
    """A callback in clear: its receiver's origin, its body, and what was answered last.

    Without a body it was sealed by a key that is gone.
    """

    entry: Entry
    origin: str = ""
    body: str | None = None
    answer: str = ""


_COLUMNS = (
    "id", "account", "application", "tracking_id", "seq", "state", "replays", "happened_at",
    "since", "attempts",
)  # fmt: skip
_ENTRY = [callbacks.c[name] for name in _COLUMNS]


class CallbackRecords:
    """Reads what the outbox keeps; the account None is any, for ops.

    Every method raises SQLAlchemyError when the database is away.
    """

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    async def of_flow(self, account: str, tracking_id: str) -> Sequence[Entry]:
        """The flow's callbacks in the order of its events; replies come last."""
        query = (
            select(*_ENTRY)
            .where(callbacks.c.tracking_id == tracking_id, callbacks.c.account == account)
            .order_by(callbacks.c.seq.nulls_last(), callbacks.c.happened_at)
            .limit(MOST_OF_A_FLOW)
        )
        async with reading(self._engine) as connection:
            return [_entry(row) for row in await connection.execute(query)]

    async def find(self, account: str | None, id: str) -> Entry:
        """The callback of that id.

        Raises:
            UnknownCallback: the account has none.
        """
        return _entry(await self._row(account, id, *_ENTRY))

    async def opened(self, account: str | None, id: str) -> Opened:
        """The callback of that id in clear.

        Raises:
            UnknownCallback: the account has none.
        """
        row = await self._row(account, id, callbacks)
        try:
            letter = self._sealer.letter(sealed_letter(row))
            answer = self._sealer.open(row.answer, of(letter, "answer")) if row.answer else ""
        except Unsealable:
            return Opened(_entry(row))
        return Opened(_entry(row), origin(letter.url), letter.body, answer)

    async def list(
        self,
        account: str | None,
        *,
        state: State | None = None,
        since: datetime | None = None,
        page: int = 0,
        size: int,
    ) -> EntryPage:
        """Callbacks in that state whose event was then or later, newest first."""
        wanted = listed(account, state, since)
        query = select(*_ENTRY).where(wanted).order_by(*NEWEST_FIRST)
        async with reading(self._engine) as connection:
            total = await connection.scalar(
                select(func.count()).select_from(callbacks).where(wanted)
            )
            rows = await connection.execute(query.limit(size).offset(page * size))
            return EntryPage([_entry(row) for row in rows], total or 0)

    async def reopen(self, account: str | None, id: str) -> Reopened:
        """Have the callback wait for delivery again, if it is dead or delivered.

        One that was asked for before and waits still stays as it is: its flow is handed over
        again.

        Raises:
            UnknownCallback: the account has none.
            StillWaiting: its first delivery is not over.
        """
        async with writing(self._engine) as connection:
            return await reopening.one(connection, account, id, _now())

    async def reopen_dead(
        self,
        account: str | None,
        window: Window,
        limit: int,
        asked_before: datetime | None = None,
    ) -> Reopened:
        """Have the oldest dead callbacks of a window wait for delivery again.

        Where fewer than `limit` are dead, those are handed over again that were asked for before
        (before that moment, if one is given) and that nobody has tried since: to none of them is
        `more` said, or a client would ask for ever while no worker runs.
        """
        now = _now()
        async with writing(self._engine) as connection:
            untried = await reopening.untried(connection, account, window, asked_before or now)
            return await reopening.dead(connection, account, window, limit, now, untried)

    async def count_dead(self, account: str | None, window: Window) -> tuple[int, int]:
        """How many callbacks of a window are dead, and of how many flows."""
        async with reading(self._engine) as connection:
            return await reopening.count(connection, account, window)

    async def _row(self, account: str | None, id: str, *columns: Any) -> Row[Any]:
        query = select(*columns).where(callbacks.c.id == id, reopening.whose(account))
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise UnknownCallback(reopening.UNKNOWN)
        return row


NEWEST_FIRST = (callbacks.c.happened_at.desc(), callbacks.c.id.desc())


def listed(account: str | None, state: State | None, since: datetime | None) -> ColumnElement[bool]:
    """The condition of a list: an account, a state, or both begin an index."""
    return and_(
        reopening.whose(account),
        callbacks.c.state == state if state else true(),
        callbacks.c.happened_at >= since if since else true(),
    )


def _now() -> datetime:
    return milliseconds(datetime.now(UTC))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        id=row.id,
        account=row.account,
        application=row.application,
        tracking_id=row.tracking_id,
        seq=row.seq,
        state=State(row.state),
        replays=row.replays,
        happened_at=row.happened_at,
        since=row.since,
        attempts=attempts_of(row.attempts),
    )
