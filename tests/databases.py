"""Databases for tests: each new, each somebody's own. SQLite files, or on one PostgreSQL server."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, TextClause, text
from sqlalchemy.ext.asyncio import create_async_engine

from accounts import demonstration
from storage import schema
from storage.engine import connect
from storage.keys import Keyring
from storage.seal import Sealer
from tests.postgres import SUPERUSER

KEYS = "k1:" + "A" * 43 + "="
"""What the demonstration's callback keys are sealed by: no secret."""

CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
WRITTEN = text(
    "SELECT tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = :name"
)


class Databases(Protocol):
    """Makes databases."""

    def new(self, *, empty: bool = False) -> AbstractAsyncContextManager[str]:
        """The address of one of the newest schema with the demonstration's accounts, or empty."""
        ...

    @property
    def away(self) -> str:
        """The address of a database that cannot be reached."""
        ...


@asynccontextmanager
async def on_sqlite(directory: Path) -> AsyncIterator[Databases]:
    """Makes files in the directory."""
    template = directory / "template.db"
    await _upgrade(_file(template))
    yield Files(directory, template)


@asynccontextmanager
async def on_postgres(directory: Path) -> AsyncIterator[Databases]:
    """Makes databases of the server whose socket is in the directory."""
    server = Server(directory)
    await server.say("CREATE DATABASE newest")
    await _upgrade(_database(directory, "newest"))
    yield server
    await server.leave()


class Files:
    """Each database is a file: a copy of one that has the schema."""

    def __init__(self, directory: Path, template: Path) -> None:
        self._directory = directory
        self._template = template
        self._numbers = count(1)

    @asynccontextmanager
    async def new(self, *, empty: bool = False) -> AsyncIterator[str]:
        """A file of its own."""
        file = self._directory / f"{next(self._numbers)}.db"
        if not empty:
            shutil.copy(self._template, file)
        yield _file(file)

    @property
    def away(self) -> str:
        """In a directory that does not exist."""
        return _file(self._directory / "nowhere" / "failover.db")


class Server:
    """Each database is made from a template, and dropped when it is done.

    Making one takes the server a tenth of a second. So the next is made ahead, and one to which
    nobody wrote is used again.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._engine = create_async_engine(
            _database(directory, "postgres"),
            isolation_level="AUTOCOMMIT",
            pool_pre_ping=True,  # there are tests that restart the server
        )
        self._numbers = count(1)
        self._done: list[str] = []
        self._ahead: asyncio.Task[str] | None = None

    @asynccontextmanager
    async def new(self, *, empty: bool = False) -> AsyncIterator[str]:
        """A database of its own."""
        if empty:
            name = await self._make("template0")
        else:
            ready = self._ahead or asyncio.create_task(self._make("newest"))
            self._ahead = asyncio.create_task(self._make("newest"))
            name = await ready
        try:
            yield _database(self._directory, name)
        finally:
            self._done.append(name)

    @property
    def away(self) -> str:
        """On a socket where nobody listens."""
        return _database(self._directory / "nowhere", "failover")

    async def _make(self, template: str) -> str:
        while self._done:
            name = self._done.pop()
            if await self._is_untouched(name) and name.startswith(template):
                return name
            await self.say(f"DROP DATABASE {name} WITH (FORCE)")
        name = f"{template}_{next(self._numbers)}"
        await self.say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def _is_untouched(self, name: str) -> bool:
        # A connection says what it wrote when it ends, and ends soon after it is closed.
        for _ in range(20):
            if not await self._ask(CONNECTIONS, name):
                return not await self._ask(WRITTEN, name)
            await asyncio.sleep(0.005)
        return False

    async def _ask(self, question: TextClause, name: str) -> int:
        async with self._engine.connect() as connection:
            return int(await connection.scalar(question, {"name": name}))

    async def say(self, statement: str) -> None:
        """Have the server do that, outside of any transaction."""
        async with self._engine.connect() as connection:
            await connection.execute(text(statement))

    async def leave(self) -> None:
        """Close what is open; the databases go with the server."""
        if self._ahead:
            await self._ahead
        await self._engine.dispose()


def _file(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _database(directory: Path, name: str) -> str:
    query = {"host": str(directory)}
    return str(URL.create("postgresql+psycopg", SUPERUSER, database=name, query=query))


async def _upgrade(url: str) -> None:
    engine = connect(url)
    await schema.upgrade(engine)
    await demonstration.load(engine, Sealer(Keyring.parse(KEYS)))
    await engine.dispose()
