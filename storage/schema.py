"""The schema's version: brought up to date by `failover bootstrap`, demanded by API and worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import connect, reading, writing
from storage.tables import TRIGRAMS

ONE_AT_A_TIME = 0x6661696C
"""The lock that an upgrade holds on PostgreSQL: every replica may run `failover bootstrap`."""


class WrongSchema(Exception):
    """The database has another schema version than this code; the message says what to do."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def is_described(name: str | None, *_: object) -> bool:
    """Whether `storage/tables.py` says what it is; of the trigrams each database has its own."""
    return not str(name).startswith(TRIGRAMS)


async def upgrade(engine: AsyncEngine) -> str:
    """Bring the schema to the newest version, and return it; idempotent."""

    def apply(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:ours)"), {"ours": ONE_AT_A_TIME})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with writing(engine) as connection:
        await connection.run_sync(apply)
    return _wanted()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    """The database at the address, closed in the end.

    Raises:
        WrongSchema: it has another version than this code was written for.
        SQLAlchemyError: it does not answer.
    """
    engine = connect(url)
    try:
        await check(engine)
        yield engine
    finally:
        await engine.dispose()


async def check(engine: AsyncEngine) -> None:
    """Make sure that the database has the version that this code was written for.

    Raises:
        WrongSchema: it has another, or none.
    """

    def current(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with reading(engine) as connection:
        found = await connection.run_sync(current)
    if found != _wanted():
        raise WrongSchema(
            f"the database has schema version {found or 'none'}, this program needs {_wanted()}: "
            "run `failover bootstrap` of the same release"
        )


def _wanted() -> str:
    return str(ScriptDirectory.from_config(_config()).get_current_head())
