"""Statements that are built once: building one costs more than having it executed."""

from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import Table

Insert = sqlite.Insert | postgresql.Insert
Inserting = Callable[[Table], Insert]
"""Begins an INSERT that can say what to do on a conflict."""

Statement = TypeVar("Statement", bound=Executable)

_INSERTING: dict[str, Inserting] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT that can say what to do on a conflict."""
    return _INSERTING[connection.dialect.name](table)


def built_once(build: Callable[[Inserting], Statement]) -> Callable[[AsyncConnection], Statement]:
    """The statement for a connection's kind of database; its values are given at the execution."""

    @cache
    def built(dialect: str) -> Statement:
        return build(_INSERTING[dialect])

    @wraps(build)
    def of(connection: AsyncConnection) -> Statement:
        return built(connection.dialect.name)

    return of
