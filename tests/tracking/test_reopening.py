"""Callbacks that wait again: which, and each once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StillWaiting, UnknownCallback
from domain.letter import Letter
from domain.wire import milliseconds
from storage.seal import Sealer
from tests.keeping import BODY, a_letter, asked_for, kept, tried
from tracking.callbacks import CallbackRecords
from tracking.outbox import Outbox, State
from tracking.reopening import Window

LONG_AGO = datetime.now(UTC) - timedelta(days=20)
EVER = Window(LONG_AGO - timedelta(days=1))


@pytest.fixture
def records(database: AsyncEngine, sealer: Sealer) -> CallbackRecords:
    """What is on record, in the test's database."""
    return CallbackRecords(database, sealer)


Keep = Callable[..., Awaitable[Letter]]


@pytest.fixture
def keep(database: AsyncEngine, sealer: Sealer) -> Keep:
    """Puts a letter on record that happened so many minutes after LONG_AGO."""

    async def made(minutes: float = 0, state: State = State.DEAD, **members: Any) -> Letter:
        at = milliseconds(LONG_AGO + timedelta(minutes=minutes))
        return await kept(database, sealer, a_letter(at=at, **members), state)

    return made


def key(letter: Letter) -> tuple[str, str]:
    """Its flow."""
    return letter.account, letter.tracking_id


@pytest.mark.parametrize("state", [State.DEAD, State.DELIVERED])
async def test_what_is_settled_waits_again(
    records: CallbackRecords, keep: Keep, database: AsyncEngine, sealer: Sealer, state: State
) -> None:
    """Its schedule begins now; its id, its bytes and what was tried stay."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    letter = await keep(state=state)
    reopened = await records.reopen("acme", letter.event)
    assert (reopened.flows, reopened.callbacks, reopened.more) == ({key(letter): 1}, 1, False)
    entry = await records.find("acme", letter.event)
    assert (entry.state, entry.replays, len(entry.attempts)) == (State.WAITING, 1, 1)
    assert before <= entry.since <= datetime.now(UTC)
    waiting = await Outbox(database, sealer).next_replayed(*key(letter))
    assert waiting is not None
    assert (waiting.letter.event, waiting.letter.body) == (letter.event, BODY)


async def test_what_waits_for_the_first_time_is_refused(
    records: CallbackRecords, keep: Keep
) -> None:
    """It has its attempts before it: a second schedule beside the first would tell it twice."""
    letter = await keep(state=State.WAITING)
    with pytest.raises(StillWaiting):
        await records.reopen("acme", letter.event)
    entry = await records.find("acme", letter.event)
    assert (entry.replays, entry.since) == (0, letter.at)


async def test_what_waits_again_may_be_asked_for_again(
    records: CallbackRecords, keep: Keep
) -> None:
    """Whoever reopened it may have died before the engine knew; nothing is changed by it."""
    letter = await keep()
    first = await records.reopen("acme", letter.event)
    before = await records.find("acme", letter.event)
    assert await records.reopen("acme", letter.event) == first
    assert await records.find("acme", letter.event) == before


async def test_anothers_callback_is_as_unknown_as_none(
    records: CallbackRecords, keep: Keep
) -> None:
    """And it stays as it is; ops may reopen any."""
    letter = await keep()
    for account, id in (("globex", letter.event), ("acme", "msg_x-1"), (None, "msg_x-1")):
        with pytest.raises(UnknownCallback):
            await records.reopen(account, id)
    assert (await records.find("acme", letter.event)).state is State.DEAD
    assert (await records.reopen(None, letter.event)).flows == {key(letter): 1}


async def test_a_window_is_reopened_oldest_first(records: CallbackRecords, keep: Keep) -> None:
    """The dead ones of the account between its ends, in batches until none is left."""
    flow = "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02"
    wanted = [await keep(minutes, seq=minutes, tracking_id=flow) for minutes in range(1, 6)]
    others = [
        await keep(0, tracking_id=flow, seq=90),
        await keep(6),
        await keep(3, account="globex"),
        await keep(3, State.DELIVERED),
        await keep(3, State.WAITING),
    ]
    window = Window(wanted[0].at, wanted[-1].at)
    assert await records.count_dead("acme", window) == (5, 1)
    began = milliseconds(datetime.now(UTC))
    batches = [await records.reopen_dead("acme", window, 2, began) for _ in range(3)]
    assert [batch.flows for batch in batches] == [{("acme", flow): n} for n in (2, 2, 1)]
    assert [batch.more for batch in batches] == [True, True, False]
    assert await records.count_dead("acme", window) == (0, 0)
    assert [(await records.find(None, each.event)).replays for each in wanted] == [1] * 5
    assert [(await records.find(None, each.event)).replays for each in others] == [0] * 5
    assert (await records.reopen_dead(None, window, 9)).flows[key(others[2])] == 1


async def test_a_batch_that_is_just_full_says_that_nothing_is_left(
    records: CallbackRecords, keep: Keep
) -> None:
    """Else its owner would ask once too often."""
    for minutes in range(2):
        await keep(minutes)
    reopened = await records.reopen_dead("acme", EVER, 2)
    assert (reopened.callbacks, len(reopened.flows), reopened.more) == (2, 2, False)


async def test_what_nobody_has_tried_is_handed_over_again(
    records: CallbackRecords, keep: Keep, database: AsyncEngine, sealer: Sealer
) -> None:
    """A batch whose starter died; but no flow of which one was tried since, for that one runs."""
    asked = milliseconds(datetime.now(UTC) - timedelta(minutes=5))
    lost, first = await keep(state=State.WAITING), await keep(state=State.WAITING)
    second = await keep(state=State.WAITING, seq=2, tracking_id=first.tracking_id)
    for letter in (lost, first, second):
        await asked_for(database, letter, asked)
    waiting = await Outbox(database, sealer).next_replayed(*key(first))
    assert waiting is not None
    await tried(database, sealer, waiting)

    dead = await keep()
    assert (await records.reopen_dead("acme", EVER, 1)).flows == {key(dead): 1}
    reopened = await records.reopen_dead("acme", EVER, 9)
    assert reopened.flows == {key(lost): 1, key(dead): 1}
    entry = await records.find("acme", lost.event)
    assert entry.replays == 1
    assert entry.since > asked
    assert (await records.reopen_dead("acme", EVER, 9, asked)).flows == {}


async def test_two_that_reopen_at_once_share_the_callbacks(
    records: CallbackRecords, keep: Keep
) -> None:
    """Each is reopened by one of them."""
    letters = [await keep(minutes) for minutes in range(12)]
    batches = await asyncio.gather(*(records.reopen_dead("acme", EVER, 3) for _ in range(4)))
    entries = [await records.find("acme", letter.event) for letter in letters]
    assert {each.replays for each in entries} <= {0, 1}
    handed = [flow for batch in batches for flow in batch.flows]
    assert {each.tracking_id for each in entries if each.replays} <= {each[1] for each in handed}
    while (await records.reopen_dead("acme", EVER, 3)).more:
        pass
    entries = [await records.find("acme", letter.event) for letter in letters]
    assert [each.replays for each in entries] == [1] * 12


async def test_one_callback_that_two_ask_for_at_once_is_reopened_once(
    records: CallbackRecords, keep: Keep
) -> None:
    """The second finds it waiting already."""
    letter = await keep()
    asked = await asyncio.gather(*(records.reopen("acme", letter.event) for _ in range(4)))
    assert all(each.flows == {key(letter): 1} for each in asked)
    assert (await records.find("acme", letter.event)).replays == 1
