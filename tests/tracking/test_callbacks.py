"""Callbacks on record: who reads what of them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import UnknownCallback
from storage.engine import reading
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import callbacks
from tests.keeping import BODY, a_letter, kept
from tracking.callbacks import NEWEST_FIRST, CallbackRecords, listed
from tracking.outbox import State

NOW = datetime.now(UTC)


@pytest.fixture
def records(database: AsyncEngine, sealer: Sealer) -> CallbackRecords:
    """What is on record, in the test's database."""
    return CallbackRecords(database, sealer)


def ago(minutes: float) -> datetime:
    """So many minutes before the test began, in the precision of the record."""
    return datetime.fromisoformat((NOW - timedelta(minutes=minutes)).isoformat("T", "milliseconds"))


async def test_a_flows_callbacks_stand_in_the_order_of_its_events(
    records: CallbackRecords, database: AsyncEngine, sealer: Sealer
) -> None:
    """By their numbers, ten after nine; replies, which have none, come last and by their time."""
    flow = "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02"
    replies = [
        await kept(database, sealer, a_letter(None, tracking_id=flow, at=ago(minutes)))
        for minutes in (1, 3)
    ]
    told = {
        seq: await kept(database, sealer, a_letter(seq, tracking_id=flow)) for seq in (10, 2, 9)
    }
    await kept(database, sealer, a_letter(1))
    found = await records.of_flow("acme", flow)
    expected = [told[2], told[9], told[10], *reversed(replies)]
    assert [each.id for each in found] == [letter.event for letter in expected]
    assert await records.of_flow("globex", flow) == []


async def test_an_entry_tells_all_but_the_contents(
    records: CallbackRecords, database: AsyncEngine, sealer: Sealer
) -> None:
    """Where it stands, and each attempt at it."""
    letter = await kept(database, sealer, a_letter(3))
    entry = await records.find("acme", letter.event)
    assert (entry.account, entry.application) == ("acme", "shop")
    assert (entry.tracking_id, entry.seq) == (letter.tracking_id, 3)
    assert (entry.state, entry.replays) == (State.DEAD, 0)
    assert entry.happened_at == entry.since == letter.at
    (attempt,) = entry.attempts
    assert (attempt.status, attempt.fault, attempt.seconds) == (410, "", 0.5)
    assert "secret" not in repr(entry)


async def test_a_callback_opens_for_its_account_and_for_ops(
    records: CallbackRecords, database: AsyncEngine, sealer: Sealer
) -> None:
    """Body and answer in clear, of the address no more than where it is; nobody else's."""
    letter = await kept(database, sealer, a_letter())
    for account in ("acme", None):
        opened = await records.opened(account, letter.event)
        assert (opened.body, opened.answer) == (BODY, "no such shop")
        assert opened.origin == "http://127.0.0.1:9"
    for read in (records.opened, records.find):
        for account, id in (("globex", letter.event), ("acme", "msg_x-1")):
            with pytest.raises(UnknownCallback):
                await read(account, id)


async def test_what_a_lost_key_sealed_is_still_listed(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """Without its contents: nothing fails for it."""
    letter = await kept(database, sealer, a_letter())
    blind = CallbackRecords(database, Sealer(Keyring.parse("k9:" + "B" * 43 + "=")))
    opened = await blind.opened("acme", letter.event)
    assert opened.entry.id == letter.event
    assert (opened.origin, opened.body, opened.answer) == ("", None, "")


async def _paged(
    records: CallbackRecords, account: str | None, state: State | None, since: datetime | None
) -> list[str]:
    """The ids of all pages, one page after the other."""
    ids: list[str] = []
    while True:
        page = len(ids) // 2
        found = await records.list(account, state=state, since=since, page=page, size=2)
        ids += [each.id for each in found.entries]
        if len(found.entries) < 2:
            assert found.total == len(ids)
            return ids


@pytest.mark.parametrize("since", [None, 3])
@pytest.mark.parametrize("state", [*State, None])
@pytest.mark.parametrize("account", ["acme", "globex", None])
async def test_a_list_is_of_an_account_a_state_and_a_time(
    records: CallbackRecords,
    database: AsyncEngine,
    sealer: Sealer,
    account: str | None,
    state: State | None,
    since: int | None,
) -> None:
    """Newest first; page by page none is missing and none is twice."""
    expected = []
    for minutes, each in enumerate((*State, *State)):
        for whose in ("acme", "globex"):
            at = ago(minutes + (0.5 if whose == "globex" else 0))
            letter = await kept(database, sealer, a_letter(account=whose, at=at), each)
            inside = since is None or at >= ago(since)
            if inside and account in (whose, None) and state in (each, None):
                expected.append(letter.event)
    found = await _paged(records, account, state, None if since is None else ago(since))
    assert found == expected


@pytest.mark.parametrize(
    ("account", "state", "equal"),
    [
        ("acme", State.DEAD, "account=? AND state=?"),
        ("acme", None, "account=?"),
        (None, State.DEAD, "state=?"),
    ],
)
async def test_lists_are_read_from_an_index(
    database: AsyncEngine, account: str | None, state: State | None, equal: str
) -> None:
    """In its order: what is kept in 30 days is not read and sorted for each page."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads small tables whole")
    query = select(callbacks.c.id).where(listed(account, state, ago(3))).order_by(*NEWEST_FIRST)
    compiled = query.compile(database, compile_kwargs={"literal_binds": True})
    async with reading(database) as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
        lines = [row.detail for row in plan]
    assert f"({equal} AND happened_at>?)" in lines[0]
    assert "USE TEMP B-TREE FOR ORDER BY" not in lines
