"""Transactions: writers of one row wait for each other, readers for nobody."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import storage.engine
from storage.engine import connect, reading, reading_once, writing, writing_once
from storage.statements import insert_into
from storage.tables import Instant
from tests.databases import Databases

OWN = MetaData()
COUNTER = Table(
    "counter",
    OWN,
    Column("id", Integer, primary_key=True),
    Column("value", Integer),
    Column("at", Instant),
    Column("number", String(16), unique=True),
)
NUMBER = "+306900000101"
Transaction = Callable[[AsyncEngine], AbstractAsyncContextManager[AsyncConnection]]


@pytest.fixture
async def two(databases: Databases) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """Two engines on one database, as two processes have them; a counter that stands at 0."""
    async with databases.new(empty=True) as url:
        engines = connect(url), connect(url)
        async with writing(engines[0]) as connection:
            await connection.run_sync(OWN.create_all)
            await connection.execute(insert(COUNTER).values(id=1, value=0))
        yield engines
        for engine in engines:
            await engine.dispose()


async def _value(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(COUNTER.c.value))).scalar_one())


async def _locked(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(COUNTER.c.value).with_for_update())).scalar_one())


async def _set(connection: AsyncConnection, value: int) -> None:
    await connection.execute(update(COUNTER).values(value=value))


async def test_concurrent_writers_wait_rather_than_fail(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """Each reads before it writes; none is lost and none gives up."""

    async def count_up(engine: AsyncEngine) -> None:
        for _ in range(5):
            async with writing(engine) as connection:
                await _set(connection, await _locked(connection) + 1)

    async with asyncio.timeout(30), asyncio.TaskGroup() as writers:
        for engine in two * 4:
            writers.create_task(count_up(engine))
    async with reading(two[0]) as connection:
        assert await _value(connection) == 40


async def test_a_second_writer_begins_when_the_first_is_done(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """It then sees what the first wrote."""

    async def second() -> int:
        async with writing(two[1]) as connection:
            return await _locked(connection)

    async with AsyncExitStack() as first:
        connection = await first.enter_async_context(writing(two[0]))
        await _locked(connection)
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        await _set(connection, 7)
    assert await asyncio.wait_for(waiting, 10) == 7


async def test_a_reader_waits_for_no_writer(two: tuple[AsyncEngine, AsyncEngine]) -> None:
    """It sees what was there when it began, however often it looks."""
    async with writing(two[0]) as writer:
        await _set(writer, 7)
        async with asyncio.timeout(5), reading(two[1]) as reader:
            assert await _value(reader) == 0
    async with reading(two[1]) as reader:
        assert await _value(reader) == 7
        async with writing(two[0]) as writer:
            await _set(writer, 8)
        assert await _value(reader) == 7


async def test_what_fails_is_not_written(two: tuple[AsyncEngine, AsyncEngine]) -> None:
    """And the next writer need not wait for it."""

    async def fail() -> None:
        async with writing(two[0]) as connection:
            await _set(connection, 7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with asyncio.timeout(5), writing(two[1]) as connection:
        assert await _value(connection) == 0


async def test_it_is_known_how_many_rows_were_written(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """An insert that met a conflict wrote none: whoever claims something lives by that."""

    async def claimed(row: int, transaction: Transaction) -> int:
        async with transaction(two[0]) as connection:
            claim = insert_into(connection, COUNTER).values(id=row)
            return (await connection.execute(claim.on_conflict_do_nothing())).rowcount

    assert [await claimed(row, writing) for row in (7, 7, 8)] == [1, 0, 1]
    assert [await claimed(row, writing_once) for row in (8, 9, 9)] == [0, 1, 0]


async def test_one_statement_is_a_transaction_of_its_own(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """Others see what it wrote; and what it read waits for no writer, and holds nobody up."""
    async with writing_once(two[0]) as connection:
        await _set(connection, 7)
    async with asyncio.timeout(5), writing(two[0]) as writer:
        await _set(writer, 8)
        async with reading_once(two[1]) as reader:
            assert await _value(reader) == 7
    async with asyncio.timeout(5), reading_once(two[1]) as reader:
        assert await _value(reader) == 8
        async with writing(two[0]) as writer:
            await _set(writer, 9)


async def test_a_connection_serves_whole_transactions_after_single_statements(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """Nothing of one sticks to the connection that the next one gets."""

    async def fail() -> None:
        async with writing(two[0]) as connection:
            await _set(connection, 7)
            raise RuntimeError

    async with writing_once(two[0]) as connection:
        await _set(connection, 1)
    async with reading_once(two[0]) as connection:
        assert await _value(connection) == 1
    with pytest.raises(RuntimeError):
        await fail()
    async with reading(two[0]) as connection:
        assert await _value(connection) == 1


async def test_the_embedded_database_keeps_its_write_ahead_log(tmp_path: Path) -> None:
    """What lets readers and a writer work side by side."""
    engine = connect(f"sqlite+aiosqlite:///{tmp_path / 'failover.db'}")
    async with reading(engine) as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA busy_timeout"))).scalar() == 10_000
    await engine.dispose()


async def test_writers_of_the_embedded_database_take_turns(tmp_path: Path) -> None:
    """In the order of coming: SQLite itself would let some of many wait until they fail."""
    engine = connect(f"sqlite+aiosqlite:///{tmp_path / 'failover.db'}")
    done: list[int] = []

    async def write(place: int) -> None:
        async with writing(engine) as connection:
            await connection.execute(text("SELECT 1"))
            done.append(place)

    async with asyncio.TaskGroup() as writers:
        for place in range(30):
            writers.create_task(write(place))
    await engine.dispose()
    assert done == list(range(30))


async def test_a_server_is_not_waited_for_for_ever(two: tuple[AsyncEngine, AsyncEngine]) -> None:
    """Nor may a client that vanished keep its locks."""
    if two[0].dialect.name == "sqlite":
        pytest.skip("the embedded database has no server")
    async with reading(two[0]) as connection:
        for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            assert (await connection.execute(text(f"SHOW {limit}"))).scalar() in {"10s", "30s"}


@pytest.mark.parametrize(("idle", "fails"), [(0.0, False), (60.0, True)])
async def test_a_connection_is_tried_after_a_rest(
    two: tuple[AsyncEngine, AsyncEngine], monkeypatch: pytest.MonkeyPatch, idle: float, fails: bool
) -> None:
    """One that the server closed meanwhile is replaced unnoticed; amid work it fails, once."""
    if two[0].dialect.name == "sqlite":
        pytest.skip("the embedded database has no server")
    monkeypatch.setattr(storage.engine, "IDLE", idle)
    async with reading(two[0]) as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    async with writing(two[1]) as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with pytest.raises(DBAPIError) if fails else nullcontext():
        async with reading(two[0]) as connection:
            assert await _value(connection) == 0
    async with reading(two[0]) as connection:
        assert await _value(connection) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO nowhere (number) VALUES (:n)",
        "INSERT INTO counter (id, number) VALUES (8, :n)",
        "INSERT INTO counter (id, number) VALUES (1, :n)",
    ],
)
async def test_a_database_error_does_not_show_its_values(
    two: tuple[AsyncEngine, AsyncEngine], statement: str
) -> None:
    """Neither does what caused it: messages go to logs, numbers do not."""
    async with writing(two[0]) as connection:
        await connection.execute(insert(COUNTER).values(id=7, number=NUMBER))
    with pytest.raises(DBAPIError) as failed:
        async with writing(two[0]) as connection:
            await connection.execute(text(statement), {"n": NUMBER})
    shown = "".join(traceback.format_exception(failed.value))
    assert "nowhere" in shown or "unique" in shown.lower()
    assert NUMBER[1:] not in shown


async def test_moments_come_back_in_utc(two: tuple[AsyncEngine, AsyncEngine]) -> None:
    """As text that sorts as they do, whatever their timezone; none stays none."""
    noon = datetime(2026, 9, 1, 12, 0, 0, 5_000, UTC)
    in_athens = (noon + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=3)))
    async with writing(two[0]) as connection:
        await connection.execute(
            insert(COUNTER), [{"id": 2, "at": in_athens}, {"id": 3, "at": noon}]
        )
        rows = await connection.execute(
            select(COUNTER.c.id, COUNTER.c.at).order_by(COUNTER.c.at.nulls_first())
        )
        assert rows.all() == [(1, None), (3, noon), (2, noon + timedelta(seconds=1))]
        raw = await connection.execute(text("SELECT at FROM counter WHERE id = 2"))
        assert raw.scalar_one() == "2026-09-01T12:00:01.005Z"


async def test_a_connection_that_is_given_up_leaves_no_lock(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """It is when a writer is cancelled, whose statements a traceback may keep for minutes."""
    async with two[0].connect() as connection:
        connection = await connection.execution_options(writes=True)
        await connection.begin()
        await _set(connection, 1)
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        kept = await driver.execute("SELECT value FROM counter")
        await connection.invalidate()

    async with writing(two[1]) as connection:
        assert await _value(connection) == 0
        await _set(connection, 2)
    assert kept
