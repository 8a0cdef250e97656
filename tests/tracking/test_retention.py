"""What is forgotten of flows that are over, and what is not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.intents import Intents
from domain.flow import Flow
from domain.progress import OVER, Progress
from domain.status import Status
from storage.engine import reading
from storage.seal import Sealer
from storage.tables import callbacks, flows, ledger, recipients, reports, sends
from tests.keeping import a_letter
from tests.keeping import kept as callback_kept
from tests.samples import sms, viber
from tests.tracking.flows import later, progress_of, report, sealed_flow
from tracking import retention
from tracking.filters import Field, Filter, Operator, Search
from tracking.outbox import State
from tracking.records import Tracking
from tracking.retention import Retention

ENDED = later(5)
AFTER = later(5.001)
OTHER = "+306900000202"


@pytest.fixture
def forgetting(database: AsyncEngine) -> Retention:
    """The retention, on the test's database."""
    return Retention(database)


async def _ended(tracking: Tracking, sealer: Sealer) -> Flow:
    """A flow on record that ended 5 s after its creation: to two numbers, with a report."""
    flow = sealed_flow(sealer, viber(), sms(OTHER), tracking_id=str(uuid4()))
    await tracking.record(flow, Progress.of(flow))
    await tracking.record(flow, progress_of(flow, 1.0, report(1, Status.DELIVERED, 5)))
    await tracking.append(flow.ref(1), report(1, Status.SEEN, 6))
    return flow


async def _emptied(forgetting: Retention, before: datetime = AFTER) -> int:
    return sum([number async for number in forgetting.empty(before)])


async def _deleted(forgetting: Retention, before: datetime = AFTER) -> int:
    return sum([number async for number in forgetting.delete(before)])


async def _numbers(database: AsyncEngine, flow: Flow) -> Sequence[tuple[str, int]]:
    query = select(recipients.c.number, recipients.c.place)
    async with reading(database) as connection:
        found = await connection.execute(
            query.where(recipients.c.tracking_id == flow.tracking_id).order_by(recipients.c.place)
        )
        return [(row.number, row.place) for row in found]


async def _rows(database: AsyncEngine, table: Table) -> int:
    async with reading(database) as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


def _to(number: str) -> Search:
    return Search("acme", (Filter(Field.TO, Operator.IS, number),))


async def test_contents_addresses_and_numbers_are_forgotten(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer, forgetting: Retention
) -> None:
    """What is left names nobody; where the flow stood is all still there."""
    flow = await _ended(tracking, sealer)
    before = await tracking.find("acme", flow.tracking_id)
    assert len(await _numbers(database, flow)) == 2

    assert await _emptied(forgetting) == 1

    found = await tracking.find("acme", flow.tracking_id)
    assert before is not None
    assert found is not None
    assert [step.content for step in found.flow.steps] == ["", ""]
    assert found.flow.callback is not None
    assert found.flow.callback.url == ""
    assert found.flow.callback.origin == "http://127.0.0.1:9"
    assert found.flow == before.flow.emptied()
    assert found.progress == before.progress
    assert await _numbers(database, flow) == [("", 0)]
    async with reading(database) as connection:
        row = (await connection.execute(text("SELECT flow FROM flows"))).scalar_one()
    assert "v1.k1." not in row


async def test_a_search_still_finds_the_flow_but_not_by_its_number(
    tracking: Tracking, sealer: Sealer, forgetting: Retention
) -> None:
    """Counts and pages of old months stay as they were."""
    flow = await _ended(tracking, sealer)
    assert (await tracking.search(_to(OTHER))).total == 1
    await _emptied(forgetting)
    assert (await tracking.search(_to(OTHER))).total == 0
    (found,) = (await tracking.search(Search("acme"))).flows
    assert found.flow.tracking_id == flow.tracking_id
    for ending in ("0202", "6900"):
        for operator in (Operator.CONTAINS, Operator.ENDS_WITH, Operator.STARTS_WITH):
            by = Filter(Field.TO, operator, ending)
            assert (await tracking.search(Search("acme", (by,)))).total == 0


async def test_what_ended_later_is_kept(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer, forgetting: Retention
) -> None:
    """The moment of the end counts, not that of the creation."""
    flow = await _ended(tracking, sealer)
    assert await _emptied(forgetting, ENDED) == 0
    assert await forgetting.count(ENDED) == 0
    assert len(await _numbers(database, flow)) == 2
    assert await _emptied(forgetting, AFTER) == 1


@pytest.mark.parametrize("happened", [0, 1, 2])
async def test_a_flow_that_is_not_over_is_never_touched(
    tracking: Tracking,
    database: AsyncEngine,
    sealer: Sealer,
    forgetting: Retention,
    happened: int,
) -> None:
    """However old: queued, begun, or between two steps."""
    flow = sealed_flow(sealer, viber(), sms())
    so_far = (1.0, report(1, Status.EXPIRED, 5))[:happened]
    await tracking.record(flow, progress_of(flow, *so_far))
    before = await tracking.find("acme", flow.tracking_id)
    for moment in (AFTER, later(86400 * 3650)):
        assert await _emptied(forgetting, moment) == 0
        assert await _deleted(forgetting, moment) == 0
        assert await forgetting.count(moment) == 0
    assert await tracking.find("acme", flow.tracking_id) == before
    assert len(await _numbers(database, flow)) == 1


async def test_a_flow_that_failed_is_over_too(
    tracking: Tracking, sealer: Sealer, forgetting: Retention
) -> None:
    """Also one that was cancelled before its first step began."""
    flow = sealed_flow(sealer, sms())
    await tracking.record(flow, Progress.of(flow).cancelled(flow, ENDED))
    assert await _emptied(forgetting) == 1


async def test_every_batch_is_done_and_the_second_run_finds_nothing(
    tracking: Tracking,
    sealer: Sealer,
    forgetting: Retention,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is a transaction of its own; how many were done is what was counted before."""
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        await _ended(tracking, sealer)
    assert await forgetting.count(AFTER) == await forgetting.count(AFTER, emptied=False) == 5
    assert [number async for number in forgetting.empty(AFTER)] == [2, 2, 1]
    assert await _emptied(forgetting) == 0
    assert await forgetting.count(AFTER, emptied=False) == 0
    assert await forgetting.count(AFTER, emptied=True) == 5
    assert [number async for number in forgetting.delete(AFTER)] == [2, 2, 1]
    assert await _deleted(forgetting) == 0


async def test_a_run_that_was_stopped_goes_on_where_it_was(
    tracking: Tracking,
    sealer: Sealer,
    forgetting: Retention,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a batch has done stays done."""
    monkeypatch.setattr(retention, "BATCH", 1)
    for _ in range(3):
        await _ended(tracking, sealer)
    stopped = forgetting.empty(AFTER)
    assert await anext(stopped) == 1
    await stopped.aclose()
    assert await forgetting.count(AFTER, emptied=False) == 2
    assert await _emptied(forgetting) == 2


async def test_two_runs_at_once_share_the_work(
    tracking: Tracking,
    sealer: Sealer,
    forgetting: Retention,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every flow is counted by one of them."""
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(10):
        await _ended(tracking, sealer)
    assert sum(await asyncio.gather(_emptied(forgetting), _emptied(forgetting))) == 10
    assert sum(await asyncio.gather(_deleted(forgetting), _deleted(forgetting))) == 10


async def test_flows_are_recorded_meanwhile(
    tracking: Tracking,
    sealer: Sealer,
    forgetting: Retention,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An installation runs on beside it."""
    monkeypatch.setattr(retention, "BATCH", 1)
    for _ in range(10):
        await _ended(tracking, sealer)

    async def goes_on() -> None:
        for _ in range(10):
            flow = sealed_flow(sealer, viber(), tracking_id=str(uuid4()), created_at=later(3600))
            await tracking.record(flow, Progress.of(flow))
            assert await tracking.find("acme", flow.tracking_id) is not None

    emptied, _ = await asyncio.gather(_emptied(forgetting), goes_on())
    assert emptied == 10


@pytest.mark.parametrize("again", [0, 1, 2])
async def test_a_late_snapshot_brings_nothing_back(
    tracking: Tracking,
    database: AsyncEngine,
    sealer: Sealer,
    forgetting: Retention,
    again: int,
) -> None:
    """Whichever it is: an activity's of long ago, the last one's, even one more."""
    flow = await _ended(tracking, sealer)
    await _emptied(forgetting)
    happened = (1.0, report(1, Status.DELIVERED, 5), report(1, Status.SEEN, 6))
    for late in (progress_of(flow, *happened[:again]), progress_of(flow, *happened)):
        await tracking.record(flow, late)
        found = await tracking.find("acme", flow.tracking_id)
        assert found is not None
        assert found.flow.is_emptied
        assert await _numbers(database, flow) == [("", 0)]
    assert await forgetting.count(later(7), emptied=False) == 0


async def test_a_late_report_of_an_emptied_flow_still_counts(
    tracking: Tracking, sealer: Sealer, forgetting: Retention
) -> None:
    """It moves the step, as it did before."""
    flow = await _ended(tracking, sealer)
    await _emptied(forgetting)
    await tracking.append(flow.ref(2), report(2, Status.DELIVERED, 90))
    found = await tracking.find("acme", flow.tracking_id)
    assert found is not None
    assert [step.status for step in found.progress.steps] == [Status.SEEN, Status.DELIVERED]


async def test_rows_go_but_the_ledger_stays(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer, forgetting: Retention
) -> None:
    """It is the account's bookkeeping; of another flow nothing is taken."""
    flow = sealed_flow(sealer, viber(), sms(OTHER), tracking_id=str(uuid4()))
    declared = await Intents(database, tracking).declare(
        flow, progress_of(flow, 1.0), sealer.content(flow, 1), "sandbox"
    )
    assert declared.fresh
    await tracking.append(flow.ref(1), report(1, Status.DELIVERED, 5))
    await tracking.record(flow, progress_of(flow, 1.0, report(1, Status.DELIVERED, 5)))
    kept = await _ended(tracking, sealer)
    await tracking.record(
        kept, progress_of(kept, 1.0, report(1, Status.DELIVERED, 5), report(1, Status.SEEN, 60))
    )
    for each in (flow, kept):
        letter = a_letter(tracking_id=each.tracking_id, at=later(5))
        await callback_kept(database, sealer, letter, State.WAITING)
    booked = await _rows(database, ledger)
    assert await _rows(database, sends) == 1

    assert await _deleted(forgetting) == 0  # only what was emptied
    assert await _emptied(forgetting) == 1
    assert await _deleted(forgetting) == 1

    assert await tracking.find("acme", flow.tracking_id) is None
    assert (await tracking.search(Search("acme"))).total == 1
    assert await tracking.find("acme", kept.tracking_id) is not None
    assert (await _rows(database, flows), await _rows(database, reports)) == (1, 1)
    assert (await _rows(database, recipients), await _rows(database, sends)) == (2, 0)
    assert await _rows(database, callbacks) == 1
    assert await _rows(database, ledger) == booked > 0


async def test_a_flow_recorded_after_its_deletion_is_forgotten_again(
    tracking: Tracking, sealer: Sealer, forgetting: Retention
) -> None:
    """Its end is as long ago as it was."""
    flow = await _ended(tracking, sealer)
    await _emptied(forgetting)
    await _deleted(forgetting)
    await tracking.record(flow, progress_of(flow, 1.0, report(1, Status.DELIVERED, 5)))
    assert await _emptied(forgetting) == 1
    assert await _deleted(forgetting) == 1


async def test_batches_are_found_by_the_index(database: AsyncEngine, forgetting: Retention) -> None:
    """Not by reading every flow there is, each time."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads small tables whole")
    query = select(flows.c.tracking_id).where(*retention._ended(AFTER, OVER[0], emptied=False))
    compiled = query.order_by(flows.c.created_at).compile(database)
    async with reading(database) as connection:
        plan = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.string}",
            tuple(str(compiled.params[name]) for name in compiled.positiontup or ()),
        )
        lines = [row.detail for row in plan]
    assert len(lines) == 1
    assert "USING INDEX flows_by_age (emptied=? AND status=? AND created_at<?)" in lines[0]
