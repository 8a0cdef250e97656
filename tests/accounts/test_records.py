"""What the door learns about applications, senders and templates."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import register
from accounts.base import Application, SenderInfo, SenderState, Template
from accounts.demonstration import ACME, SECRETS
from accounts.records import Accounts, digest
from storage.engine import writing
from storage.tables import secrets

SENDER = SenderInfo("c0c0c0c0-1111-4222-8333-444444444444", "acme", "Second shop")


@pytest.fixture
def accounts(database: AsyncEngine) -> Accounts:
    """As everyone asks."""
    return Accounts(database)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"roles": ("MT_ROLE_SMS",), "scopes": ("failover", "report")},
        {"roles": (), "scopes": ()},
        {"token_lifetime": 631139040, "name": "Το μαγαζί"},
        {"transcode": True, "default_sender": "Acme Shop 2"},
        {"destinations": ("+30", "sip:"), "daily_cap": Decimal("12.345678")},
        {"daily_cap": Decimal(0)},
    ],
)
async def test_an_application_is_read_as_it_was_entered(
    accounts: Accounts, database: AsyncEngine, settings: dict[str, Any]
) -> None:
    """Every setting, and a cap of nothing is not the same as no cap."""
    application = Application("0123456789abcdef01234567", "acme", **settings)
    async with writing(database) as connection:
        await register.add_application(connection, application, "its secret")
    assert await accounts.application(application.id) == application
    assert await accounts.authenticated(application.id, "its secret") == application


@pytest.mark.parametrize(("seconds", "valid"), [(-1, False), (-86400, False), (60, True)])
async def test_a_secret_ends_when_it_expires(
    accounts: Accounts, database: AsyncEngine, seconds: int, valid: bool
) -> None:
    """By the clock of who asks."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    async with writing(database) as connection:
        await connection.execute(
            update(secrets).where(secrets.c.application == ACME.id).values(expires_at=ends)
        )
    found = await accounts.authenticated(ACME.id, SECRETS[ACME.id])
    assert (found == ACME) is valid


async def test_an_application_may_have_several_secrets(
    accounts: Accounts, database: AsyncEngine
) -> None:
    """While one is being replaced; each proves only its own application."""
    async with writing(database) as connection:
        await register.add_secret(connection, ACME.id, "another")
    for secret in (SECRETS[ACME.id], "another"):
        assert await accounts.authenticated(ACME.id, secret) == ACME
    assert await accounts.authenticated("64d0f2a1c9e77b0012ab34d0", "another") is None


async def test_a_digest_proves_nothing(accounts: Accounts) -> None:
    """Who reads the table has no secret."""
    assert await accounts.authenticated(ACME.id, digest(SECRETS[ACME.id])) is None


async def test_only_an_active_sender_is_found(accounts: Accounts, database: AsyncEngine) -> None:
    """An inactive one is as unknown as another account's."""
    async with writing(database) as connection:
        await register.add_sender(connection, SENDER)
    assert await accounts.sender_info("acme", SENDER.id.upper()) == SENDER
    for state, found in ((SenderState.INACTIVE, None), (SenderState.ACTIVE, SENDER)):
        async with writing(database) as connection:
            await register.set_sender_state(connection, SENDER.id, state)
        assert await accounts.sender_info("acme", SENDER.id) == found


async def test_a_template_may_be_of_several_accounts(
    accounts: Accounts, database: AsyncEngine
) -> None:
    """Operators give out the ids, and may give one to a whole group."""
    theirs = Template(SENDER.id, "globex", ())
    ours = Template(SENDER.id, "acme", ("en", "el"), otp=True)
    async with writing(database) as connection:
        for each in (theirs, ours):
            await register.add_template(connection, each)
    assert await accounts.template("acme", SENDER.id) == ours
    assert await accounts.template("globex", SENDER.id) == theirs
    assert await accounts.template("empty", SENDER.id) is None


@pytest.mark.parametrize(
    ("destinations", "recipient", "reached"),
    [
        ((), "+4915112345678", True),
        ((), "pbx@acme.test", True),
        (("+30",), "+306900000101", True),
        (("+30",), "+4915112345678", False),
        (("+30",), "pbx@acme.test", False),
        (("+30",), "+306900000101@acme.test", False),
        (("sip:",), "pbx@acme.test", True),
        (("sip:",), "+306900000101", False),
        (("sip:pbx@",), "pbx@acme.test", True),
        (("sip:pbx@",), "other@acme.test", False),
        (("+44", "+30"), "+306900000101", True),
    ],
)
def test_an_application_reaches_its_destinations_only(
    destinations: tuple[str, ...], recipient: str, reached: bool
) -> None:
    """A number by its beginning, a SIP address as sip:, and without any everybody."""
    assert Application("x", "acme", destinations=destinations).reaches(recipient) is reached
