"""Asks a database the questions, takes the times, and looks at the plans."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.corpus import ACCOUNT
from storage.engine import reading
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import recipients
from tracking.filters import Search
from tracking.records import Tracking
from tracking.search import planned, searching

RUNS = 7


@dataclass(frozen=True)
class Answer:
    """Milliseconds, medians: the page's rows, the total, a whole search; and how many match."""

    question: str
    rows: float
    total: float
    both: float
    matches: int


async def ask(engine: AsyncEngine, question: str, search: Search) -> Answer:
    """The times of one question, after a first round that does not count."""
    tracking = Tracking(engine, Sealer(Keyring.parse("k1:" + "A" * 43 + "=")))

    async def rows() -> None:
        async with searching(engine) as connection:
            plan = await planned(connection, search)
            ids = await plan.page(connection, *_window(search, matches)) if plan.facets else []
        await tracking.read(search.account, ids)

    async def total() -> int:
        async with searching(engine) as connection:
            plan = await planned(connection, search)
            return await plan.total(connection) if plan.facets else 0

    async def both() -> None:
        await tracking.search(search)

    matches = await total()
    return Answer(question, await _median(rows), await _median(total), await _median(both), matches)


def _window(search: Search, matches: int) -> tuple[int, int, bool]:
    """Where the search itself would begin: at the nearer end."""
    behind = matches - search.offset - search.size
    if 0 <= behind < search.offset:
        return behind, search.size, not search.newest_first
    return search.offset, search.size, search.newest_first


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        await work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[1:])


async def explain(engine: AsyncEngine, search: Search) -> list[str]:
    """Each statement of a search, and how the database goes about it."""
    said: list[tuple[str, Any]] = []

    def listen(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        said.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", listen)
    try:
        async with searching(engine) as connection:
            plan = await planned(connection, search)
            await plan.page(connection, search.offset, search.size, search.newest_first)
            await plan.total(connection)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", listen)
    sqlite = engine.dialect.name == "sqlite"
    prefix = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (ANALYZE, BUFFERS) "
    lines: list[str] = []
    async with reading(engine) as connection:
        for statement, parameters in said:
            if statement.startswith("BEGIN"):
                continue
            if "set_config" in statement:
                await connection.exec_driver_sql(statement)
                continue
            shown = await connection.exec_driver_sql(prefix + statement, parameters)
            lines += ["", " ".join(statement.split())[:400], ""]
            lines += [f"    {row[-1]}" for row in shown]
    return lines


async def on_record(engine: AsyncEngine) -> tuple[str, int]:
    """A mobile number that the account has written to, and how many flows the account has."""
    one = select(recipients.c.number).where(
        recipients.c.account == ACCOUNT, recipients.c.number.startswith("+3069")
    )
    count = select(func.count()).where(recipients.c.account == ACCOUNT, recipients.c.place <= 1)
    async with reading(engine) as connection:
        number = (await connection.execute(one.limit(1))).scalar_one()
        return str(number), int((await connection.execute(count)).scalar_one())
