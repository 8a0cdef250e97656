"""`failover accounts …`: what operators do."""

import base64
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import callback_keys
from accounts.base import ALL_ROLES, Application
from accounts.demonstration import (
    ACME,
    ACME_SHOP,
    CALLBACK_KEYS,
    GLOBEX,
    PARCEL,
    PIN,
    SECRETS,
)
from accounts.records import Accounts
from storage import schema
from storage.engine import connect, reading, writing
from storage.seal import Sealer
from storage.tables import metadata
from tests.cli.saying import complaint, content
from tests.conftest import Operate

NOBODY = "64d0f2a1c9e77b0012ab34d1"
UNKNOWN = "11111111-2222-4333-8444-555555555555"


async def test_an_account_begins_with_an_application(
    operate: Operate, database: AsyncEngine
) -> None:
    """Its id is 24 hex digits, its secret 256 random bits, and both are good at once."""
    made = (await operate("create", "initech", "--balance", "100", "--json")).data
    application = made.pop("application")
    assert made == {"account": "initech", "balance": "100.00"}
    assert re.fullmatch("[0-9a-f]{24}", application["id"])
    assert re.fullmatch(r"[\w-]{43}", application["secret"])
    found = await Accounts(database).authenticated(application["id"], application["secret"])
    assert found == Application(application["id"], "initech", ALL_ROLES)
    (line,) = (await operate("ledger", "initech", "--json")).data
    assert (line["kind"], line["amount"]) == ("top-up", "100.00")


async def test_a_secret_is_shown_once(operate: Operate, database: AsyncEngine) -> None:
    """The database has only its digest, and the command says so."""
    said = await operate("create", "initech")
    secret = re.search(r"^secret +(\S{43})$", said.output, re.M)
    assert secret, said
    assert "will not be shown again" in said.output
    assert secret[1] not in str(await content(database))
    assert secret[1] not in (await operate("show", "initech", "--json")).output


async def test_an_application_begins_with_settings(operate: Operate, database: AsyncEngine) -> None:
    """Those that are given; the rest is as it is without."""
    given = ["--name", "Shop", "--daily-cap", "2.5", "--destinations", "+30, sip:"]
    made = (await operate("add-application", "globex", *given, "--transcode", "--json")).data
    found = await Accounts(database).application(made["application"]["id"])
    assert found == Application(
        made["application"]["id"],
        "globex",
        name="Shop",
        transcode=True,
        destinations=("+30", "sip:"),
        daily_cap=Decimal("2.5"),
    )


async def test_all_accounts_are_listed(operate: Operate) -> None:
    """With their money, as text so that nothing is lost, and how many applications they have."""
    listed = (await operate("list", "--json")).data
    assert [(each["id"], each["balance"], each["applications"]) for each in listed] == [
        ("acme", "1000.00", 2),
        ("empty", "0.00", 1),
        ("globex", "1000.00", 1),
    ]
    for each in listed:
        made = datetime.fromisoformat(each["createdAt"])
        assert timedelta(0) < datetime.now(UTC) - made < timedelta(hours=1)
    for_people = (await operate("list")).output
    assert re.search(r"acme +1000\.00 +2 +\d{4}-\d\d-\d\d", for_people)


async def test_an_installation_without_accounts_says_how_to_begin(
    operate: Operate, database: AsyncEngine
) -> None:
    """A table of nothing would not."""
    async with writing(database) as connection:
        for each in reversed(metadata.sorted_tables):
            await connection.execute(each.delete())
    assert (await operate("list", "--json")).data == []
    assert "failover accounts create" in (await operate("list")).output
    assert "everything is free" in (await operate("prices")).output


async def test_an_account_is_shown_with_all_that_it_has(operate: Operate) -> None:
    """For programs and for people; nothing of another account."""
    await operate("price", "Sms", "0.035", "--country", "GR", "--account", "acme")
    shown = (await operate("show", "acme", "--json")).data
    assert {each["id"] for each in shown["applications"]} == {ACME.id, NOBODY[:-2] + "ce"}
    assert [each["id"] for each in shown["senders"]] == [ACME_SHOP.id]
    assert [(each["id"], each["otp"]) for each in shown["templates"]] == [
        (PARCEL.id, False),
        (PIN.id, True),
    ]
    assert shown["prices"] == [
        {"channel": "Sms", "price": "0.035", "country": "GR", "account": "acme"}
    ]
    assert [line["amount"] for line in shown["ledger"]] == ["1000.00"]
    assert (await operate("show", "acme", "--ledger", "0", "--json")).data["ledger"] == []
    for_people = (await operate("show", "acme")).output
    for word in (ACME.id, ACME_SHOP.id, "AcmeShop", PIN.id, "en, el", "0.035", "anywhere"):
        assert word in for_people
    assert GLOBEX.id not in for_people


async def test_an_application_is_added_by_the_id_that_a_gateway_gives_it(
    operate: Operate, database: AsyncEngine
) -> None:
    """So that it may have settings there; without one it gets a new id, like any other."""
    named = (await operate("add-application", "acme", "--id", "gw-7", "--name", "G", "--json")).data
    assert named["application"]["id"] == "gw-7"
    fresh = (await operate("add-application", "acme", "--json")).data["application"]
    assert re.fullmatch("[0-9a-f]{24}", fresh["id"])
    accounts = Accounts(database)
    assert await accounts.application("gw-7") == Application("gw-7", "acme", name="G")
    assert await accounts.authenticated(fresh["id"], fresh["secret"])


SETTINGS = [
    ("name", "Shop", "name", "Shop", ""),
    ("roles", "MT_ROLE_FAILOVER,MT_ROLE_SMS", "roles", ["MT_ROLE_FAILOVER", "MT_ROLE_SMS"], None),
    ("scopes", "failover,report", "scopes", ["failover", "report"], ["failover"]),
    ("token-lifetime", "86400", "tokenLifetime", 86400, 3600),
    ("default-sender", "Acme 2", "defaultSender", "Acme 2", None),
    ("destinations", "+30,sip:,+30", "destinations", ["+30", "sip:"], []),
    ("daily-cap", "0.000001", "dailyCap", "0.000001", None),
]


@pytest.mark.parametrize(("option", "value", "member", "then", "cleared"), SETTINGS)
async def test_a_setting_is_changed_and_cleared(
    operate: Operate, option: str, value: str, member: str, then: object, cleared: object
) -> None:
    """Nothing else changes with it; cleared, it is as if nobody had ever set it."""

    async def now() -> dict[str, Any]:
        shown = (await operate("show", "globex", "--json")).data["applications"]
        found: dict[str, Any] = shown[0]
        return found

    before = await now()
    changed = (await operate("set", GLOBEX.id, f"--{option}", value, "--json")).data
    assert changed[member] == then
    assert await now() == before | {member: then}
    await operate("set", GLOBEX.id, "--clear", option)
    unset = list(ALL_ROLES) if member == "roles" else cleared
    assert await now() == before | {member: unset}


async def test_transcoding_is_switched(operate: Operate) -> None:
    """On, off, or back to what it is without a word, which is off."""
    for option, then in ((["--transcode"], True), (["--no-transcode"], False)):
        assert (await operate("set", ACME.id, *option, "--json")).data["transcode"] is then
    await operate("set", ACME.id, "--transcode")
    cleared = await operate("set", ACME.id, "--clear", "transcode", "--clear", "name", "--json")
    assert cleared.data["transcode"] is False


async def test_a_rotated_secret_ends_at_once_or_when_it_is_told_to(
    operate: Operate, database: AsyncEngine
) -> None:
    """The new one is another, and is good at once."""
    accounts = Accounts(database)
    old = SECRETS[ACME.id]
    kept = (await operate("rotate-secret", ACME.id, "--keep-old", "24h", "--json")).data
    until = datetime.fromisoformat(kept["oldValidUntil"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=58) < until <= timedelta(hours=24)
    for secret in (old, kept["secret"]):
        assert await accounts.authenticated(ACME.id, secret) == ACME
    (shown, _) = (await operate("show", "acme", "--json")).data["applications"]
    assert [each["expiresAt"] for each in shown["secrets"]] == [kept["oldValidUntil"], None]
    rotated = (await operate("rotate-secret", ACME.id, "--json")).data
    assert rotated["oldValidUntil"] is None
    for secret in (old, kept["secret"]):
        assert await accounts.authenticated(ACME.id, secret) is None
    assert await accounts.authenticated(ACME.id, rotated["secret"]) == ACME


async def test_a_callback_key_is_kept_sealed(
    operate: Operate, database: AsyncEngine, sealer: Sealer
) -> None:
    """In the form of Standard Webhooks; it opens for its application only, and is shown once."""
    made = (await operate("add-application", "acme", "--json")).data["application"]
    prefix, _, encoded = made["callbackKey"].partition("_")
    assert (prefix, len(base64.b64decode(encoded, validate=True))) == ("whsec", 32)
    async with reading(database) as connection:
        kept = await callback_keys.live(connection, made["id"])
    assert callback_keys.opened(sealer, made["id"], kept) == [made["callbackKey"]]
    assert callback_keys.opened(sealer, ACME.id, kept) == []
    assert encoded not in str(await content(database))
    assert encoded not in (await operate("show", "acme", "--json")).output


@pytest.mark.parametrize("arguments", [("create", "initech"), ("add-application", "acme")])
async def test_every_application_begins_with_a_callback_key(
    operate: Operate, arguments: tuple[str, ...]
) -> None:
    """So that no callback goes unsigned because somebody forgot; people are told to keep it."""
    said = await operate(*arguments)
    assert re.search(r"^callback key +whsec_\S{44}$", said.output, re.M), said
    assert "The callback key is kept sealed: it will not be shown again." in said.output


async def test_a_rotated_callback_key_signs_beside_the_old_one_for_a_day(
    operate: Operate, database: AsyncEngine, sealer: Sealer
) -> None:
    """Or as long as it is told to; the new one is another, and comes first."""
    rotated = (await operate("rotate-callback-key", ACME.id, "--json")).data
    assert rotated["application"] == ACME.id
    until = datetime.fromisoformat(rotated["oldValidUntil"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=58) < until <= timedelta(hours=24)
    async with reading(database) as connection:
        kept = await callback_keys.live(connection, ACME.id)
    assert callback_keys.opened(sealer, ACME.id, kept) == [
        rotated["callbackKey"],
        CALLBACK_KEYS[ACME.id],
    ]
    (shown, other) = (await operate("show", "acme", "--json")).data["applications"]
    assert [each["expiresAt"] for each in shown["callbackKeys"]] == [rotated["oldValidUntil"], None]
    assert [each["expiresAt"] for each in other["callbackKeys"]] == [None]
    for_people = (await operate("show", "acme")).output
    end = f"{datetime.fromisoformat(rotated['oldValidUntil']):%Y-%m-%d %H:%M:%S}"
    assert re.search(rf"^callback keys +2$.*?^old keys end +{end}$", for_people, re.M | re.S)


async def test_an_old_callback_key_can_be_ended_at_once(
    operate: Operate, database: AsyncEngine, sealer: Sealer
) -> None:
    """One that somebody stole; those of an earlier rotation end with it."""
    await operate("rotate-callback-key", ACME.id, "--keep-old", "7d")
    rotated = (await operate("rotate-callback-key", ACME.id, "--keep-old", "0s", "--json")).data
    assert rotated["oldValidUntil"] is None
    async with reading(database) as connection:
        kept = await callback_keys.live(connection, ACME.id)
    assert callback_keys.opened(sealer, ACME.id, kept) == [rotated["callbackKey"]]


async def test_an_application_is_removed_only_on_a_clear_yes(
    operate: Operate, database: AsyncEngine
) -> None:
    """Where nobody can answer, nothing is removed."""
    asked = await operate("remove-application", ACME.id)
    assert asked.code == 1
    assert f"Remove the application {ACME.id}?" in asked.errors
    assert await Accounts(database).application(ACME.id) == ACME
    removed = await operate("remove-application", ACME.id, "--yes", "--json")
    assert removed.data == {"application": ACME.id, "removed": True}
    assert await Accounts(database).application(ACME.id) is None


async def test_a_sender_is_added_and_switched(operate: Operate) -> None:
    """Its id is kept in lower case, as it is compared."""
    upper = UNKNOWN.upper().replace("1", "A", 1)
    added = (await operate("add-sender", "acme", "Second", "--id", upper, "--json")).data
    expected = {"id": upper.lower(), "account": "acme", "name": "Second", "state": "active"}
    assert added == expected
    off = await operate("set-sender", upper, "--state", "inactive", "--json")
    assert off.data == expected | {"state": "inactive"}
    fresh = (await operate("add-sender", "acme", "Third", "--json")).data
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fresh["id"])


async def test_a_template_is_added_and_removed(operate: Operate, database: AsyncEngine) -> None:
    """Its id, too, is kept in lower case."""
    options = ["--otp", "--languages", "en, el", "--json"]
    added = (await operate("add-template", "globex", PIN.id.upper(), *options)).data
    assert added == {"id": PIN.id, "account": "globex", "languages": ["en", "el"], "otp": True}
    assert await Accounts(database).template("globex", PIN.id)
    assert (await operate("remove-template", "globex", PIN.id.upper())).code == 0
    assert await Accounts(database).template("globex", PIN.id) is None
    assert await Accounts(database).template("acme", PIN.id)


async def test_prices_are_listed_nearest_first(operate: Operate) -> None:
    """And it is said which holds; channels and countries are read in any case."""
    for given in (["sms", "0.03", "--country", "gr"], ["SMS", "0.02", "--account", "acme"]):
        assert (await operate("price", *given)).code == 0
    listed = (await operate("prices", "--json")).data
    assert [(each["price"], each["country"], each["account"]) for each in listed[:3]] == [
        ("0.02", None, "acme"),
        ("0.03", "GR", None),
        ("0.04", None, None),
    ]
    for_people = (await operate("prices")).output
    assert "the account's own before everybody's, a country's before everywhere's" in for_people
    others = (await operate("prices", "--account", "globex", "--json")).data
    assert [each["price"] for each in others] == ["0.03", "0.04", "0.01", "0.05"]
    assert (await operate("price", "Sms", "0.025", "--country", "GR", "--json")).data["price"] == (
        "0.025"
    )
    assert (await operate("remove-price", "Sms", "--country", "GR")).code == 0
    assert len((await operate("prices", "--json")).data) == 4


async def test_money_comes_and_goes(operate: Operate) -> None:
    """Exactly, and every movement is in the ledger, newest first."""
    for amount, balance in (("0.000001", "0.000001"), ("12.5", "12.500001"), ("-12.5", "0.000001")):
        moved = (await operate("top-up", "empty", amount, "--json")).data
        assert moved["balance"] == balance
    assert (await operate("top-up", "empty", "-0.000001")).code == 0
    amounts = ["-0.000001", "-12.50", "12.50", "0.000001"]
    for number in (2, 50):
        lines = (await operate("ledger", "empty", "--last", str(number), "--json")).data
        assert [line["amount"] for line in lines] == amounts[:number]
    assert re.search(r"top-up +-12\.50 ", (await operate("ledger", "empty")).output)


async def test_the_embedded_database_is_found_in_the_data_directory(
    operate: Operate, tmp_path: Path
) -> None:
    """Where `failover dev --data-dir` keeps it; before that has run, the sentence says so."""
    embedded = {"FAILOVER_DATABASE_URL": "", "FAILOVER_DATA_DIR": str(tmp_path)}
    assert "failover bootstrap" in complaint(await operate("list", **embedded))
    engine = connect(f"sqlite+aiosqlite:///{tmp_path / 'failover.db'}")
    await schema.upgrade(engine)
    await engine.dispose()
    assert (await operate("create", "initech", **embedded)).code == 0
    assert [each["id"] for each in (await operate("list", "--json", **embedded)).data] == [
        "initech"
    ]


async def test_a_name_is_shown_as_it_is(operate: Operate) -> None:
    """It is no markup, and a long one is not cut."""
    name = "[red]Shop[/red] " + "x" * 80
    await operate("add-sender", "globex", name)
    await operate("set", GLOBEX.id, "--name", name)
    assert (await operate("show", "globex")).output.count(name) == 2
