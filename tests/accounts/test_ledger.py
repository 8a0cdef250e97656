"""Money: charged, refunded and topped up, guarded by the statement that moves it."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.ledger import Entry, Ledger, charge, refund
from domain.flow import StepRef
from domain.status import Channel
from storage.engine import writing
from storage.tables import accounts, ledger, spending
from tests.money import add, books, customer, price, today
from tests.samples import request_step, sms

SMS = request_step(sms())
THREE_PARTS = request_step(sms(message={"body": "x" * 400}))
COST = Decimal("0.04")
"""The demonstration's price of an Sms."""

CHARGED, REFUNDED = (Entry.CHARGE, -COST), (Entry.REFUND, COST)


def ref(application: Application, number: int = 1, order: int = 1) -> StepRef:
    """A step of a flow of the application's account."""
    tracking_id = f"00000000-0000-4000-8000-{number:012}"
    return StepRef(account=application.account, tracking_id=tracking_id, order=order)


async def pay(
    database: AsyncEngine, application: Application, number: int = 1, order: int = 1
) -> bool:
    """Charge an Sms; whether there was money."""
    async with writing(database) as connection:
        return await charge(connection, application.id, ref(application, number, order), SMS)


async def give_back(database: AsyncEngine, application: Application, number: int = 1) -> None:
    """Refund it."""
    async with writing(database) as connection:
        await refund(connection, ref(application, number))


async def affords(database: AsyncEngine, application: Application) -> bool:
    """What the door is told about an Sms."""
    return await Ledger(database).affords(application.account, application.id, SMS)


async def test_a_charge_is_taken_off_and_written_down(database: AsyncEngine) -> None:
    """With whose it is, and for what."""
    buyer = await customer(database, "1")
    async with writing(database) as connection:
        assert await charge(connection, buyer.id, ref(buyer, 7, 2), THREE_PARTS)
    found = await books(database, buyer.account)
    found.check()
    assert found.balance == Decimal("0.88")
    line = found.lines[-1]
    assert (line.kind, line.amount) == (Entry.CHARGE, Decimal("-0.12"))
    assert (line.application, line.order) == (buyer.id, 2)
    assert line.tracking_id == ref(buyer, 7).tracking_id
    assert list(found.spending.values()) == [Decimal("0.12")]


async def test_what_there_is_no_money_for_changes_nothing(database: AsyncEngine) -> None:
    """A millionth is missing; with it, exactly nothing is left."""
    buyer = await customer(database, "0.039999")
    before = await books(database, buyer.account)
    assert not await affords(database, buyer)
    assert not await pay(database, buyer)
    assert await books(database, buyer.account) == before
    await add(database, buyer.account, "0.000001")
    assert await affords(database, buyer)
    assert await pay(database, buyer)
    after = await books(database, buyer.account)
    after.check()
    assert after.balance == 0


async def test_a_free_step_needs_no_account(database: AsyncEngine) -> None:
    """Nor does it leave a line; a step with a price needs one."""
    stranger = Application("stranger", "nobody-s")
    assert not await affords(database, stranger)
    assert not await pay(database, stranger)
    buyer = await customer(database)
    await price(database, Channel.SMS, 0)
    for free in (stranger, buyer):
        assert await affords(database, free)
        assert await pay(database, free)
    assert (await books(database, buyer.account)).lines == []


async def test_of_many_charges_at_once_the_money_pays_for_some(database: AsyncEngine) -> None:
    """Exactly as many as it is enough for, on every database."""
    buyer = await customer(database, "0.30")
    paid = await asyncio.gather(*(pay(database, buyer, number) for number in range(24)))
    found = await books(database, buyer.account)
    found.check()
    assert sum(paid) == 7
    assert found.balance == Decimal("0.02")


async def test_the_database_itself_refuses_a_balance_below_zero(database: AsyncEngine) -> None:
    """Whoever writes to it."""
    buyer = await customer(database, "1")
    with pytest.raises(IntegrityError):
        async with writing(database) as connection:
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == buyer.account)
                .values(balance=accounts.c.balance - Decimal("1.01"))
            )
    assert (await books(database, buyer.account)).balance == 1


async def test_a_refund_gives_back_what_was_charged_once(database: AsyncEngine) -> None:
    """The price of then, not today's; asked again it gives nothing."""
    buyer = await customer(database, "1")
    await pay(database, buyer)
    await price(database, Channel.SMS, "0.99")
    for _ in range(3):
        await give_back(database, buyer)
    found = await books(database, buyer.account)
    found.check()
    assert found.balance == 1
    assert found.kinds[1:] == [CHARGED, REFUNDED]


async def test_what_was_never_charged_is_not_refunded(database: AsyncEngine) -> None:
    """Nor is another step of the flow, nor another flow."""
    buyer = await customer(database, "1")
    await pay(database, buyer, number=1, order=2)
    await pay(database, buyer, number=2)
    await give_back(database, buyer, number=1)
    found = await books(database, buyer.account)
    assert found.kinds[1:] == [CHARGED, CHARGED]


async def test_a_step_may_be_charged_again_after_its_refund(database: AsyncEngine) -> None:
    """At the price of then; a refund gives back the last one."""
    buyer = await customer(database, "1")
    await pay(database, buyer)
    await give_back(database, buyer)
    await price(database, Channel.SMS, "0.5")
    await pay(database, buyer)
    assert (await books(database, buyer.account)).net(ref(buyer)) == Decimal("0.5")
    await give_back(database, buyer)
    found = await books(database, buyer.account)
    found.check()
    assert found.balance == 1


async def test_money_may_be_taken_back_while_there_is_some(database: AsyncEngine) -> None:
    """A top-up below zero; more than there is changes nothing, and an unknown account has none."""
    buyer = await customer(database, "1")
    assert await add(database, buyer.account, "-0.6")
    assert not await add(database, buyer.account, "-0.6")
    assert not await add(database, "nobody-s", "1")
    found = await books(database, buyer.account)
    found.check()
    assert found.kinds == [(Entry.TOP_UP, 1), (Entry.TOP_UP, Decimal("-0.6"))]


async def test_a_day_has_its_cap(database: AsyncEngine) -> None:
    """What it leaves no room for is not charged, and a refund makes room; others have their own."""
    capped = await customer(database, "1", cap="0.1")
    free = await customer(database, account=capped.account)
    assert [await pay(database, capped, number) for number in range(3)] == [True, True, False]
    assert not await affords(database, capped)
    assert await affords(database, free)
    assert await pay(database, free, 9)
    await give_back(database, capped, 0)
    assert await affords(database, capped)
    assert await pay(database, capped, 3)
    found = await books(database, capped.account)
    found.check()
    assert found.spending == {(capped.id, today()): 2 * COST, (free.id, today()): COST}


@pytest.mark.parametrize(("cap", "paid"), [("0", False), ("0.039999", False), ("0.04", True)])
async def test_a_cap_below_the_first_price_lets_nothing_through(
    database: AsyncEngine, cap: str, paid: bool
) -> None:
    """Zero is a cap, too; one that is met exactly is not broken."""
    capped = await customer(database, "1", cap=cap)
    assert await affords(database, capped) == paid
    assert await pay(database, capped) == paid
    (await books(database, capped.account)).check()


async def test_of_many_charges_at_once_the_cap_lets_some_through(database: AsyncEngine) -> None:
    """Counted by the statement that adds them up."""
    capped = await customer(database, "5", cap="0.2")
    paid = await asyncio.gather(*(pay(database, capped, number) for number in range(24)))
    found = await books(database, capped.account)
    found.check()
    assert sum(paid) == 5
    assert found.balance == Decimal("4.8")


async def test_yesterdays_refund_makes_no_room_today(database: AsyncEngine) -> None:
    """It is taken off the day of its charge."""
    capped = await customer(database, "1", cap="0.04")
    await pay(database, capped, 1)
    await _make_it_yesterday(database, capped)
    assert await pay(database, capped, 2)
    await give_back(database, capped, 1)
    assert not await affords(database, capped)
    assert not await pay(database, capped, 3)
    found = await books(database, capped.account)
    found.check()
    assert found.spending[capped.id, today()] == COST


async def _make_it_yesterday(database: AsyncEngine, application: Application) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with writing(database) as connection:
        await connection.execute(
            update(ledger).where(ledger.c.application == application.id).values(at=yesterday)
        )
        await connection.execute(
            update(spending)
            .where(spending.c.application == application.id)
            .values(day=yesterday.strftime("%Y-%m-%d"))
        )


async def test_an_answer_to_the_door_keeps_nothing_aside(database: AsyncEngine) -> None:
    """It only looks: two may be told yes with money for one."""
    buyer = await customer(database, COST)
    before = await books(database, buyer.account)
    assert await affords(database, buyer)
    assert await affords(database, buyer)
    assert await books(database, buyer.account) == before


async def test_a_charge_that_is_not_committed_never_was(database: AsyncEngine) -> None:
    """Nor are a refund and a top-up: the balance and the ledger move together or not at all."""
    buyer = await customer(database, "1")
    await pay(database, buyer, 1)
    before = await books(database, buyer.account)

    async def crash(number: int) -> None:
        async with writing(database) as connection:
            await refund(connection, ref(buyer, number))
            await charge(connection, buyer.id, ref(buyer, number), SMS)
            raise RuntimeError

    for number in (1, 2):
        with pytest.raises(RuntimeError):
            await crash(number)
    assert await books(database, buyer.account) == before
