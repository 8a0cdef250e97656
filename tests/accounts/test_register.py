"""Entering and changing what the door learns."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import overview, register
from accounts.base import Application, Price, SenderInfo, SenderState, Template
from accounts.demonstration import ACME, ACME_SHOP, GLOBEX, PARCEL, PIN, PRICES, SECRETS
from accounts.ledger import terms, top_up
from accounts.records import Accounts, digest
from domain.status import Channel
from storage.engine import reading, writing
from storage.tables import secrets
from tests.samples import request_step, sms

NOBODY = "64d0f2a1c9e77b0012ab34d1"


async def ends(database: AsyncEngine) -> dict[str, datetime | None]:
    """When each of acme's secrets ends, by its digest."""
    query = select(secrets).where(secrets.c.application == ACME.id)
    async with reading(database) as connection:
        return {row.digest: row.expires_at for row in await connection.execute(query)}


async def test_an_account_is_opened_once(database: AsyncEngine) -> None:
    """Without money; the second time nothing of it changes."""
    async with writing(database) as connection:
        assert await register.open_account(connection, "initech")
        assert not await register.open_account(connection, "initech")
        assert not await register.open_account(connection, "acme")
    async with reading(database) as connection:
        balances = {each.id: each.balance for each in await overview.all_accounts(connection)}
    assert balances == {"acme": 1000, "empty": 0, "globex": 1000, "initech": 0}


@pytest.mark.parametrize("account", ["acme", "globex"])
async def test_an_application_is_entered_once(database: AsyncEngine, account: str) -> None:
    """Its id is taken for every account, and of the second one nothing is left."""
    again = Application(ACME.id, account, name="again")
    with pytest.raises(IntegrityError):
        async with writing(database) as connection:
            await register.add_application(connection, again, "again")
    accounts = Accounts(database)
    assert await accounts.application(ACME.id) == ACME
    assert await accounts.authenticated(ACME.id, "again") is None


async def test_a_change_is_of_one_application(database: AsyncEngine) -> None:
    """Of all its settings; nobody is changed who is not there."""
    changed = replace(ACME, name="Shop", daily_cap=Decimal(5), destinations=("+30",))
    async with writing(database) as connection:
        assert await register.change_application(connection, changed)
        assert not await register.change_application(connection, Application(NOBODY, "acme"))
    accounts = Accounts(database)
    assert await accounts.application(ACME.id) == changed
    assert await accounts.application(GLOBEX.id) == GLOBEX
    assert await accounts.application(NOBODY) is None


async def test_two_changes_at_once_are_both_kept(database: AsyncEngine) -> None:
    """The second one reads what the first one wrote."""

    async def add_destination(prefix: str) -> None:
        async with writing(database) as connection:
            found = await register.application(connection, ACME.id)
            assert found
            more = replace(found, destinations=(*found.destinations, prefix))
            await register.change_application(connection, more)

    prefixes = {"+30", "+31", "+32", "+33", "+34"}
    await asyncio.gather(*map(add_destination, prefixes))
    found = await Accounts(database).application(ACME.id)
    assert found
    assert set(found.destinations) == prefixes


async def test_an_application_is_removed_with_its_secrets(database: AsyncEngine) -> None:
    """And no other; what is not there cannot be removed."""
    async with writing(database) as connection:
        assert await register.remove_application(connection, ACME.id)
        assert not await register.remove_application(connection, ACME.id)
    accounts = Accounts(database)
    assert await accounts.application(ACME.id) is None
    assert await accounts.authenticated(ACME.id, SECRETS[ACME.id]) is None
    assert await ends(database) == {}
    assert await accounts.authenticated(GLOBEX.id, SECRETS[GLOBEX.id]) == GLOBEX


async def test_secrets_end_at_once(database: AsyncEngine) -> None:
    """All of the application's, and no other's."""
    async with writing(database) as connection:
        await register.expire_secrets(connection, ACME.id)
    assert await ends(database) == {}
    found = await Accounts(database).authenticated(GLOBEX.id, SECRETS[GLOBEX.id])
    assert found == GLOBEX


async def test_secrets_end_later_but_never_later_than_before(database: AsyncEngine) -> None:
    """One that ends in an hour does not live for a day now; one that has ended is gone."""
    now = datetime.now(UTC).replace(microsecond=0)
    soon, later = now + timedelta(hours=1), now + timedelta(days=1)
    async with writing(database) as connection:
        for secret, end in (("ending", soon), ("ended", now - timedelta(hours=1))):
            await connection.execute(
                secrets.insert().values(
                    application=ACME.id, digest=digest(secret), created_at=now, expires_at=end
                )
            )
        await register.expire_secrets(connection, ACME.id, later)
        await register.add_secret(connection, ACME.id, "new")
    assert await ends(database) == {
        digest(SECRETS[ACME.id]): later,
        digest("ending"): soon,
        digest("new"): None,
    }


async def test_a_sender_is_entered_once_and_told_what_it_is(database: AsyncEngine) -> None:
    """Its id is taken for every account."""
    with pytest.raises(IntegrityError):
        async with writing(database) as connection:
            await register.add_sender(connection, SenderInfo(ACME_SHOP.id, "globex", "Thief"))
    async with writing(database) as connection:
        off = await register.set_sender_state(connection, ACME_SHOP.id, SenderState.INACTIVE)
        assert off == replace(ACME_SHOP, state=SenderState.INACTIVE)
        assert await register.set_sender_state(connection, PARCEL.id, SenderState.ACTIVE) is None
    async with reading(database) as connection:
        assert await overview.senders_of(connection, "acme") == [off]
        (other,) = await overview.senders_of(connection, "empty")
        assert other.state is SenderState.ACTIVE


async def test_a_template_is_removed_of_one_account(database: AsyncEngine) -> None:
    """Which may have one of the same id as another."""
    theirs = Template(PIN.id, "globex", ())
    async with writing(database) as connection:
        await register.add_template(connection, theirs)
        assert await register.remove_template(connection, "acme", PIN.id)
        assert not await register.remove_template(connection, "acme", PIN.id)
    async with reading(database) as connection:
        assert await overview.templates_of(connection, "acme") == [PARCEL]
        assert await overview.templates_of(connection, "globex") == [theirs]


async def test_exactly_one_price_is_removed(database: AsyncEngine) -> None:
    """Those that hold for less, or for more, stay."""
    greek = Price(Channel.SMS, Decimal("0.03"), "GR")
    own = Price(Channel.SMS, Decimal("0.02"), "", "acme")
    async with writing(database) as connection:
        for each in (greek, own):
            await register.set_price(connection, each)
        assert not await register.remove_price(connection, Channel.SMS, "GR", "acme")
        assert await register.remove_price(connection, Channel.SMS)
        assert not await register.remove_price(connection, Channel.SMS)
    async with reading(database) as connection:
        left = await overview.price_list(connection)
    assert left == [own, greek, *(each for each in PRICES if each.channel != Channel.SMS)]


async def test_the_first_price_of_the_list_that_fits_is_what_is_charged(
    database: AsyncEngine,
) -> None:
    """What people read is what `accounts/ledger.py` does."""
    every = [
        Price(Channel.SMS, Decimal(place) / 100, country, account)
        for place, (country, account) in enumerate(
            (country, account) for country in ("GB", "GR", "") for account in ("acme", "zeta", "")
        )
    ]
    step = request_step(sms("+306900000101"))
    async with writing(database) as connection:
        await register.open_account(connection, "zeta")
        for each in every:
            await register.set_price(connection, each)
    for gone in [None, *every]:
        async with writing(database) as connection:
            if gone:
                await register.remove_price(connection, gone.channel, gone.country, gone.account)
            for account in ("acme", "zeta", "globex"):
                listed = await overview.price_list(connection, [account, ""])
                fitting = (
                    each.price
                    for each in listed
                    if each.channel == step.channel and each.country in ("GR", "")
                )
                found = await terms(connection, account, "", step, datetime.now(UTC))
                assert found.price == next(fitting, 0)


async def test_the_ledger_is_read_from_its_end(database: AsyncEngine) -> None:
    """At most as many lines as asked for, and the account's own only."""
    async with writing(database) as connection:
        for amount in ("1", "-2", "0.000003"):
            assert await top_up(connection, "acme", Decimal(amount))
    async with reading(database) as connection:
        lines = await overview.last_lines(connection, "acme", 2)
        everything = await overview.last_lines(connection, "acme", 50)
        nothing = await overview.last_lines(connection, "empty", 50)
    assert [str(line.amount) for line in lines] == ["0.000003", "-2"]
    assert [line.amount for line in everything] == [Decimal("0.000003"), -2, 1, 1000]
    assert nothing == []
