"""Fills a database with a corpus, past the service: row by row it would take an hour."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import psycopg

from bench.corpus import Corpus, FlowRow, RecipientRow

BATCH = 20_000
FLOWS = (
    "tracking_id", "account", "application", "kind", "status", "channel", "seq", "created_at",
    "updated_at", "request", "flow", "progress",
)  # fmt: skip
RECIPIENTS = ("tracking_id", "number", "place", "account", "created_at", "facet")

Advance = Callable[[int], None]
Batch = tuple[list[FlowRow], list[RecipientRow]]


def batches(corpus: Corpus) -> Iterator[Batch]:
    """The corpus in pieces."""
    rows = corpus.rows()
    while piece := list(islice(rows, BATCH)):
        yield [flow for flow, _ in piece], [one for _, numbers in piece for one in numbers]


def fill_sqlite(file: Path, corpus: Corpus, advance: Advance) -> None:
    """Into the file, whose indexes are there already, as they are when rows come one by one."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    for flow_rows, recipient_rows in batches(corpus):
        connection.execute("BEGIN")
        connection.executemany(_insert("flows", FLOWS), flow_rows)
        connection.executemany(_insert("recipients", RECIPIENTS), recipient_rows)
        connection.execute("COMMIT")
        advance(len(flow_rows))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def fill_postgres(address: str, corpus: Corpus, advance: Advance) -> None:
    """Into the database, whose indexes are there already."""
    with psycopg.connect(address, autocommit=True) as connection:
        for flow_rows, recipient_rows in batches(corpus):
            _copy(connection, "flows", FLOWS, flow_rows)
            _copy(connection, "recipients", RECIPIENTS, recipient_rows)
            advance(len(flow_rows))
        connection.execute("VACUUM ANALYZE")


def _copy(
    connection: "psycopg.Connection[tuple[object, ...]]",
    table: str,
    names: tuple[str, ...],
    rows: list[FlowRow] | list[RecipientRow],
) -> None:
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _insert(table: str, names: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  our own names
