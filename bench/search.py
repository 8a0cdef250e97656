"""Measures the search of flows. `python -m bench.search --help` says how."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench import report
from bench.asking import ask, explain, on_record
from bench.corpus import Corpus
from bench.filling import fill_postgres, fill_sqlite
from bench.machine import machine
from bench.questions import questions
from bench.report import Measured
from bench.writing import costs
from storage import schema
from storage.engine import connect, reading
from tests import postgres


class Database(StrEnum):
    """Where to measure."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


console = Console(stderr=True)


def main(
    flows: Annotated[int, typer.Option(help="How many flows the account has")] = 1_000_000,
    on: Annotated[list[Database] | None, typer.Option(help="Where; both, unless said")] = None,
    document: Annotated[Path | None, typer.Option(help="Write the tables here, too")] = None,
    plans: Annotated[Path | None, typer.Option(help="Write every plan here, in full")] = None,
    directory: Annotated[Path | None, typer.Option(help="Where the SQLite file is made")] = None,
    writes: Annotated[bool, typer.Option(help="Measure what the indexes cost, too")] = True,
) -> None:
    """Measure the search of flows: fill databases, ask, and write down times and plans.

    \b
    python -m bench.search
        a million flows, on SQLite and on PostgreSQL, which is started for it
    python -m bench.search --flows 50000 --on sqlite
        a quick look
    python -m bench.search --document docs/search.md --plans plans.txt
        written down, too
    """
    found = asyncio.run(_all(on or list(Database), flows, directory, writes))
    for measured in found:
        _print(measured)
    if document:
        document.write_text(report.document(found, flows, machine()), encoding="utf-8")
    if plans:
        plans.write_text(report.plans(found), encoding="utf-8")


async def _all(
    on: list[Database], flows: int, directory: Path | None, writes: bool
) -> list[Measured]:
    found = []
    for database in on:
        filled = _sqlite(flows, directory) if database is Database.SQLITE else _postgres(flows)
        async with filled as engine:
            found.append(await _measured(engine, flows, writes))
    return found


@asynccontextmanager
async def _sqlite(flows: int, directory: Path | None) -> AsyncIterator[AsyncEngine]:
    with tempfile.TemporaryDirectory(dir=directory, prefix="failover-bench-") as made:
        file = Path(made) / "failover.db"
        engine = connect(f"sqlite+aiosqlite:///{file}")
        # As of the tests' PostgreSQL: what the disk adds to a write is not what is measured here.
        event.listen(engine.sync_engine, "connect", _without_waiting)
        await schema.upgrade(engine)
        with _bar("filling SQLite", len(Corpus(flows))) as advance:
            await asyncio.to_thread(fill_sqlite, file, Corpus(flows), advance)
        yield engine
        await engine.dispose()


def _without_waiting(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


@asynccontextmanager
async def _postgres(flows: int) -> AsyncIterator[AsyncEngine]:
    with postgres.running() as socket:
        address = f"host={socket} user={postgres.SUPERUSER} dbname=postgres"
        engine = connect(f"postgresql+psycopg://{postgres.SUPERUSER}@/postgres?host={socket}")
        await schema.upgrade(engine)
        with _bar("filling PostgreSQL", len(Corpus(flows))) as advance:
            await asyncio.to_thread(fill_postgres, address, Corpus(flows), advance)
        yield engine
        await engine.dispose()


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


async def _measured(engine: AsyncEngine, flows: int, writes: bool) -> Measured:
    measured = Measured(await _version(engine))
    number, count = await on_record(engine)
    asked = list(questions(number, count))
    with _bar(f"asking {measured.name}", len(asked)) as advance:
        for question, search in asked:
            measured.answers.append(await ask(engine, question, search))
            measured.plans[question] = await explain(engine, search)
            advance(1)
    if writes:
        measured.writes = [cost async for cost in costs(engine, len(Corpus(flows)))]
    return measured


async def _version(engine: AsyncEngine) -> str:
    if engine.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    async with reading(engine) as connection:
        version = await connection.scalar(text("SHOW server_version"))
        return f"PostgreSQL {str(version).split()[0]}"


def _print(measured: Measured) -> None:
    for title, header, rows in report.tables(measured):
        table = Table(*header, title=f"{measured.name}: {title}")
        for row in rows:
            table.add_row(*row)
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
