"""Flows whose workflow no longer runs are ended, on record and to their clients."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import ActivityExecutionStatus, Client
from temporalio.service import RPCError

from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import milliseconds
from storage.engine import writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import flows
from tests.conftest import NewNamespace, until
from tests.samples import NUMBER
from tests.sandbox.bench import Receiver, receiving
from tests.workflows.ward import FAILED, Ward
from tracking.records import Tracking
from workflows import names, repair
from workflows.client import FlowClient
from workflows.repair import UNKNOWN, Mended, Repair, WrongEngine

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
async def engine(new_namespace: NewNamespace) -> Client:
    """The run's engine, in a namespace in which nobody works unless the test does."""
    return await new_namespace("repair")


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    """Takes the clients' callbacks."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def ward(
    engine: Client,
    database: AsyncEngine,
    tracking: Tracking,
    sealer: Sealer,
    keys: Keyring,
    receiver: Receiver,
) -> Ward:
    """Where a test's flows fall ill."""
    flows = FlowClient(engine, sealer, keys)
    repair = Repair(engine, flows, database, tracking)
    return Ward(engine, tracking, flows, repair, receiver, sealer, database)


def reported(order: int, status: Status) -> DeliveryReport:
    """A report that came now."""
    return DeliveryReport(order=order, status=status, at=milliseconds(datetime.now(UTC)))


async def test_a_terminated_flow_is_failed_and_its_client_is_told_once(ward: Ward) -> None:
    """statusCode 0, the fault was ours; a second run finds nothing to do."""
    flow = await ward.started(reported(1, Status.QUEUED))
    running = await ward.started()
    await ward.handle(flow).terminate("by mistake")

    async with ward.publishing():
        (gone,) = await ward.gone()
        assert (gone.flow.tracking_id, gone.why) == (flow.tracking_id, "terminated")
        assert await ward.mend() == 1
        await ward.published(flow)
        assert await ward.mend() == 0

    assert (await ward.progress(flow)).outcome == FAILED
    (told,) = ward.told(flow)
    assert told.body["trackingId"] == flow.tracking_id
    assert (told.body["status"], told.body["statusCode"]) == ("Failed", "0")
    assert told.body["terminationChannel"] == "Viber"
    assert told.body["messages"][0]["status"]["name"] == "QUEUED"
    assert (await ward.progress(running)).outcome is None
    assert ward.told(running) == []
    assert (await ward.handle(running).describe()).close_time is None


async def test_it_waits_for_no_worker_and_is_not_done_twice_meanwhile(ward: Ward) -> None:
    """What the engine has taken outlives the command; ops see it under a name of its own."""
    flow = await ward.started()
    await ward.handle(flow).terminate()

    assert await ward.mend() == 1
    assert await ward.mend() == 0

    name = names.repair_id("acme", flow.tracking_id)
    waiting = await ward.client.get_activity_handle(name).describe()
    assert waiting.status is ActivityExecutionStatus.RUNNING
    assert waiting.typed_search_attributes[names.ACCOUNT] == "acme"
    async with ward.publishing():
        await ward.published(flow)
    assert len(ward.told(flow)) == 1
    assert await ward.is_closed(flow)


async def test_two_runs_at_once_tell_once(ward: Ward) -> None:
    """Both have seen the same."""
    flow = await ward.started()
    await ward.handle(flow).terminate()
    async with ward.publishing():
        assert sum(await asyncio.gather(ward.mend(), ward.mend())) == 1
        await ward.published(flow)
    assert len(ward.told(flow)) == 1


async def test_a_receiver_that_is_away_is_tried_again(ward: Ward) -> None:
    """On the schedule of every callback, counted from the repair; the record does not wait."""
    flow = await ward.started()
    path = ward.path(flow)
    ward.receiver.answers[path] = [500]
    await ward.handle(flow).terminate()
    async with ward.publishing():
        assert await ward.mend() == 1
        await ward.receiver.until(path, 1)
        assert await ward.is_closed(flow)

        async def is_put_off() -> bool:
            name = names.repair_id(flow.account, flow.tracking_id)
            described = await ward.client.get_activity_handle(name).describe()
            return described.attempt == 2

        await until(is_put_off)
    assert await ward.mend() == 0


async def test_one_that_an_operator_ended_may_be_started_again(ward: Ward) -> None:
    """Nothing was recorded, so nobody was told."""
    flow = await ward.started()
    await ward.handle(flow).terminate()
    assert await ward.mend() == 1
    name = names.repair_id(flow.account, flow.tracking_id)
    await ward.client.get_activity_handle(name).terminate(reason="by mistake, too")
    assert await ward.mend() == 1
    async with ward.publishing():
        await ward.published(flow)
    assert len(ward.told(flow)) == 1


async def test_what_the_reports_say_is_believed(ward: Ward) -> None:
    """A message that was delivered did not fail, whatever became of its workflow."""
    flow = await ward.started()
    await ward.tracking.append(flow.ref(1), reported(1, Status.DELIVERED))
    await ward.handle(flow).terminate()
    async with ward.publishing():
        assert await ward.mend() == 1
        await ward.published(flow)
    (told,) = ward.told(flow)
    assert (told.body["status"], told.body["terminationChannel"]) == ("Succeeded", "Viber")
    assert await ward.is_closed(flow)


async def test_a_flow_that_the_engine_has_forgotten_is_failed(ward: Ward) -> None:
    """Its history is gone; the engine is the right one, for it knows newer flows."""
    then = milliseconds(datetime.now(UTC) - timedelta(days=40))
    flow = ward.sealer.sealed(ward.flow(created_at=then))
    await ward.record(flow)
    await ward.started()
    await ward.repair.check()
    async with ward.publishing():
        (gone,) = await ward.gone()
        assert gone.why == UNKNOWN
        assert await ward.mend() == 1
        await ward.published(flow)
    assert (await ward.progress(flow)).outcome == FAILED
    assert len(ward.told(flow)) == 1


async def test_an_engine_that_does_not_know_the_newest_flow_is_the_wrong_one(ward: Ward) -> None:
    """Or every flow in flight would be told to have failed, for a wrong TEMPORAL_NAMESPACE."""
    await ward.repair.check()
    then = milliseconds(datetime.now(UTC) - timedelta(days=40))
    await ward.record(ward.sealer.sealed(ward.flow(created_at=then)))
    await ward.repair.check()
    flow = ward.sealer.sealed(ward.flow())
    await ward.record(flow)
    with pytest.raises(WrongEngine, match=flow.tracking_id):
        await ward.repair.check()


async def test_what_the_engine_does_not_say_is_not_guessed(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer in time makes no flow a lost one."""
    await ward.started()
    monkeypatch.setattr(repair, "RPC", timedelta(microseconds=1))
    with pytest.raises(RPCError):
        await ward.gone()


async def test_an_engine_that_goes_away_midway_ends_it(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run goes on; of this flow nothing was changed."""
    flow = await ward.started()
    await ward.handle(flow).terminate()
    (gone,) = await ward.gone()
    monkeypatch.setattr(repair, "RPC", timedelta(microseconds=1))
    with pytest.raises(RPCError):
        await ward.repair.end(gone)
    assert not await ward.is_closed(flow)


async def test_a_completed_flow_gets_its_outcome_but_no_second_callback(
    ward: Ward, database: AsyncEngine
) -> None:
    """Its workflow has told the client; the record was put back from a backup since."""
    flow = (await ward.flows.start(ward.flow(), [NUMBER])).flow
    beginning = Progress.of(flow)
    await ward.tracking.record(flow, beginning)
    async with ward.publishing(), ward.deciding():
        await ward.flows.cancel(flow.account, flow.tracking_id)
        await asyncio.wait_for(ward.handle(flow).result(), 30)
    outcome = (await ward.progress(flow)).outcome
    assert outcome is not None
    assert (outcome.code, len(ward.told(flow))) == ("3", 1)
    assert await ward.mend() == 0

    async with writing(database) as connection:
        await connection.execute(delete(flows))
    await ward.tracking.record(flow, beginning)
    async with ward.publishing():
        (gone,) = await ward.gone()
        assert gone.why == "completed"
        assert await ward.mend() == 1
        await ward.published(flow)

    assert (await ward.progress(flow)).outcome == outcome
    assert await ward.is_closed(flow)
    assert len(ward.told(flow)) == 1


async def test_a_flow_that_ended_while_it_was_looked_up_is_left_alone(ward: Ward) -> None:
    """Its own end is on record by then."""
    flow = await ward.started()
    await ward.handle(flow).terminate()
    (gone,) = await ward.gone()
    await ward.record(flow, reported(1, Status.DELIVERED))
    assert await ward.repair.end(gone) is Mended.NOTHING
    with pytest.raises(RPCError):
        await ward.client.get_activity_handle(
            names.repair_id(flow.account, flow.tracking_id)
        ).describe()


async def test_only_flows_that_have_not_moved_for_a_while_are_suspects(ward: Ward) -> None:
    """One that is just being created is none, whatever the engine says of it."""
    now = datetime.now(UTC)
    old = ward.sealer.sealed(ward.flow(created_at=milliseconds(now - timedelta(hours=2))))
    await ward.record(old)
    moved = ward.sealer.sealed(ward.flow(created_at=milliseconds(now - timedelta(hours=2))))
    await ward.record(moved, reported(1, Status.QUEUED))
    over = ward.sealer.sealed(ward.flow(created_at=milliseconds(now - timedelta(hours=2))))
    await ward.record(over, DeliveryReport(order=1, status=Status.DELIVERED, at=over.created_at))
    await ward.record(ward.sealer.sealed(ward.flow()))
    suspects = await ward.repair.suspects(now - timedelta(hours=1))
    assert [each.tracking_id for each in suspects] == [old.tracking_id]


async def test_a_client_that_waited_for_a_lost_workflow_is_told(ward: Ward) -> None:
    """The flow was over and on record, its last callback was being retried: then it was terminated.

    A second run finds that it is being told.
    """
    flow = (await ward.flows.start(ward.flow(), [NUMBER])).flow
    await ward.tracking.record(flow, Progress.of(flow))
    path = ward.path(flow)
    ward.receiver.answers[path] = [500]
    report = reported(1, Status.DELIVERED)
    async with ward.publishing(), ward.deciding():
        await ward.flows.report(flow.ref(1), report)
        await ward.receiver.until(path, 1)
        await until(lambda: ward.waits(flow))
        await ward.handle(flow).terminate("by mistake")
        assert await ward.is_closed(flow)
        (gone,) = await ward.gone()
        assert await ward.repair.end(gone) is Mended.TOLD
        refused, told = await ward.receiver.until(path, 2, within=20)
        assert told.body == refused.body
        await until(lambda: ward.waits(flow, False))
        assert await ward.mend() == 0
    assert told.body["status"] == "Succeeded"
