"""`failover accounts …`: what operators may not do."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import ACME, ACME_SHOP, GLOBEX, PARCEL
from storage.engine import writing
from tests.cli.saying import complaint, content
from tests.conftest import Operate

NOBODY = "64d0f2a1c9e77b0012ab34d1"
UNKNOWN = "11111111-2222-4333-8444-555555555555"


REFUSED = [
    (("create", "acme"), "there is an account acme already"),
    (("create", "a/b"), "'a/b' is no id"),
    (("create", "x" * 65), "is no id"),
    (("create", ".."), "'..' is no id"),
    (("create", ""), "'' is no id"),
    (("create", "new\n"), "'new\\n' is no id"),
    (("create", "new", "--balance", "-1"), "-1 is less than nothing"),
    (("create", "new", "--balance", "1,5"), "'1,5' is no amount"),
    (("create", "new", "--balance", "1.0000001"), "'1.0000001' is no amount"),
    (("create", "new", "--balance", "1e3"), "'1e3' is no amount"),
    (("create", "new", "--balance", "NaN"), "'NaN' is no amount"),
    (("create", "new", "--balance", "1" * 10), "is no amount"),
    (("create", "new", "--application", " "), "a name is one line"),
    (("create", "new", "--application", "x\x1b[2J"), "a name is one line"),
    (("add-application", "acme", "--destinations", "30"), "'30' is no destination"),
    (("add-application", "acme", "--destinations", "+30,0044"), "'0044' is no destination"),
    (("add-application", "acme", "--destinations", ""), "'' is no destination"),
    (("add-application", "acme", "--roles", "sms"), "'sms' is no role"),
    (("add-application", "acme", "--scopes", ","), "',' is no scope"),
    (("add-application", "acme", "--token-lifetime", "0"), "'0' is no lifetime"),
    (("add-application", "acme", "--token-lifetime", "631139041"), "is no lifetime"),
    (("add-application", "acme", "--default-sender", "Acme-Shop"), "'Acme-Shop' is no sender"),
    (("add-application", "acme", "--default-sender", ""), "'' is no sender"),
    (("show", "nobody"), "there is no account nobody: `failover accounts list` shows all"),
    (("ledger", "nobody"), "there is no account nobody"),
    (("prices", "--account", "nobody"), "there is no account nobody"),
    (("top-up", "nobody", "5"), "there is no account nobody"),
    (("top-up", "empty", "-0.01"), "empty has 0.00"),
    (("top-up", "acme", "-1000.000001"), "acme has 1000.00"),
    (("top-up", "acme", "0"), "adding 0 changes nothing"),
    (("top-up", "acme", "-x"), "'-x' is no amount"),
    (("add-application", "nobody"), "there is no account nobody"),
    (("add-application", "acme", "--id", GLOBEX.id), f"application {GLOBEX.id} already"),
    (("add-application", "acme", "--id", "a b"), "'a b' is no id"),
    (("set", NOBODY, "--name", "x"), f"there is no application {NOBODY}"),
    (("set", ACME.id), "say what to set"),
    (("set", ACME.id, "--name", "x", "--clear", "name"), "either set or clear name"),
    (("rotate-secret", NOBODY), f"there is no application {NOBODY}"),
    (("rotate-callback-key", NOBODY), f"there is no application {NOBODY}"),
    (("remove-application", NOBODY, "--yes"), f"there is no application {NOBODY}"),
    (("remove-application", ACME.id.upper(), "--yes"), "there is no application"),
    (("add-sender", "nobody", "Shop"), "there is no account nobody"),
    (("add-sender", "globex", "Shop", "--id", ACME_SHOP.id.upper()), f"{ACME_SHOP.id} already"),
    (("add-sender", "acme", "Shop", "--id", "7"), "'7' is no UUID"),
    (("add-sender", "acme", "x" * 101), "a name is one line"),
    (("set-sender", UNKNOWN, "--state", "active"), f"there is no sender {UNKNOWN}"),
    (("add-template", "nobody", UNKNOWN), "there is no account nobody"),
    (("add-template", "acme", PARCEL.id), f"remove-template acme {PARCEL.id}"),
    (("add-template", "acme", UNKNOWN, "--languages", "english"), "'english' are no languages"),
    (("remove-template", "acme", UNKNOWN), f"acme has no template {UNKNOWN}"),
    (("remove-template", "globex", PARCEL.id), f"globex has no template {PARCEL.id}"),
    (("price", "Fax", "1"), "'Fax' is no channel: take Sms, Viber, Voice"),
    (("price", "Sms", "1", "--country", "XX"), "'XX' is no country"),
    (("price", "Sms", "1", "--country", "GRC"), "'GRC' is no country"),
    (("price", "Sms", "1", "--account", "nobody"), "there is no account nobody"),
    (("price", "Sms", "x"), "'x' is no amount"),
    (("remove-price", "Sms", "--country", "GR"), "Sms has no price for everybody, GR"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=lambda each: str(each)[:60])
async def test_what_cannot_be_done_is_said_in_a_sentence(
    operate: Operate, database: AsyncEngine, arguments: tuple[str, ...], sentence: str
) -> None:
    """And nothing is done: not even the first half of it."""
    before = await content(database)
    assert sentence in complaint(await operate(*arguments))
    assert await content(database) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("rotate-secret", ACME.id, "--keep-old", "soon"),
        ("rotate-callback-key", ACME.id, "--keep-old", "soon"),
        ("price",),
    ],
)
async def test_what_is_no_command_is_explained(
    operate: Operate, database: AsyncEngine, arguments: tuple[str, ...]
) -> None:
    """By the usage, like everywhere in `failover`."""
    before = await content(database)
    said = await operate(*arguments)
    assert said.code == 2
    assert "Usage" in said.errors
    assert await content(database) == before


async def test_another_schema_version_is_refused(operate: Operate, database: AsyncEngine) -> None:
    """Before anything is read or written."""
    async with writing(database) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "schema version 9999" in complaint(await operate("create", "initech"))


async def test_without_master_keys_there_is_no_callback_key(
    operate: Operate, database: AsyncEngine, tmp_path: Path
) -> None:
    """And so no new application; everything else needs none."""
    before = await content(database)
    keyless = {"FAILOVER_KEYS": "", "FAILOVER_DATA_DIR": str(tmp_path)}
    for command in (
        ("rotate-callback-key", ACME.id),
        ("create", "new"),
        ("add-application", "acme"),
    ):
        assert "no keys" in complaint(await operate(*command, **keyless))
    assert await content(database) == before
    assert (await operate("rotate-secret", ACME.id, **keyless)).code == 0
