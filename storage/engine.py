"""The database's engine: SQLite embedded, PostgreSQL in production."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, Dialect, ExceptionContext, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

# Nobody waits for ever for a network or a lock, nor keeps a lock when the machine that held it is
# gone. The address may say otherwise: these are parameters of libpq.
PATIENCE = {
    "connect_timeout": "5",
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "options": "-c lock_timeout=10s -c statement_timeout=30s "
    "-c idle_in_transaction_session_timeout=30s",
}

IDLE = 1.0
"""Seconds of rest after which a connection is tried before it is used: a network may have died."""

_READING: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

_ALONE: dict[str, dict[str, Any]] = {
    "sqlite": {"alone": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}
"""For a single statement, which is whole by itself: nobody need be told of begin and commit."""


def connect(url: str) -> AsyncEngine:
    """An engine for the address; nothing is opened before the first use."""
    address = make_url(url)
    return _sqlite(address) if address.get_backend_name() == "sqlite" else _postgres(address)


def _postgres(address: URL) -> AsyncEngine:
    engine = create_async_engine(
        address.set(query={**PATIENCE, **address.query}),
        hide_parameters=True,
        pool_size=10,
        max_overflow=10,
    )
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    event.listen(engine.sync_engine, "checkin", _note_idle)
    event.listen(engine.sync_engine, "checkout", partial(_ping_idle, engine.dialect))
    return engine


def _sqlite(address: URL) -> AsyncEngine:
    engine = create_async_engine(
        address, hide_parameters=True, connect_args={"factory": _SqliteConnection}
    )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_on_sqlite)
    return engine


class _SqliteConnection(sqlite3.Connection):
    """Leaves no lock behind when it is closed amid a transaction, as it is on a cancellation."""

    def close(self) -> None:
        """Roll back, and close."""
        # SQLite itself closes, and unlocks, only once nobody refers to any of the statements; those
        # of a cancelled task may wait for the garbage collector, and all other writers for them.
        try:
            self.rollback()
        finally:
            super().close()


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that writes; `rowcount` is known of every statement, inserts included.

    Whatever depends on a row stands in the statement that changes it, or reads the row
    `with_for_update`: only on SQLite do all writers wait for each other.
    """
    async with _turn(engine), engine.connect() as connection:
        connection = await connection.execution_options(writes=True, preserve_rowcount=True)
        async with connection.begin():
            yield connection


_turns: WeakKeyDictionary[AsyncEngine, asyncio.Lock] = WeakKeyDictionary()


def _turn(engine: AsyncEngine) -> AbstractAsyncContextManager[None]:
    """Their turn for the writers of this process, in the order of coming.

    SQLite lets one of many waiting writers go on by chance: some wait for seconds, and then fail.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _turns.setdefault(engine, asyncio.Lock())


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that only reads: all of it sees what was there when it first looked."""
    async with engine.connect() as connection:
        connection = await connection.execution_options(**_READING[engine.dialect.name])
        async with connection.begin():
            yield connection


@asynccontextmanager
async def writing_once(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One statement that writes, and stands once it was executed; `rowcount` is known of it."""
    async with _turn(engine), engine.connect() as connection:
        options = _ALONE[engine.dialect.name]
        yield await connection.execution_options(preserve_rowcount=True, **options)


@asynccontextmanager
async def reading_once(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One statement that only reads."""
    async with engine.connect() as connection:
        yield await connection.execution_options(**_ALONE[engine.dialect.name])


def _note_idle(_: object, record: ConnectionPoolEntry) -> None:
    record.info["idle since"] = time.monotonic()


def _ping_idle(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    # As `pool_pre_ping` does, but not between two statements of one busy moment.
    since = record.info.get("idle since")
    if since is None or time.monotonic() - since < IDLE:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as fault:
        raise InvalidatePoolError from fault


def _hide_values(context: ExceptionContext) -> None:
    # PostgreSQL quotes the whole row that it refuses, and messages go to logs.
    fault = context.original_exception
    if isinstance(fault, psycopg.Error) and (detail := fault.diag.message_detail):
        for each in (fault, context.sqlalchemy_exception):
            if each is not None:
                each.args = tuple(str(part).replace(detail, "****") for part in each.args)


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    cursor = connection.cursor()
    # WAL lets several processes read beside one writer; the writers wait for each other. FULL,
    # for an intent to send must outlive a power cut, too.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("alone"):
        return
    # A transaction that reads before it writes would fail, not wait, when another wrote meanwhile.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
