"""Databases that have finished flows on record, made past the service."""

import asyncio
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from bench.corpus import OTHERS, UNDER_WAY, UNSENT_YET, Corpus
from bench.filling import fill_postgres, fill_sqlite
from bench.ground import Ground
from domain.flow import Kind
from domain.status import Channel
from storage.engine import connect, writing

BESIDE = (
    """INSERT INTO sends (reference, state, provider, answer, updated_at)
    SELECT tracking_id || '.1', 'answered', 'sandbox', NULL, updated_at FROM flows""",
    """INSERT INTO reports (tracking_id, "order", status, report)
    SELECT tracking_id, 1, 'Delivered', '{"order":1,"status":"Delivered","at":"' || updated_at
    || '"}' FROM flows""",
    """INSERT INTO callbacks (id, account, application, tracking_id, seq, state, replays, url,
    body, attempts, answer, happened_at, since)
    SELECT tracking_id || '.' || seq, account, application, tracking_id, seq, 'delivered', 0,
    substr(flow, 1, 200), substr(flow, 1, 600), '[]', '', updated_at, updated_at
    FROM flows""",
    """INSERT INTO ledger (account, application, tracking_id, "order", kind, amount, at)
    SELECT account, application, tracking_id, 1, 'charge', 0, updated_at FROM flows
    WHERE account = 'acme'""",
)
"""What a finished flow of one step leaves beside its row and its numbers; nothing is charged."""


class Finished(Corpus):
    """A year without its last minutes: nothing is under way any more."""

    def _state(self, left: int) -> tuple[Kind, tuple[Channel, ...], int, bool]:
        return super()._state(left + UNSENT_YET + UNDER_WAY)


async def database(ground: Ground, directory: Path, name: str) -> str:
    """The address of an empty database of its own, of the kind that the ground's is."""
    url = make_url(ground.database)
    if url.get_backend_name() == "sqlite":
        return f"sqlite+aiosqlite:///{directory / name}.db"
    with psycopg.connect(_plain(ground.database), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return url.set(database=name).render_as_string(hide_password=False)


async def fill(address: str, flows: int) -> None:
    """Put so many flows on record, with all that they leave in our tables."""
    corpus = Finished(round(flows / (1 + OTHERS)))
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(fill_sqlite, Path(url.database or ""), corpus, _unseen)
    else:
        await asyncio.to_thread(fill_postgres, _plain(address), corpus, _unseen)
    engine = connect(address)
    try:
        async with writing(engine) as connection:
            for statement in BESIDE:
                await connection.exec_driver_sql(statement)  # its colons are no parameters
    finally:
        await engine.dispose()
    if url.get_backend_name() != "sqlite":
        with psycopg.connect(_plain(address), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _plain(address: str) -> str:
    """As psycopg itself names it."""
    url = make_url(address).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _unseen(_: int) -> None:
    """Filling takes seconds: nobody watches."""
