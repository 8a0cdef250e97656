"""What operators read of accounts. Each function is part of the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts.base import Application, Price, SenderInfo, Template
from accounts.ledger import Entry
from accounts.lifetimes import lives
from accounts.records import application_of, sender_of, template_of
from domain.status import Channel
from storage.tables import (
    accounts,
    applications,
    callback_keys,
    ledger,
    prices,
    secrets,
    sender_infos,
    templates,
)


@dataclass(frozen=True)
class Account:
    """Who pays, and how many applications it has."""

    id: str
    balance: Decimal
    applications: int
    created_at: datetime


@dataclass(frozen=True)
class Kept:
    """That there is a secret or a key; `expires_at` is None where it does not end."""

    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Registered:
    """An application, the secrets that prove it, and the keys that sign its callbacks."""

    application: Application
    secrets: Sequence[Kept]
    callback_keys: Sequence[Kept]


@dataclass(frozen=True)
class Line:
    """A movement of money. A top-up is of no application and no step."""

    at: datetime
    kind: Entry
    amount: Decimal
    application: str | None
    tracking_id: str | None
    order: int | None


async def all_accounts(connection: AsyncConnection) -> Sequence[Account]:
    """Every account, by id."""
    query = select(applications.c.account, func.count().label("number"))
    counted = await connection.execute(query.group_by(applications.c.account))
    numbers = {row.account: row.number for row in counted}
    rows = await connection.execute(select(accounts).order_by(accounts.c.id))
    return [_account(row, numbers.get(row.id, 0)) for row in rows]


async def one_account(connection: AsyncConnection, account: str) -> Account | None:
    """The account, if there is one."""
    row = (await connection.execute(select(accounts).where(accounts.c.id == account))).first()
    if row is None:
        return None
    query = select(func.count()).where(applications.c.account == account)
    return _account(row, await connection.scalar(query) or 0)


async def applications_of(connection: AsyncConnection, account: str) -> Sequence[Registered]:
    """The account's applications, oldest first."""
    rows = await _own(connection, applications, account, "created_at")
    ids = [row.id for row in rows]
    proofs = await _live(connection, secrets, ids)
    keys = await _live(connection, callback_keys, ids)
    return [Registered(application_of(row), proofs[row.id], keys[row.id]) for row in rows]


async def senders_of(connection: AsyncConnection, account: str) -> Sequence[SenderInfo]:
    """The account's Viber senders, by name."""
    return [sender_of(row) for row in await _own(connection, sender_infos, account, "name")]


async def templates_of(connection: AsyncConnection, account: str) -> Sequence[Template]:
    """The account's Viber templates, by id."""
    return [template_of(row) for row in await _own(connection, templates, account)]


async def price_list(
    connection: AsyncConnection, accounts: Iterable[str] | None = None
) -> Sequence[Price]:
    """The prices of those accounts ("" is everybody), or all; the first that fits a step holds."""
    query = select(prices)
    if accounts is not None:
        query = query.where(prices.c.account.in_(list(accounts)))
    found = await connection.execute(query)
    listed = (Price(Channel(row.channel), row.price, row.country, row.account) for row in found)
    return sorted(listed, key=_nearest_first)


async def last_lines(connection: AsyncConnection, account: str, number: int) -> Sequence[Line]:
    """The account's ledger from its newest line on, at most so many of them."""
    rows = await connection.execute(
        select(ledger).where(ledger.c.account == account).order_by(ledger.c.id.desc()).limit(number)
    )
    return [
        Line(row.at, Entry(row.kind), row.amount, row.application, row.tracking_id, row.order)
        for row in rows
    ]


async def _live(
    connection: AsyncConnection, table: Table, ids: Sequence[str]
) -> Mapping[str, Sequence[Kept]]:
    query = select(table).where(table.c.application.in_(ids), lives(table))
    found: defaultdict[str, list[Kept]] = defaultdict(list)
    for each in await connection.execute(query.order_by(table.c.created_at)):
        found[each.application].append(Kept(each.created_at, each.expires_at))
    return found


async def _own(
    connection: AsyncConnection, table: Table, account: str, *order: str
) -> Sequence[Row[Any]]:
    own = select(table).where(table.c.account == account)
    columns = [table.c[name] for name in (*order, "id")]
    return (await connection.execute(own.order_by(*columns))).all()


def _account(row: Row[Any], number: int) -> Account:
    return Account(row.id, row.balance, number, row.created_at)


def _nearest_first(price: Price) -> tuple[object, ...]:
    # As `accounts/ledger.py` chooses: what is blank holds for all, and so comes last.
    return (price.channel, not price.account, price.account, not price.country, price.country)
