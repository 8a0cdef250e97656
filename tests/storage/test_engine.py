"""Transactions on the embedded database: writers wait for each other, readers for nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.engine import connect, insert_into, reading, writing
from storage.tables import Instant

OWN = MetaData()
COUNTER = Table(
    "counter",
    OWN,
    Column("id", Integer, primary_key=True),
    Column("value", Integer),
    Column("at", Instant),
)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """Two engines on one file, as two processes have them; a counter that stands at 0."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'shared.db'}"
    engines = connect(url), connect(url)
    async with writing(engines[0]) as connection:
        await connection.run_sync(OWN.create_all)
        await connection.execute(insert(COUNTER).values(id=1, value=0))
    yield engines
    for engine in engines:
        await engine.dispose()


async def _value(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(COUNTER.c.value))).scalar_one())


async def _set(connection: AsyncConnection, value: int) -> None:
    await connection.execute(update(COUNTER).values(value=value))


async def test_concurrent_writers_wait_rather_than_fail(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """Each reads before it writes; none is lost and none gives up."""

    async def count_up(engine: AsyncEngine) -> None:
        for _ in range(5):
            async with writing(engine) as connection:
                await _set(connection, await _value(connection) + 1)

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
            return await _value(connection)

    async with AsyncExitStack() as first:
        connection = await first.enter_async_context(writing(two[0]))
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


async def test_the_database_keeps_its_write_ahead_log(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """What lets readers and a writer work side by side."""
    async with reading(two[1]) as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA busy_timeout"))).scalar() == 10_000


async def test_a_database_error_does_not_show_its_values(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """Its message goes to logs; numbers do not."""
    with pytest.raises(DBAPIError) as failed:
        async with writing(two[0]) as connection:
            await connection.execute(
                text("INSERT INTO nowhere VALUES (:n)"), {"n": "+306900000101"}
            )
    assert "306900000101" not in str(failed.value)


async def test_moments_come_back_in_utc(two: tuple[AsyncEngine, AsyncEngine]) -> None:
    """As text that sorts as they do, whatever their timezone; none stays none."""
    noon = datetime(2026, 9, 1, 12, 0, 0, 5_000, UTC)
    in_athens = (noon + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=3)))
    async with writing(two[0]) as connection:
        await connection.execute(
            insert(COUNTER), [{"id": 2, "at": in_athens}, {"id": 3, "at": noon}]
        )
        rows = await connection.execute(select(COUNTER.c.id, COUNTER.c.at).order_by(COUNTER.c.at))
        assert rows.all() == [(1, None), (3, noon), (2, noon + timedelta(seconds=1))]
        raw = await connection.execute(text("SELECT at FROM counter WHERE id = 2"))
        assert raw.scalar_one() == "2026-09-01T12:00:01.005Z"


async def test_an_insert_can_say_what_to_do_on_a_conflict(
    two: tuple[AsyncEngine, AsyncEngine],
) -> None:
    """In the words of the database it goes to."""
    async with reading(two[0]) as connection:
        assert isinstance(insert_into(connection, COUNTER), sqlite.Insert)
    server = connect("postgresql+psycopg://nobody@127.0.0.1:1/none")
    speaking_it = cast(AsyncConnection, server)  # it has the dialect, and is not opened
    assert isinstance(insert_into(speaking_it, COUNTER), postgresql.Insert)
    await server.dispose()
