"""The keys that callbacks are signed with: added, ended, read, opened."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from accounts import callback_keys, credentials, register
from accounts.demonstration import ACME, CALLBACK_KEYS, GLOBEX
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import callback_keys as table

NOBODY = "64d0f2a1c9e77b0012ab34d1"
PUBLIC = [CALLBACK_KEYS[ACME.id]]


@pytest.fixture
async def bare(database: AsyncEngine) -> AsyncEngine:
    """The demonstration without a key of acme's."""
    async with writing(database) as connection:
        await callback_keys.remove(connection, ACME.id)
    return database


async def live(database: AsyncEngine, application_id: str = ACME.id) -> Sequence[str]:
    """The application's keys, as they are kept."""
    async with reading(database) as connection:
        return await callback_keys.live(connection, application_id)


async def test_the_newest_key_comes_first(bare: AsyncEngine) -> None:
    """A receiver that looks at one signature only finds the newest; nobody has another's."""
    async with writing(bare) as connection:
        for each in ("first", "second", "third"):
            await callback_keys.add(connection, ACME.id, each)
    assert await live(bare) == ["third", "second", "first"]
    assert len(await live(bare, GLOBEX.id)) == 1
    assert await live(bare, NOBODY) == []


async def test_a_key_that_was_written_is_seen_in_the_same_transaction(bare: AsyncEngine) -> None:
    """Whoever signs may read the keys where it reads the rest."""
    async with writing(bare) as connection:
        await callback_keys.add(connection, ACME.id, "first")
        assert await callback_keys.live(connection, ACME.id) == ["first"]


async def test_keys_end_at_once(bare: AsyncEngine) -> None:
    """All of the application's, so that a stolen one signs nothing more; and no other's."""
    async with writing(bare) as connection:
        await callback_keys.add(connection, ACME.id, "stolen")
        await callback_keys.expire(connection, ACME.id)
    assert await live(bare) == []
    assert len(await live(bare, GLOBEX.id)) == 1


async def test_keys_end_later_but_never_later_than_before(bare: AsyncEngine) -> None:
    """A second rotation on the same day does not let the first key live longer."""
    now = datetime.now(UTC).replace(microsecond=0)
    soon, later = now + timedelta(hours=1), now + timedelta(days=1)
    async with writing(bare) as connection:
        await callback_keys.add(connection, ACME.id, "first")
        await callback_keys.expire(connection, ACME.id, soon)
        await callback_keys.add(connection, ACME.id, "second")
        await callback_keys.expire(connection, ACME.id, later)
        await callback_keys.add(connection, ACME.id, "third")
        query = select(table).where(table.c.application == ACME.id)
        ends = {row.sealed: row.expires_at for row in await connection.execute(query)}
    assert ends == {"first": soon, "second": later, "third": None}
    assert await live(bare) == ["third", "second", "first"]


async def test_an_ended_key_is_neither_read_nor_kept_for_ever(bare: AsyncEngine) -> None:
    """It stops signing by itself, and the next rotation clears it away."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with writing(bare) as connection:
        await callback_keys.add(connection, ACME.id, "ended")
        own = table.c.application == ACME.id
        await connection.execute(update(table).where(own).values(expires_at=past))
        await callback_keys.add(connection, ACME.id, "good")
    assert await live(bare) == ["good"]
    async with writing(bare) as connection:
        await callback_keys.expire(connection, ACME.id, past + timedelta(days=1))
        kept = await connection.scalars(select(table.c.sealed).where(own))
        assert kept.all() == ["good"]


async def test_keys_go_with_their_application(database: AsyncEngine) -> None:
    """And with no other."""
    async with writing(database) as connection:
        assert await register.remove_application(connection, ACME.id)
    assert await live(database) == []
    assert len(await live(database, GLOBEX.id)) == 1


async def test_the_demonstrations_keys_are_sealed_like_all(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """They are public, but what reads them makes no exception."""
    for application_id, key in CALLBACK_KEYS.items():
        kept = await live(database, application_id)
        assert key not in str(kept)
        assert callback_keys.opened(sealer, application_id, kept) == [key]


def test_a_key_that_does_not_open_is_left_out_and_logged(sealer: Sealer) -> None:
    """One damaged key must not stop the callbacks that another still signs."""
    key = credentials.new_callback_key()
    good = callback_keys.sealed(sealer, ACME.id, key)
    others = Sealer(Keyring.parse("k2:" + "B" * 43 + "="))
    foreign = callback_keys.sealed(others, ACME.id, key)
    theirs = callback_keys.sealed(sealer, GLOBEX.id, key)
    with capture_logs() as lines:
        found = callback_keys.opened(sealer, ACME.id, [foreign, good, theirs, "damaged"])
    assert found == [key]
    assert [(each["event"], each["application"]) for each in lines] == [
        ("callback key not opened", ACME.id)
    ] * 3
    assert key not in str(lines)


def test_a_key_that_was_sealed_before_there_could_be_several_still_opens(sealer: Sealer) -> None:
    """The migration moves it as it is: nobody has master keys there."""
    earlier = sealer.seal(PUBLIC[0], f"callback secret|{ACME.id}")
    assert callback_keys.opened(sealer, ACME.id, [earlier]) == PUBLIC
