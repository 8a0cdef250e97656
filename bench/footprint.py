"""What a finished flow leaves on disk: in our tables, and in the engine's."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import psycopg
from sqlalchemy import make_url

from bench.bench import Bench, one_step, two_steps
from bench.ground import Kind
from bench.table import Found, Table

KINDS = {"one step": one_step, "two steps, the first fails": two_steps}
SHOWN = 50.0
"""Bytes a flow below which a table is not shown by itself."""

ENGINE = "temporal"
TABLES = """SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
PAGES = """SELECT master.tbl_name, sum(stat.pgsize) FROM dbstat stat
JOIN sqlite_master master ON master.name = stat.name WHERE stat.aggregate = TRUE GROUP BY 1"""

WORK = """SELECT pg_current_wal_lsn() - '0/0'::pg_lsn,
(SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = ANY(%s))"""
IDLE = 10.0
"""Seconds for which an idle engine is watched: what it does anyhow is not a flow's."""

SETTLING = 2.0
"""Seconds until a server's statistics count what its connections did."""

Sizes = dict[str, float]
"""Bytes, by database and table."""


def loads(_: Bench) -> int:
    """A warming up, and one of each kind."""
    return 1 + len(KINDS)


async def measure(bench: Bench) -> Found:
    """Look at all tables before and after flows, tightly packed."""
    found: dict[str, Sizes] = {}
    done: dict[str, Work] = {}
    async with bench.ours() as side:
        await bench.load(side, max(2, bench.plan.flows // 4))
        before, idle = _sizes(bench), await _idle(bench)
        for kind, body in KINDS.items():
            worked = await _work(bench)
            measured = await bench.load(side, body=body(bench.outside.callbacks))
            flows = len(measured.loaded.ended)
            done[kind] = per_flow(worked, await _work(bench), idle, flows)
            after = _sizes(bench)
            found[kind] = {
                name: (size - before.get(name, 0)) / flows for name, size in after.items()
            }
            before = after
    worked_at_all = {} if bench.ground.kind is Kind.DEVELOPMENT else done
    return say(found, worked_at_all, bench.plan.flows)


class Work(NamedTuple):
    """What PostgreSQL did: bytes of its write-ahead log, transactions committed; and when."""

    log: float
    commits: float
    at: float = 0.0


def per_flow(before: Work, after: Work, idle: Work, flows: int) -> Work:
    """Between two moments, without what an idle one does meanwhile, each second."""
    seconds = after.at - before.at
    return Work(
        (after.log - before.log - idle.log * seconds) / flows,
        (after.commits - before.commits - idle.commits * seconds) / flows,
    )


async def _idle(bench: Bench) -> Work:
    """In a second."""
    if bench.ground.kind is Kind.DEVELOPMENT:
        return Work(0.0, 0.0)
    before = await _work(bench)
    await asyncio.sleep(IDLE)
    after = await _work(bench)
    seconds = after.at - before.at
    return Work((after.log - before.log) / seconds, (after.commits - before.commits) / seconds)


async def _work(bench: Bench) -> Work:
    """So far; none where there is no PostgreSQL below the engine."""
    if bench.ground.kind is Kind.DEVELOPMENT:
        return Work(0.0, 0.0)
    await asyncio.sleep(SETTLING)
    databases = _databases(bench)
    with psycopg.connect(bench.ground.postgres(databases[0]), autocommit=True) as connection:
        row = connection.execute(WORK, [databases]).fetchone()
    assert row  # noqa: S101  it is one, whatever there is
    return Work(float(row[0]), float(row[1]), time.time())


def _databases(bench: Bench) -> list[str]:
    return [make_url(bench.ground.database).database or "", ENGINE, f"{ENGINE}_visibility"]


def _sizes(bench: Bench) -> Sizes:
    ours = make_url(bench.ground.database)
    if bench.ground.kind is Kind.DEVELOPMENT:
        return {
            **dict(_of_sqlite("failover", Path(ours.database or ""))),
            **dict(_of_sqlite(ENGINE, bench.directory / "temporal.db")),
        }
    sizes: Sizes = {}
    for name in _databases(bench):
        sizes |= dict(_of_postgres(name, bench.ground.postgres(name)))
    return sizes


def _of_sqlite(database: str, file: Path) -> Iterator[tuple[str, float]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        for name, size in connection.execute(PAGES):
            yield f"{database}.{name}", float(size)


def _of_postgres(database: str, address: str) -> Iterator[tuple[str, float]]:
    """Packed first: what waits to be used again does not grow with what has finished."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        for name, size in connection.execute(TABLES):
            yield f"{database}.{name}", float(size)


def say(found: Mapping[str, Sizes], done: Mapping[str, Work], flows: int) -> Found:
    """Bytes a flow, and what PostgreSQL did for it, by kind of flow."""
    names = sorted({name for sizes in found.values() for name in sizes})
    whole = [_whole(name) for name in names]
    rows = []
    for part in dict.fromkeys(whole):
        mine = [name for name, of in zip(names, whole, strict=True) if of == part]
        shown = [
            name for name in mine if any(sizes.get(name, 0) >= SHOWN for sizes in found.values())
        ]
        totals = [sum(sizes.get(name, 0) for name in mine) for sizes in found.values()]
        rows.append((f"**{part}**", *(f"**{each:,.0f}**" for each in totals)))
        rows += [
            (name, *(f"{sizes.get(name, 0):,.0f}" for sizes in found.values())) for name in shown
        ]
    tables = [Table(("bytes a flow", *found), rows)]
    if done:
        works = [("write-ahead log, bytes", *(f"{each.log:,.0f}" for each in done.values())),
                 ("transactions", *(f"{each.commits:.0f}" for each in done.values()))]  # fmt: skip
        title = "What PostgreSQL does for a flow, beyond what it does for an idle engine"
        tables.append(Table(("a flow", *done), works, title))
    return Found(
        tables,
        notes=[
            f"*OnCompletion*, {flows} flows of each kind. PostgreSQL: a table with its indexes and "
            "its TOAST, after VACUUM FULL; in use it lies looser. SQLite: its pages, tables with "
            "their indexes. The engine's stay until the namespace's retention is over, ours until "
            f"`failover flows prune`. Tables below {SHOWN:.0f} bytes a flow are in the sums only.",
        ],
    )


def _whole(name: str) -> str:
    return name.partition(".")[0]
