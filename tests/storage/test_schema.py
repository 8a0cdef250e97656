"""The schema's version, and that code and migrations agree on what it holds."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import schema
from storage.engine import connect, reading, writing
from storage.tables import callback_keys, metadata
from tests.databases import Databases


@pytest.fixture
async def empty(databases: Databases) -> AsyncIterator[AsyncEngine]:
    """A database without any table."""
    async with databases.new(empty=True) as url:
        engine = connect(url)
        yield engine
        await engine.dispose()


async def _at_version(engine: AsyncEngine, version: str) -> None:
    async with writing(engine) as connection:
        await connection.execute(
            text("UPDATE alembic_version SET version_num = :v"), {"v": version}
        )


async def test_an_upgrade_makes_the_newest_version_and_may_be_repeated(empty: AsyncEngine) -> None:
    """The second time it finds nothing to do, and loses nothing."""
    version = await schema.upgrade(empty)
    async with writing(empty) as connection:
        await connection.execute(text("INSERT INTO spending VALUES ('64d0', '2026-09-01', 4)"))
    assert await schema.upgrade(empty) == version
    await schema.check(empty)
    async with reading(empty) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM spending"))).scalar() == 1


async def test_upgrades_at_once_wait_for_each_other(empty: AsyncEngine) -> None:
    """Every replica of a new release may begin with `failover bootstrap`."""
    made = await asyncio.gather(*(schema.upgrade(empty) for _ in range(4)))
    assert len(set(made)) == 1
    await schema.check(empty)


async def test_the_migrations_make_what_the_code_describes(empty: AsyncEngine) -> None:
    """Tables, columns, types and indexes, compared by alembic itself."""
    await schema.upgrade(empty)

    def differences(connection: Connection) -> object:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": schema.is_described,
        }
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, metadata)

    def nullables(connection: Connection) -> dict[str, dict[str, bool]]:
        found = inspect(connection)
        return {
            name: {column["name"]: column["nullable"] for column in found.get_columns(name)}
            for name in metadata.tables
        }

    async with reading(empty) as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(nullables) == {
            name: {column.name: bool(column.nullable) for column in table.columns}
            for name, table in metadata.tables.items()
        }


async def test_an_empty_database_is_refused(empty: AsyncEngine) -> None:
    """The message says what is there, what is needed, and what to do."""
    with pytest.raises(schema.WrongSchema) as refused:
        await schema.check(empty)
    message = str(refused.value)
    assert "has schema version none" in message
    assert "run `failover bootstrap`" in message


@pytest.mark.parametrize("version", ["0000", "9999"])
async def test_another_version_is_refused(empty: AsyncEngine, version: str) -> None:
    """An older one as well as a newer one; of both the message tells."""
    newest = await schema.upgrade(empty)
    await _at_version(empty, version)
    with pytest.raises(schema.WrongSchema) as refused:
        await schema.check(empty)
    message = str(refused.value)
    assert f"has schema version {version}, this program needs {newest}" in message
    assert "`failover bootstrap` of the same release" in message


async def test_a_check_changes_nothing(empty: AsyncEngine) -> None:
    """Not even alembic's own table appears."""
    with pytest.raises(schema.WrongSchema):
        await schema.check(empty)
    async with reading(empty) as connection:
        tables = await connection.run_sync(lambda each: inspect(each).get_table_names())
    assert tables == []


async def test_an_upgrade_that_fails_leaves_nothing_behind(empty: AsyncEngine) -> None:
    """It is one transaction: what it met in its way stays as it was."""
    async with writing(empty) as connection:
        await connection.execute(text("CREATE TABLE sends (reference TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        await schema.upgrade(empty)
    async with reading(empty) as connection:
        tables = await connection.run_sync(lambda each: inspect(each).get_table_names())
    assert tables == ["sends"]


async def test_a_callback_secret_becomes_a_callback_key(empty: AsyncEngine) -> None:
    """As it was sealed; who had none has none, and the old place is gone."""

    def to(connection: Connection, version: str) -> None:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)

    async with writing(empty) as connection:
        await connection.run_sync(to, "0005")
        await connection.execute(
            text("INSERT INTO accounts VALUES ('acme', 0, '2026-09-01T00:00:00.000Z')")
        )
        for application, secret in (("with", "v1.k1.sealed"), ("without", None)):
            await connection.execute(
                text(
                    "INSERT INTO applications (id, account, name, roles, scopes, token_lifetime,"
                    " transcode, callback_secret, destinations, created_at) VALUES"
                    " (:id, 'acme', '', '', '', 3600, false, :secret, '',"
                    " '2026-09-01T00:00:00.000Z')"
                ),
                {"id": application, "secret": secret},
            )
        await connection.run_sync(to, "0006")
    async with reading(empty) as connection:
        kept = await connection.execute(
            select(callback_keys.c.application, callback_keys.c.sealed, callback_keys.c.expires_at)
        )
        assert [tuple(each) for each in kept] == [("with", "v1.k1.sealed", None)]
        columns = await connection.run_sync(lambda each: inspect(each).get_columns("applications"))
        assert "callback_secret" not in {each["name"] for each in columns}
        assert await connection.scalar(text("SELECT count(*) FROM applications")) == 2
