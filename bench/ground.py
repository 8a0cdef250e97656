"""What is measured on: an engine, and the databases beside it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg
from sqlalchemy import make_url
from temporalio.client import Client

from bench.cpu import Roots
from cli.engine import resolve
from tests import postgres
from tests.engines import cluster, configuration, development, programs
from tests.engines.base import Engine
from tests.postgres import DURABLE, SUPERUSER
from workflows.namespace import prepare

ENGINE, POSTGRES = "engine", "PostgreSQL"
"""The roles of what all sides have in common."""

SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")


class Kind(StrEnum):
    """Which engine."""

    DEVELOPMENT = "development"
    CLUSTER = "cluster"


@dataclass(frozen=True)
class Ground:
    """An engine at work.

    `database` is where ours keeps its tables, `server` a PostgreSQL server, "" where there is none;
    both as SQLAlchemy names them. `about` says how durable it all is, in sentences.
    """

    kind: Kind
    engine: Engine
    database: str
    server: str
    roots: Roots
    about: Sequence[str]

    def postgres(self, database: str) -> str:
        """The address of another database on that server."""
        url = make_url(self.server).set(database=database, drivername="postgresql")
        return url.render_as_string(hide_password=False)


@asynccontextmanager
async def running(kind: Kind, directory: Path) -> AsyncIterator[Ground]:
    """The engine of that kind, its files in that directory, with a namespace for all sides."""
    made = _development if kind is Kind.DEVELOPMENT else _cluster
    async with made(directory) as ground:
        await prepare(await Client.connect(ground.engine.address))
        yield ground


@asynccontextmanager
async def _development(directory: Path) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as held:
        server = held.enter_context(postgres.serving(DURABLE)) if _has_postgres() else None
        engine = await held.enter_async_context(development.running(directory))
        cli = await resolve(None, directory / "engine")
        roots: Roots = {ENGINE: [pid for part in engine.parts for pid in engine.pids(part)]}
        about = [
            f"Engine: {await _said(str(cli.path), '--version')}, one process, its database SQLite "
            "(`journal_mode=WAL`, `synchronous=FULL`). Ours keeps its tables in SQLite, too."
        ]
        address = ""
        if server and server.pid:
            address = f"postgresql+psycopg://{SUPERUSER}@/postgres?host={server.directory}"
            roots = {**roots, POSTGRES: [server.pid]}
            about.append(f"DBOS has a PostgreSQL server of its own: {_settings(address)}.")
        yield Ground(
            kind=Kind.DEVELOPMENT,
            engine=engine,
            database=f"sqlite+aiosqlite:///{directory / 'failover.db'}",
            server=address,
            roots=roots,
            about=about,
        )


def _has_postgres() -> bool:
    try:
        postgres.programs()
    except postgres.Missing:
        return False
    return True


@asynccontextmanager
async def _cluster(directory: Path) -> AsyncIterator[Ground]:
    async with cluster.running(directory) as engine:
        services = [part for part in engine.parts if part != cluster.POSTGRES]
        yield Ground(
            kind=Kind.CLUSTER,
            engine=engine,
            database=engine.database_url,
            server=engine.database_url,
            roots={
                ENGINE: [pid for part in services for pid in engine.pids(part)],
                POSTGRES: engine.pids(cluster.POSTGRES),
            },
            about=[
                f"Engine: Temporal server {programs.VERSION}, {len(services)} processes "
                f"({', '.join(services)}), {configuration.SHARDS} history shards, "
                f"`{configuration.PLUGIN}`, dynamic configuration as in deploy/temporal/.",
                f"Engine, ours and DBOS each have a database on one server: "
                f"{_settings(engine.database_url)}.",
            ],
        )


async def _said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode().strip()


def _settings(server: str) -> str:
    """A server's version and what its figures hang on."""
    url = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        found = {name: _shown(connection, name) for name in SHOWN}
    version = found.pop("server_version").split()[0]
    return f"PostgreSQL {version}, " + ", ".join(f"`{name}={each}`" for name, each in found.items())


def _shown(connection: "psycopg.Connection[tuple[str]]", name: str) -> str:
    row = connection.execute(f"SHOW {name}").fetchone()
    assert row  # noqa: S101  there is no such setting otherwise
    return row[0]


def merged(*several: Mapping[str, Iterable[int]]) -> dict[str, list[int]]:
    """The processes of each role in any of them."""
    found: dict[str, list[int]] = {}
    for roots in several:
        for role, pids in roots.items():
            found.setdefault(role, []).extend(pids)
    return found
