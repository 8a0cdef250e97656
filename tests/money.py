"""Customers with money of their own, and their books as the database has them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import register
from accounts.base import ALL_ROLES, Application, Price, SenderInfo
from accounts.ledger import Entry, top_up
from domain.flow import Flow, StepRef
from domain.status import Channel
from storage.engine import reading, writing
from storage.tables import accounts, applications, ledger, spending

NOTHING = Decimal(0)

Day = tuple[str, str]
"""An application, and a UTC day as 2026-09-01."""


async def customer(
    database: AsyncEngine,
    balance: Decimal | str = "0",
    *,
    cap: Decimal | str | None = None,
    account: str | None = None,
) -> Application:
    """A new application, of a new account with that balance unless one is named."""
    name = account or f"customer-{uuid4()}"
    application = Application(
        uuid4().hex[:24], name, ALL_ROLES, daily_cap=None if cap is None else Decimal(cap)
    )
    async with writing(database) as connection:
        await register.open_account(connection, name)
        if Decimal(balance):
            await top_up(connection, name, Decimal(balance))
        await register.add_application(connection, application, "secret")
    return application


async def sender_of(database: AsyncEngine, application: Application) -> SenderInfo:
    """A new Viber sender of the application's account."""
    sender = SenderInfo(str(uuid4()), application.account, "Shop")
    async with writing(database) as connection:
        await register.add_sender(connection, sender)
    return sender


async def price(
    database: AsyncEngine,
    channel: Channel,
    amount: Decimal | int | str,
    country: str = "",
    account: str = "",
) -> None:
    """Have a message of the channel cost that much."""
    async with writing(database) as connection:
        await register.set_price(connection, Price(channel, Decimal(amount), country, account))


async def add(database: AsyncEngine, account: str, amount: Decimal | str) -> bool:
    """Top the account up, or take some back; whether that could be done."""
    async with writing(database) as connection:
        return await top_up(connection, account, Decimal(amount))


def today() -> str:
    """The UTC day."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def ordered_by(application: Application, flow: Flow) -> Flow:
    """The (unsealed) flow, as that application's."""
    return flow.model_copy(update={"account": application.account, "application": application.id})


@dataclass(frozen=True)
class Books:
    """An account's balance, its ledger from the first line, and what its applications spent."""

    balance: Decimal
    lines: Sequence[Row[Any]]
    spending: Mapping[Day, Decimal]

    @property
    def kinds(self) -> Sequence[tuple[str, Decimal]]:
        """What the ledger's lines are, with their amounts."""
        return [(line.kind, line.amount) for line in self.lines]

    def net(self, ref: StepRef) -> Decimal:
        """What the step was charged, less what was given back."""
        own = (line for line in self.lines if _step(line) == (ref.tracking_id, ref.order))
        return -sum((line.amount for line in own), NOTHING)

    def check(self) -> None:
        """Fail unless every sum is right."""
        assert self.balance >= NOTHING
        assert self.balance == sum((line.amount for line in self.lines), NOTHING)
        assert all(spent >= NOTHING for spent in self.spending.values())
        assert _without_nothing(self.spending) == _without_nothing(_charged(self.lines))


async def books(database: AsyncEngine, account: str) -> Books:
    """The account's books, of one moment."""
    return (await books_of(database, account))[account]


async def books_of(database: AsyncEngine, *names: str) -> Mapping[str, Books]:
    """The accounts' books, all of one moment."""
    async with reading(database) as connection:
        balances = await connection.execute(
            select(accounts.c.id, accounts.c.balance).where(accounts.c.id.in_(names))
        )
        lines = await connection.execute(
            select(ledger).where(ledger.c.account.in_(names)).order_by(ledger.c.id)
        )
        spent = await connection.execute(
            select(spending, applications.c.account)
            .join(applications, applications.c.id == spending.c.application)
            .where(applications.c.account.in_(names))
        )
        every, days = lines.all(), spent.all()
        return {
            name: Books(
                balance,
                [line for line in every if line.account == name],
                {(row.application, row.day): row.amount for row in days if row.account == name},
            )
            for name, balance in balances
        }


def _step(line: Row[Any]) -> tuple[str, int]:
    return line.tracking_id, line.order


def _charged(lines: Sequence[Row[Any]]) -> Mapping[Day, Decimal]:
    """By application and day; what was given back is taken off the day of its charge."""
    days: defaultdict[Day, Decimal] = defaultdict(Decimal)
    of_step: dict[tuple[str, int], Day] = {}
    for line in lines:
        if line.kind == Entry.TOP_UP:
            continue
        if line.kind == Entry.CHARGE:
            of_step[_step(line)] = (line.application, line.at.strftime("%Y-%m-%d"))
        days[of_step[_step(line)]] -= line.amount
    return days


def _without_nothing(days: Mapping[Day, Decimal]) -> Mapping[Day, Decimal]:
    return {day: amount for day, amount in days.items() if amount}
