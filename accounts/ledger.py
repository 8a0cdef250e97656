"""Money: what a step costs, and every movement of it.

A step is charged once for each reference, in the transaction that claims the reference, and
refunded in the one that says that nothing was sent. Nothing else charges or refunds. The balance
is guarded by the statement that changes it, so that it never falls below zero.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.flow import StepRef
from domain.recipient import country
from domain.steps import RequestStep
from storage.engine import reading_once
from storage.statements import Insert, Inserting, built_once
from storage.tables import Amount, accounts, applications, ledger, prices, spending

FREE = Decimal(0)


class Entry(StrEnum):
    """What a line of the ledger is."""

    CHARGE = "charge"
    REFUND = "refund"
    TOP_UP = "top-up"


@dataclass(frozen=True)
class Terms:
    """What a step costs, and what there is for it: the account's balance, the day's cap."""

    price: Decimal
    balance: Decimal = FREE
    cap: Decimal | None = None
    spent: Decimal = FREE

    @property
    def suffice(self) -> bool:
        """Whether there is money for the step."""
        return self.price <= self.balance and (
            self.cap is None or self.spent + self.price <= self.cap
        )


async def terms(
    connection: AsyncConnection, account: str, application: str, step: RequestStep, now: datetime
) -> Terms:
    """The step's terms for the account; what has no price is free.

    The account's own price comes before everybody's, a country's before everywhere's.
    """
    asked = {
        "account": account,
        "application": application,
        "channel": step.channel,
        "country": country(step.recipient) or "",
        "day": _day(now),
    }
    found = (await connection.execute(_TERMS, asked)).first()
    if found is None:
        return Terms(FREE)
    return Terms(
        found.price * step.parts, found.balance or FREE, found.daily_cap, found.spent or FREE
    )


async def charge(
    connection: AsyncConnection, application: str, ref: StepRef, step: RequestStep
) -> bool:
    """Charge the step; False, and nothing changed, if the money or the day's cap is too short."""
    now = datetime.now(UTC)
    found = await terms(connection, ref.account, application, step, now)
    price = found.price
    if price == FREE:
        return True
    if not await _withdrawn(connection, ref.account, price):
        return False
    if not await _within_cap(connection, application, now, found):
        await _credit(connection, ref.account, price)
        return False
    await _enter(connection, ref, application, Entry.CHARGE, -price, now)
    return True


async def refund(connection: AsyncConnection, ref: StepRef) -> None:
    """Give back what the step was charged, if anything."""
    query = select(
        func.sum(ledger.c.amount).label("balance"),
        func.max(ledger.c.application).label("application"),
        func.max(ledger.c.at).label("at"),
    ).where(ledger.c.tracking_id == ref.tracking_id, ledger.c.order == ref.order)
    paid = (await connection.execute(query)).one()
    if not paid.balance:
        return
    owed = -paid.balance
    await _credit(connection, ref.account, owed)
    await connection.execute(
        update(spending)
        .where(spending.c.application == paid.application, spending.c.day == _day(paid.at))
        .values(amount=spending.c.amount - owed)
    )
    await _enter(connection, ref, paid.application, Entry.REFUND, owed, datetime.now(UTC))


async def top_up(connection: AsyncConnection, account: str, amount: Decimal) -> bool:
    """Add money (a negative amount takes some back); False if it cannot, and nothing changed."""
    if amount < 0:
        changed = await _withdrawn(connection, account, -amount)
    else:
        changed = await _credit(connection, account, amount)
    if changed:
        await connection.execute(
            ledger.insert().values(
                account=account, kind=Entry.TOP_UP, amount=amount, at=datetime.now(UTC)
            )
        )
    return changed


class Ledger:
    """Answers the door's question."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def affords(self, account: str, application: str, step: RequestStep) -> bool:
        """Whether there is money for the step now. Nothing is kept aside.

        Raises:
            SQLAlchemyError: the database is away.
        """
        async with reading_once(self._engine) as connection:
            found = await terms(connection, account, application, step, datetime.now(UTC))
        return found.price == FREE or found.suffice


async def _withdrawn(connection: AsyncConnection, account: str, amount: Decimal) -> bool:
    taken = await connection.execute(_WITHDRAWN, {"of": account, "amount": amount})
    return taken.rowcount == 1


async def _credit(connection: AsyncConnection, account: str, amount: Decimal) -> bool:
    given = await connection.execute(_CREDITED, {"of": account, "amount": amount})
    return given.rowcount == 1


async def _within_cap(
    connection: AsyncConnection, application: str, now: datetime, found: Terms
) -> bool:
    line = {"application": application, "day": _day(now), "amount": found.price}
    if found.cap is None:
        counted = await connection.execute(_counted(connection), line)
    elif found.price > found.cap:
        return False
    else:
        room = {"most": found.cap - found.price}
        counted = await connection.execute(_counted_within(connection), line | room)
    return counted.rowcount == 1


async def _enter(
    connection: AsyncConnection,
    ref: StepRef,
    application: str,
    kind: Entry,
    amount: Decimal,
    at: datetime,
) -> None:
    await connection.execute(
        _ENTERED,
        {
            "account": ref.account,
            "application": application,
            "tracking_id": ref.tracking_id,
            "order": ref.order,
            "kind": kind,
            "amount": amount,
            "at": at,
        },
    )


_TERMS = (
    select(
        prices.c.price,
        select(accounts.c.balance)
        .where(accounts.c.id == bindparam("account"))
        .scalar_subquery()
        .label("balance"),
        select(applications.c.daily_cap)
        .where(applications.c.id == bindparam("application"))
        .scalar_subquery()
        .label("daily_cap"),
        select(spending.c.amount)
        .where(
            spending.c.application == bindparam("application"),
            spending.c.day == bindparam("day"),
        )
        .scalar_subquery()
        .label("spent"),
    )
    .where(
        prices.c.account.in_((bindparam("account"), "")),
        prices.c.channel == bindparam("channel"),
        prices.c.country.in_((bindparam("country"), "")),
    )
    .order_by(prices.c.account.desc(), prices.c.country.desc())
    .limit(1)
)
_PAID = bindparam("amount", type_=Amount)
_WITHDRAWN = (
    update(accounts)
    .where(accounts.c.id == bindparam("of"), accounts.c.balance >= _PAID)
    .values(balance=accounts.c.balance - _PAID)
)
_CREDITED = (
    update(accounts)
    .where(accounts.c.id == bindparam("of"))
    .values(balance=accounts.c.balance + _PAID)
)
_ENTERED = ledger.insert()


@built_once
def _counted(insert: Inserting) -> Insert:
    return _spent_more(insert)


@built_once
def _counted_within(insert: Inserting) -> Insert:
    # Not amount + price <= cap: a sum is no Amount any more, and the cap would go unscaled.
    return _spent_more(insert, spending.c.amount <= bindparam("most", type_=Amount))


def _spent_more(insert: Inserting, where: ColumnElement[bool] | None = None) -> Insert:
    made = insert(spending)
    return made.on_conflict_do_update(
        index_elements=[spending.c.application, spending.c.day],
        set_={"amount": spending.c.amount + made.excluded.amount},
        where=where,
    )


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")
