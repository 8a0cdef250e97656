"""Rows sealed anew, beside whoever else writes them."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Row, event, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import callback_keys
from accounts.demonstration import ACME, CALLBACK_KEYS
from domain.channels import ViberTemplate
from domain.progress import Progress
from storage import resealing as anew
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.resealing import GONE, Resealing
from storage.seal import Sealer, of
from storage.tables import callbacks, flows
from tests.conftest import KEYS
from tests.keeping import a_letter, kept
from tests.samples import a_flow, request_step, sms, viber
from tracking.records import Tracking
from tracking.resealing import SEALED

EVERYWHERE = (*SEALED, callback_keys.SEALED)
NEW = "k2:" + "B" * 43 + "="
BOTH = Keyring.parse(f"{NEW},{KEYS}")
DEMONSTRATION = len(CALLBACK_KEYS)


@pytest.fixture
def work(database: AsyncEngine) -> Resealing:
    """On the test's database, with both keys."""
    return Resealing(database, BOTH, EVERYWHERE)


async def _flows(database: AsyncEngine, sealer: Sealer, count: int = 1) -> list[str]:
    made = [sealer.sealed(a_flow(viber(), sms())) for _ in range(count)]
    for flow in made:
        await Tracking(database, sealer).record(flow, Progress.of(flow))
    return [flow.tracking_id for flow in made]


async def _counted(work: Resealing) -> dict[str, list[int]]:
    """By key: flows, callbacks, callback keys."""
    counts = await work.count(lambda _: None)
    return {kid: list(rows.values()) for kid, rows in counts.items()}


async def _done(work: Resealing) -> tuple[int, int]:
    done = [batch async for batch in work.reseal()]
    return sum(each.resealed for each in done), sum(each.unsealable for each in done)


async def _rows(database: AsyncEngine, table: Any) -> Sequence[Row[Any]]:
    async with reading(database) as connection:
        return (await connection.execute(select(table))).all()


async def test_each_key_is_told_what_depends_on_it(
    database: AsyncEngine, sealer: Sealer, work: Resealing
) -> None:
    """In every column that holds something sealed."""
    await _flows(database, sealer, 2)
    await _flows(database, Sealer(BOTH))
    await kept(database, sealer, a_letter())
    assert await _counted(work) == {"k2": [1, 0, 0], "k1": [2, 1, DEMONSTRATION], GONE: [0, 0, 0]}


async def test_all_of_it_is_sealed_by_the_newest(
    database: AsyncEngine, sealer: Sealer, work: Resealing
) -> None:
    """It says what it said, and the old key is not needed for it any more."""
    (flow,) = await _flows(database, sealer)
    letter = await kept(database, sealer, a_letter())

    assert await _done(work) == (2 + DEMONSTRATION, 0)

    assert await _counted(work) == {"k2": [1, 1, DEMONSTRATION], "k1": [0, 0, 0], GONE: [0, 0, 0]}
    new = Sealer(Keyring.parse(NEW))
    tracked = await Tracking(database, new).find(ACME.account, flow)
    assert tracked
    assert isinstance(new.content(tracked.flow, 1), ViberTemplate)
    assert new.content(tracked.flow, 2) == request_step(sms()).model_copy(update={"order": 2})
    assert new.callback_url(tracked.flow) == "http://127.0.0.1:9/callbacks"
    (row,) = await _rows(database, callbacks)
    assert new.open(row.body, of(letter, "body")) == letter.body
    assert new.open(row.answer, of(letter, "answer")) == "no such shop"
    async with reading(database) as connection:
        sealed = await callback_keys.live(connection, ACME.id)
    assert callback_keys.opened(new, ACME.id, sealed) == [CALLBACK_KEYS[ACME.id]]


async def test_a_second_run_finds_nothing_to_do(
    database: AsyncEngine, sealer: Sealer, work: Resealing
) -> None:
    """Not a row is written."""
    await _flows(database, sealer)
    await _done(work)
    before = await _rows(database, flows)
    assert await _done(work) == (0, 0)
    assert await _rows(database, flows) == before


async def test_it_goes_on_where_it_was_stopped(
    database: AsyncEngine, sealer: Sealer, work: Resealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is a transaction of its own."""
    monkeypatch.setattr(anew, "BATCH", 2)
    await _flows(database, sealer, 5)
    batches = work.reseal()
    assert (await anext(batches)).resealed == 2
    await batches.aclose()
    assert (await _counted(work))["k1"] == [3, 0, DEMONSTRATION]
    assert await _done(work) == (3 + DEMONSTRATION, 0)


async def test_what_another_changed_meanwhile_is_not_undone(
    database: AsyncEngine, sealer: Sealer, work: Resealing
) -> None:
    """The retention empties a flow between the reading and the writing of its row."""
    (flow,) = await _flows(database, sealer)

    meanwhile = [update(flows).values(flow="{}", emptied=True)]

    def empty(connection: Any, _: Any, statement: str, *__: Any) -> None:
        if meanwhile and statement.startswith("UPDATE flows"):
            connection.execute(meanwhile.pop())

    event.listen(database.sync_engine, "before_cursor_execute", empty)
    assert await _done(work) == (DEMONSTRATION, 0)

    (row,) = await _rows(database, flows)
    assert (row.tracking_id, row.flow) == (flow, "{}")


async def test_what_was_emptied_depends_on_no_key(
    database: AsyncEngine, sealer: Sealer, work: Resealing
) -> None:
    """There is nothing in it to seal anew."""
    await _flows(database, sealer)
    async with writing(database) as connection:
        (row,) = (await connection.execute(select(flows))).all()
        emptied = a_flow(viber(), sms()).emptied().model_dump_json()
        await connection.execute(
            update(flows)
            .where(flows.c.tracking_id == row.tracking_id)
            .values(flow=emptied, emptied=True)
        )
    assert await _done(work) == (DEMONSTRATION, 0)
    assert (await _counted(work))["k1"] == [0, 0, 0]


async def test_what_nobody_can_open_is_told_and_left(
    database: AsyncEngine, work: Resealing
) -> None:
    """Its key is gone; it may come back with a backup."""
    await _flows(database, Sealer(Keyring.parse("k0:" + "C" * 43 + "=")))
    assert (await _counted(work))[GONE] == [1, 0, 0]
    assert await _done(work) == (DEMONSTRATION, 1)
    assert (await _counted(work))[GONE] == [1, 0, 0]


async def test_a_key_that_is_coming_seals_nothing(database: AsyncEngine, sealer: Sealer) -> None:
    """Not every process can open it yet."""
    await _flows(database, sealer)
    coming = Keyring.parse(f"{NEW}:next,{KEYS}")
    assert await _done(Resealing(database, coming, EVERYWHERE)) == (0, 0)
