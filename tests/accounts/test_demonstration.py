"""The demonstration's accounts, as the issue that asks for them lists them."""

import base64

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import CHANNEL_ROLES, ROLE, SCOPE, Application, SenderInfo, Template
from accounts.demonstration import CALLBACK_KEYS
from accounts.records import Accounts

ACME, SMS_ONLY, BROKE, GLOBEX = (f"64d0f2a1c9e77b0012ab34{end}" for end in ("cd", "ce", "cf", "d0"))
ALL_ROLES = {ROLE, "MT_ROLE_SMS", "MT_ROLE_VIBER", "MT_ROLE_VOICE", "MT_ROLE_REPORT"}
ACME_SHOP = "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11"
EMPTY_SHOP = "8c1f4d63-0a5f-4b81-9b40-1a9f4b2d0e22"
PARCEL = "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10"
PIN = "3c1f6b52-8a4d-4e0e-9b1e-7f5f2f6b9d20"

APPLICATIONS = [
    (ACME, "demo-secret", "acme", ALL_ROLES),
    (SMS_ONLY, "sms-secret", "acme", {"MT_ROLE_SMS"}),
    (BROKE, "broke-secret", "empty", ALL_ROLES),
    (GLOBEX, "globex-secret", "globex", ALL_ROLES),
]


@pytest.fixture
def accounts(database: AsyncEngine) -> Accounts:
    """As everyone asks."""
    return Accounts(database)


@pytest.mark.parametrize(("application_id", "secret", "account", "roles"), APPLICATIONS)
async def test_an_application_is_known_by_its_secret(
    accounts: Accounts, application_id: str, secret: str, account: str, roles: set[str]
) -> None:
    """Its account, its roles, the scope that flows need, tokens for an hour."""
    found = await accounts.authenticated(application_id, secret)
    assert found is not None
    assert (found.id, found.account, set(found.roles)) == (application_id, account, roles)
    assert (found.scopes, found.token_lifetime) == ((SCOPE,), 3600)
    assert await accounts.application(application_id) == found


@pytest.mark.parametrize(
    ("application_id", "secret"),
    [
        (ACME, "globex-secret"),
        (ACME, "DEMO-SECRET"),
        (ACME, "demo-secret "),
        (ACME, "demo-secre"),
        (ACME, "δείγμα"),
        (ACME, ""),
        (ACME, "\0"),
        ("\0", "demo-secret"),
        (ACME.upper(), "demo-secret"),
        ("64d0f2a1c9e77b0012ab34d1", "demo-secret"),
        ("64d0f2a1c9e77b0012ab34d1", ""),
        ("", ""),
    ],
)
async def test_a_wrong_secret_opens_nothing(
    accounts: Accounts, application_id: str, secret: str
) -> None:
    """Nor does an unknown application, not even with an empty one."""
    assert await accounts.authenticated(application_id, secret) is None


async def test_an_unknown_application_is_nobody(accounts: Accounts) -> None:
    """A token may outlive its application."""
    assert await accounts.application("64d0f2a1c9e77b0012ab34d1") is None


@pytest.mark.parametrize("spell", [str, str.upper, " {} ".format])
async def test_a_sender_is_its_own_accounts_only(accounts: Accounts, spell: type[str]) -> None:
    """Acme's is AcmeShop; the other accounts do not see it. Ids are read in any case."""
    sender = SenderInfo(ACME_SHOP, "acme", "AcmeShop")
    assert await accounts.sender_info("acme", spell(ACME_SHOP)) == sender
    assert await accounts.sender_info("globex", spell(ACME_SHOP)) is None
    assert await accounts.sender_info("empty", spell(ACME_SHOP)) is None
    broke = await accounts.sender_info("empty", spell(EMPTY_SHOP))
    assert broke is not None
    assert broke.account == "empty"
    assert await accounts.sender_info("acme", spell(EMPTY_SHOP)) is None


async def test_an_unknown_sender_is_nobodys(accounts: Accounts) -> None:
    """Whoever asks."""
    assert await accounts.sender_info("acme", PARCEL) is None
    assert await accounts.sender_info("acme", "") is None


@pytest.mark.parametrize(
    ("template_id", "languages", "otp"), [(PARCEL, ("en", "el"), False), (PIN, ("en",), True)]
)
async def test_a_template_is_its_own_accounts_only(
    accounts: Accounts, template_id: str, languages: tuple[str, ...], otp: bool
) -> None:
    """One for parcels in two languages, one for pins."""
    template = Template(template_id, "acme", languages, otp)
    assert await accounts.template("acme", template_id) == template
    assert await accounts.template("acme", template_id.upper()) == template
    assert await accounts.template("globex", template_id) is None
    assert await accounts.template("acme", ACME_SHOP) is None


def test_each_channel_has_a_role_of_its_own() -> None:
    """What `MT_ROLE_SMS` alone does not open."""
    assert set(CHANNEL_ROLES.values()) | {ROLE} == ALL_ROLES - {"MT_ROLE_REPORT"}
    assert Application("x", "acme", ()).scopes == ("failover",)


def test_each_application_has_a_public_callback_key_of_its_own() -> None:
    """In the form of Standard Webhooks, so that its libraries take it: 32 bytes."""
    assert CALLBACK_KEYS.keys() == {ACME, SMS_ONLY, BROKE, GLOBEX}
    assert len(set(CALLBACK_KEYS.values())) == 4
    for key in CALLBACK_KEYS.values():
        assert key.startswith("whsec_")
        assert len(base64.b64decode(key.removeprefix("whsec_"), validate=True)) == 32
