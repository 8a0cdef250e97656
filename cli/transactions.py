"""A command is one transaction; what it says is printed once that is durable."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from accounts import overview
from accounts.overview import Account
from accounts.rules import NotDone
from cli.ending import run
from cli.tables import Told
from settings import Settings
from storage import schema
from storage.engine import reading, writing

Work = Callable[[AsyncConnection], Awaitable[Told]]
Transaction = Callable[[AsyncEngine], AbstractAsyncContextManager[AsyncConnection]]


def look(work: Work, as_json: bool) -> NoReturn:
    """Run what only reads, and print what it says."""
    run(_told(reading, work, as_json))


def change(work: Work, as_json: bool) -> NoReturn:
    """Run what changes something, all of it or nothing, and print what it says."""
    run(_told(writing, work, as_json))


async def known(connection: AsyncConnection, account: str) -> Account:
    """The account.

    Raises:
        NotDone: there is none.
    """
    found = await overview.one_account(connection, account)
    if found is None:
        raise NotDone(
            f"there is no account {account}: `failover accounts list` shows all, "
            f"`failover accounts create {account}` makes it"
        )
    return found


async def _told(transaction: Transaction, work: Work, as_json: bool) -> None:
    async with schema.opened(Settings().database) as engine, transaction(engine) as connection:
        told = await work(connection)
    told.print(as_json)
