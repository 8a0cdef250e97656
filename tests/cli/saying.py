"""What a command said, and what it left in the database."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import reading
from storage.tables import metadata
from tests.forking import Said


async def content(database: AsyncEngine) -> dict[str, list[Any]]:
    """All rows of all tables."""
    async with reading(database) as connection:
        return {
            name: sorted(map(str, await connection.execute(select(each))))
            for name, each in metadata.tables.items()
        }


def complaint(said: Said) -> str:
    """The one sentence with which a command refused."""
    assert (said.code, said.output) == (1, ""), said
    (line,) = said.errors.splitlines()
    assert line.startswith("failover: ")
    return line.removeprefix("failover: ")
