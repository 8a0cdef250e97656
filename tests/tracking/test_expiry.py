"""Callbacks are forgotten by their own age, and only once nothing becomes of them any more."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import UnknownCallback
from domain.letter import Letter
from domain.wire import milliseconds
from storage.seal import Sealer
from tests.keeping import a_letter, kept
from tracking import expiry
from tracking.callbacks import CallbackRecords
from tracking.expiry import Expiry
from tracking.outbox import State

BEFORE = milliseconds(datetime.now(UTC) - timedelta(days=30))


@pytest.fixture
def forgetting(database: AsyncEngine) -> Expiry:
    """The expiry, on the test's database."""
    return Expiry(database)


async def _left(database: AsyncEngine, sealer: Sealer, *letters: Letter) -> list[bool]:
    records = CallbackRecords(database, sealer)
    found = []
    for letter in letters:
        try:
            await records.find(None, letter.event)
            found.append(True)
        except UnknownCallback:
            found.append(False)
    return found


async def _deleted(forgetting: Expiry) -> int:
    return sum([number async for number in forgetting.delete(BEFORE)])


async def test_what_is_settled_goes_by_its_age(
    forgetting: Expiry, database: AsyncEngine, sealer: Sealer
) -> None:
    """Delivered or dead, to the millisecond; what waits may yet be told."""
    old = BEFORE - timedelta(milliseconds=1)
    letters = [
        await kept(database, sealer, a_letter(at=at), state)
        for at in (old, BEFORE)
        for state in State
    ]
    assert await forgetting.count(BEFORE) == 2
    assert await _deleted(forgetting) == 2
    assert await forgetting.count(BEFORE) == 0
    waits = State.WAITING
    expected = [state is waits for state in State] + [True] * len(State)
    assert await _left(database, sealer, *letters) == expected


async def test_runs_share_the_work_batch_by_batch(
    forgetting: Expiry, database: AsyncEngine, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was stopped, or is run twice, does no harm; each is counted once."""
    monkeypatch.setattr(expiry, "BATCH", 2)
    for _ in range(7):
        await kept(database, sealer, a_letter(at=BEFORE - timedelta(days=1)))
    stopped = forgetting.delete(BEFORE)
    assert await anext(stopped) == 2
    await stopped.aclose()
    assert sum(await asyncio.gather(_deleted(forgetting), _deleted(forgetting))) == 5


async def test_what_is_asked_for_again_meanwhile_is_kept(
    forgetting: Expiry, database: AsyncEngine, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even between two batches: it waits."""
    monkeypatch.setattr(expiry, "BATCH", 1)
    letters = [
        await kept(database, sealer, a_letter(at=BEFORE - timedelta(days=days))) for days in (2, 1)
    ]
    run = forgetting.delete(BEFORE)
    assert await anext(run) == 1
    await CallbackRecords(database, sealer).reopen("acme", letters[1].event)
    assert [number async for number in run] == []
    assert await _left(database, sealer, *letters) == [False, True]
