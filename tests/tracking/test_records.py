"""The record: one author for snapshots, one for reports, and a read that folds them."""

import asyncio
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import Flow, StepRef
from domain.progress import DeliveryReport, FlowStatus, Progress
from domain.status import Channel, Status
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.schema import WrongSchema
from storage.seal import Sealer
from storage.tables import flows, recipients, reports
from tests.samples import NUMBER, sms, viber, voice
from tests.tracking.flows import TRACKING_ID, later, progress_of, report, sealed_flow
from tracking.records import Tracked, Tracking


@pytest.fixture
def flow(sealer: Sealer) -> Flow:
    """Viber, then Sms."""
    return sealed_flow(sealer, viber(), sms())


def _snapshots(flow: Flow) -> list[Progress]:
    """Every snapshot of a flow whose second step was delivered, oldest first."""
    happened: list[float | DeliveryReport] = [
        1.0,
        report(1, Status.EXPIRED, 60),
        61.0,
        report(2, Status.DELIVERED, 65),
    ]
    return [progress_of(flow, *happened[:seq]) for seq in range(5)]


async def _standing(tracking: Tracking, flow: Flow) -> Progress:
    found = await tracking.find(flow.account, flow.tracking_id)
    assert found is not None
    return found.progress


async def test_a_flow_is_found_as_it_was_recorded(tracking: Tracking, flow: Flow) -> None:
    """Sealed as it travels."""
    for snapshot in _snapshots(flow):
        await tracking.record(flow, snapshot)
        assert await tracking.find("acme", TRACKING_ID) == Tracked(flow, snapshot, {})


async def test_an_older_snapshot_never_overwrites_a_newer(
    tracking: Tracking, sealer: Sealer
) -> None:
    """Whatever order they are written in, the newest stands."""
    for order in permutations(range(1, 5)):
        flow = sealed_flow(sealer, viber(), sms(), tracking_id=str(uuid4()))
        snapshots = _snapshots(flow)
        for written, seq in enumerate(order, start=1):
            await tracking.record(flow, snapshots[seq])
            assert await _standing(tracking, flow) == snapshots[max(order[:written])]


async def test_a_snapshot_of_the_same_seq_changes_nothing(tracking: Tracking, flow: Flow) -> None:
    """A repeated activity writes what is there."""
    first, other = (progress_of(flow, seconds) for seconds in (1.0, 2.0))
    await tracking.record(flow, first)
    await tracking.record(flow, other)
    assert await _standing(tracking, flow) == first


async def test_snapshots_written_at_once_end_with_the_newest(
    tracking: Tracking, flow: Flow
) -> None:
    """The API, an activity and a publication may meet."""
    snapshots = _snapshots(flow)
    await asyncio.gather(*(tracking.record(flow, each) for each in snapshots * 3))
    assert await _standing(tracking, flow) == snapshots[-1]


async def test_of_ends_recorded_at_once_one_is_the_first(tracking: Tracking, flow: Flow) -> None:
    """Whoever recorded it counts the flow: twice would be wrong."""
    snapshots = _snapshots(flow)
    await tracking.record(flow, snapshots[0])
    first = await asyncio.gather(*(tracking.record(flow, snapshots[-1]) for _ in range(8)))
    assert first.count(True) == 1


async def test_the_row_shows_where_the_flow_stands(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """In columns that ops and searches can read; what never moves is written once."""
    snapshots = _snapshots(flow)
    moved = flow.model_copy(update={"application": "changed", "request": "changed"})
    await tracking.record(flow, snapshots[0])
    await tracking.record(moved, snapshots[-1])
    async with reading(database) as connection:
        row = (await connection.execute(select(flows))).one()
    assert (row.tracking_id, row.account, row.kind) == (TRACKING_ID, "acme", "transactional")
    assert (row.application, row.request) == (flow.application, flow.request)
    assert (row.status, row.channel, row.seq) == (FlowStatus.SUCCEEDED, Channel.SMS, 4)
    assert (row.created_at, row.updated_at) == (later(0), later(65))


async def test_another_account_never_overwrites(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """Not even with the same tracking id and a later snapshot."""
    snapshots = _snapshots(flow)
    await tracking.record(flow, snapshots[1])
    await tracking.record(flow.model_copy(update={"account": "globex"}), snapshots[4])
    assert await _standing(tracking, flow) == snapshots[1]
    assert await tracking.find("globex", TRACKING_ID) is None
    async with reading(database) as connection:
        assert (await connection.execute(select(flows.c.account))).scalars().all() == ["acme"]


@pytest.mark.parametrize(
    ("account", "tracking_id"),
    [("globex", TRACKING_ID), ("", TRACKING_ID), ("acme", TRACKING_ID.upper()), ("acme", "")],
)
async def test_only_its_own_account_finds_a_flow(
    tracking: Tracking, flow: Flow, account: str, tracking_id: str
) -> None:
    """By its tracking id."""
    await tracking.record(flow, Progress.of(flow))
    assert await tracking.find("acme", TRACKING_ID) is not None
    assert await tracking.find(account, tracking_id) is None


async def test_a_read_folds_the_reports_over_the_snapshot(tracking: Tracking, flow: Flow) -> None:
    """With the workflow's own function, so tracking is current at once."""
    told = [
        report(2, Status.DELIVERED, 65, message_id="m2"),
        report(2, Status.SENT, 62),
        report(1, Status.QUEUED, 2),
    ]
    snapshot = progress_of(flow, 1.0, report(1, Status.EXPIRED, 60))
    await tracking.record(flow, snapshot)
    for each in told:
        await tracking.append(flow.ref(each.order), each)
    expected = snapshot.after(flow, told[1]).after(flow, told[0])
    assert await _standing(tracking, flow) == expected
    assert (expected.status, expected.steps[1].started_at) == (FlowStatus.SUCCEEDED, later(62))


async def test_reports_that_the_snapshot_has_change_nothing(tracking: Tracking, flow: Flow) -> None:
    """The workflow heard of them meanwhile."""
    snapshot = _snapshots(flow)[-1]
    await tracking.record(flow, snapshot)
    await tracking.append(flow.ref(1), report(1, Status.EXPIRED, 60))
    await tracking.append(flow.ref(2), report(2, Status.DELIVERED, 65))
    assert await _standing(tracking, flow) == snapshot


async def test_a_report_after_the_end_moves_its_step_only(tracking: Tracking, flow: Flow) -> None:
    """Seen shows; the outcome stands."""
    snapshot = progress_of(flow, 1.0, report(1, Status.DELIVERED, 5))
    await tracking.record(flow, snapshot)
    await tracking.append(flow.ref(1), report(1, Status.SEEN, 9))
    found = await _standing(tracking, flow)
    assert found.steps[0].status is Status.SEEN
    assert found.outcome == snapshot.outcome


async def test_a_report_is_kept_once_for_each_step_and_status(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """The first of them: a repetition changes nothing, whatever it says."""
    await tracking.record(flow, progress_of(flow, 1.0, 2.0))
    first = report(1, Status.QUEUED, 3, message_id="first")
    for each in (first, first, report(1, Status.QUEUED, 9, message_id="second")):
        await tracking.append(flow.ref(1), each)
    await tracking.append(flow.ref(2), report(2, Status.QUEUED, 4))
    await tracking.append(flow.ref(1), report(1, Status.SENT, 5))
    async with reading(database) as connection:
        rows = await connection.execute(select(reports.c.order, reports.c.status))
        assert sorted(rows.all()) == [(1, "Queued"), (1, "Sent"), (2, "Queued")]
    assert (await _standing(tracking, flow)).steps[0].message_id == "first"


async def test_a_report_on_another_accounts_flow_is_not_kept(
    tracking: Tracking, flow: Flow
) -> None:
    """What is told of a flow is its own account's, whoever knows its tracking id."""
    snapshot = progress_of(flow, 1.0)
    await tracking.record(flow, snapshot)
    stranger = StepRef(account="globex", tracking_id=flow.tracking_id, order=1)
    await tracking.append(stranger, report(1, Status.DELIVERED, 5))
    assert await _standing(tracking, flow) == snapshot
    assert not await tracking.is_known(flow.ref(1), Status.DELIVERED)


async def test_a_status_is_known_once_it_was_reported(tracking: Tracking, flow: Flow) -> None:
    """Of that step of that flow, and no other."""
    ref = flow.ref(1)
    other = StepRef(account="acme", tracking_id=str(uuid4()), order=1)
    assert not await tracking.is_known(ref, Status.SENT)
    await tracking.append(ref, report(1, Status.SENT, 3))
    assert await tracking.is_known(ref, Status.SENT)
    assert not await tracking.is_known(ref, Status.DELIVERED)
    assert not await tracking.is_known(flow.ref(2), Status.SENT)
    assert not await tracking.is_known(other, Status.SENT)


async def _numbers(database: AsyncEngine) -> list[tuple[str, str]]:
    async with reading(database) as connection:
        rows = await connection.execute(select(recipients).order_by(recipients.c.number))
        return [(row.tracking_id, row.number) for row in rows]


@pytest.mark.parametrize("seq", [0, 1])
async def test_full_numbers_stand_once_in_the_recipients(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer, seq: int
) -> None:
    """As E.164, of every step, whoever writes first: the API, or the first send."""
    flow = sealed_flow(
        sealer,
        viber("306900000101"),
        sms("+30 690 000 0101"),
        voice("+306900000102"),
        {**voice(), "to": {"sip": "sip:1111@pbx.test"}},
    )
    for _ in range(2):
        await tracking.record(flow, progress_of(flow, *[1.0][:seq]))
    assert await _numbers(database) == [
        (TRACKING_ID, NUMBER),
        (TRACKING_ID, "+306900000102"),
        (TRACKING_ID, "1111@pbx.test"),
    ]


async def test_a_flow_whose_keys_are_gone_is_recorded_without_its_numbers(
    tracking: Tracking, database: AsyncEngine
) -> None:
    """Its end must show all the same."""
    lost = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    flow = sealed_flow(lost, viber(), sms())
    await tracking.record(flow, progress_of(flow, 1.0))
    assert await _standing(tracking, flow) == progress_of(flow, 1.0)
    assert await _numbers(database) == [(TRACKING_ID, "")]


async def test_later_snapshots_need_not_open_the_contents(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """The numbers are there by then."""
    await tracking.record(flow, _snapshots(flow)[0])
    elsewhere = Tracking(database, Sealer(Keyring.parse("k9:" + "B" * 43 + "=")))
    await elsewhere.record(flow, _snapshots(flow)[2])
    assert await _numbers(database) == [(TRACKING_ID, NUMBER)]


async def test_the_first_snapshot_on_record_brings_the_numbers(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """Whichever it is: the database may have been away when the flow began."""
    await tracking.record(flow, _snapshots(flow)[4])
    assert await _numbers(database) == [(TRACKING_ID, NUMBER)]


async def test_the_row_shows_no_number_text_pin_or_address(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer
) -> None:
    """Nor do the reports: whoever reads a backup learns the masked number."""
    flow = sealed_flow(
        sealer,
        viber(templateParams={"pin": "482913"}, inboundUrl="https://hooks.acme.test/in?key=s3cret"),
        sms(message={"body": "Your code is 482913"}),
        voice(),
    )
    told = report(1, Status.SENT, 2)
    await tracking.record(flow, progress_of(flow, 1.0))
    await tracking.append(flow.ref(1), told)
    async with reading(database) as connection:
        rows = [
            *(await connection.execute(text("SELECT * FROM flows"))).all(),
            *(await connection.execute(text("SELECT * FROM reports"))).all(),
        ]
    stored = "\n".join(str(cell) for row in rows for cell in row)
    for secret in (NUMBER[1:], "6900000101", "482913", "Your code", "s3cret", "/callbacks"):
        assert secret not in stored
    assert "+3069****0101" in stored


async def test_a_snapshot_may_be_part_of_a_transaction(
    tracking: Tracking, database: AsyncEngine, flow: Flow
) -> None:
    """It is written with the rest of it, or not at all."""

    async def fail() -> None:
        async with writing(database) as connection:
            await tracking.record_within(connection, flow, Progress.of(flow))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await tracking.find("acme", TRACKING_ID) is None
    assert await _numbers(database) == []


async def test_a_record_of_another_version_is_not_read(
    tracking: Tracking, database: AsyncEngine
) -> None:
    """The check says so, before anybody is served."""
    await tracking.check()
    async with writing(database) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongSchema):
        await tracking.check()
