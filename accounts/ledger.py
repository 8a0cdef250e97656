"""Money: what a step costs, and every movement of it.

A step is charged once for each reference, in the transaction that claims the reference, and
refunded in the one that says that nothing was sent. Nothing else charges or refunds. The balance
is guarded by the statement that changes it, so that it never falls below zero.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.flow import StepRef
from domain.recipient import country
from domain.steps import RequestStep
from storage.engine import insert_into, reading
from storage.tables import accounts, applications, ledger, prices, spending

FREE = Decimal(0)


class Entry(StrEnum):
    """What a line of the ledger is."""

    CHARGE = "charge"
    REFUND = "refund"
    TOP_UP = "top-up"


async def cost(connection: AsyncConnection, account: str, step: RequestStep) -> Decimal:
    """What the step costs the account; what has no price is free.

    The account's own price comes before everybody's, a country's before everywhere's.
    """
    query = (
        select(prices.c.price)
        .where(
            prices.c.account.in_((account, "")),
            prices.c.channel == step.channel,
            prices.c.country.in_((country(step.recipient) or "", "")),
        )
        .order_by(prices.c.account.desc(), prices.c.country.desc())
        .limit(1)
    )
    price: Decimal | None = (await connection.execute(query)).scalar()
    return FREE if price is None else price * step.parts


async def charge(
    connection: AsyncConnection, application: str, ref: StepRef, step: RequestStep
) -> bool:
    """Charge the step; False, and nothing changed, if the money or the day's cap is too short."""
    price = await cost(connection, ref.account, step)
    if price == FREE:
        return True
    if not await _withdrawn(connection, ref.account, price):
        return False
    now = datetime.now(UTC)
    if not await _within_cap(connection, application, now, price):
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
        async with reading(self._engine) as connection:
            price = await cost(connection, account, step)
            if price == FREE:
                return True
            balance = await connection.scalar(
                select(accounts.c.balance).where(accounts.c.id == account)
            )
            cap = await _cap(connection, application)
            spent = await connection.scalar(
                select(spending.c.amount).where(
                    spending.c.application == application,
                    spending.c.day == _day(datetime.now(UTC)),
                )
            )
        return price <= (balance or FREE) and (cap is None or (spent or FREE) + price <= cap)


async def _withdrawn(connection: AsyncConnection, account: str, amount: Decimal) -> bool:
    taken = await connection.execute(
        update(accounts)
        .where(accounts.c.id == account, accounts.c.balance >= amount)
        .values(balance=accounts.c.balance - amount)
    )
    return taken.rowcount == 1


async def _credit(connection: AsyncConnection, account: str, amount: Decimal) -> bool:
    given = await connection.execute(
        update(accounts).where(accounts.c.id == account).values(balance=accounts.c.balance + amount)
    )
    return given.rowcount == 1


async def _within_cap(
    connection: AsyncConnection, application: str, now: datetime, price: Decimal
) -> bool:
    cap = await _cap(connection, application)
    if cap is not None and price > cap:
        return False
    insert = insert_into(connection, spending).values(
        application=application, day=_day(now), amount=price
    )
    counted = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[spending.c.application, spending.c.day],
            set_={"amount": spending.c.amount + price},
            # Not amount + price <= cap: a sum is no Amount any more, and the cap would go unscaled.
            where=None if cap is None else spending.c.amount <= cap - price,
        )
    )
    return counted.rowcount == 1


async def _cap(connection: AsyncConnection, application: str) -> Decimal | None:
    cap: Decimal | None = await connection.scalar(
        select(applications.c.daily_cap).where(applications.c.id == application)
    )
    return cap


async def _enter(
    connection: AsyncConnection,
    ref: StepRef,
    application: str,
    kind: Entry,
    amount: Decimal,
    at: datetime,
) -> None:
    await connection.execute(
        ledger.insert().values(
            account=ref.account,
            application=application,
            tracking_id=ref.tracking_id,
            order=ref.order,
            kind=kind,
            amount=amount,
            at=at,
        )
    )


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")
