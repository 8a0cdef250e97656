"""Statements in the words of each database, built once."""

from typing import cast

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine import connect
from storage.statements import Insert, Inserting, built_once, insert_into

COUNTER = Table("counter", MetaData(), Column("id", Integer, primary_key=True))
WORDS = {
    "sqlite+aiosqlite:///nowhere.db": sqlite.Insert,
    "postgresql+psycopg://nobody@127.0.0.1:1/none": postgresql.Insert,
}


@built_once
def _added(insert: Inserting) -> Insert:
    return insert(COUNTER).on_conflict_do_nothing()


def _speaking(url: str) -> AsyncConnection:
    return cast(AsyncConnection, connect(url))  # it has the dialect, and is not opened


@pytest.mark.parametrize(("url", "expected"), WORDS.items())
def test_an_insert_can_say_what_to_do_on_a_conflict(url: str, expected: type) -> None:
    """In the words of the database it goes to."""
    assert isinstance(insert_into(_speaking(url), COUNTER), expected)
    assert isinstance(_added(_speaking(url)), expected)


@pytest.mark.parametrize("url", WORDS)
def test_a_statement_is_built_once_for_each_kind_of_database(url: str) -> None:
    """Its cached form is found by what it is, not by what it says."""
    assert _added(_speaking(url)) is _added(_speaking(url))
