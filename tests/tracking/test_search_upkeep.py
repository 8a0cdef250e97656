"""What the search reads is kept by whoever writes: snapshots, the retention, the migration."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import Flow, Kind
from domain.progress import DeliveryReport, FlowStatus, Progress
from domain.status import Channel, Status
from storage import schema
from storage.engine import connect, reading, writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import TRIGRAMS, flows, recipients
from tests.databases import Databases
from tests.samples import NUMBER, sms, viber, voice
from tests.tracking.flows import TRACKING_ID, later, progress_of, report, sealed_flow
from tracking.facets import Facet
from tracking.filters import Field, Filter, Operator, Search
from tracking.records import Tracking, _row

SECOND = "+35799123456"


async def _total(tracking: Tracking, field: Field, operator: Operator, term: str) -> int:
    page = await tracking.search(Search("acme", (Filter(field, operator, term),)))
    assert page.total == len(page.flows)
    return page.total


async def _facets(database: AsyncEngine) -> list[Facet]:
    async with reading(database) as connection:
        codes = await connection.execute(select(recipients.c.facet).order_by(recipients.c.place))
        return [Facet.read(code) for code in codes.scalars()]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("status", FlowStatus)
@pytest.mark.parametrize("ended_by", [None, *Channel])
@pytest.mark.parametrize("channels", [{Channel.SMS}, {Channel.VIBER, Channel.VOICE}, set(Channel)])
def test_a_facet_is_read_as_it_was_written(
    kind: Kind, status: FlowStatus, ended_by: Channel | None, channels: set[Channel]
) -> None:
    """By its code alone."""
    facet = Facet(kind, frozenset(channels), status, ended_by)
    assert Facet.read(facet.code) == facet


def test_a_code_keeps_its_meaning() -> None:
    """It stands in databases, and in a migration."""
    facet = Facet(
        Kind.STANDARD, frozenset({Channel.SMS, Channel.VOICE}), FlowStatus.FAILED, Channel.VIBER
    )
    assert facet.code == 5132
    queued = Facet(Kind.TRANSACTIONAL, frozenset({Channel.VIBER}), FlowStatus.QUEUED, None)
    assert queued.code == 2000


async def test_every_number_of_a_flow_follows_its_snapshots(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer
) -> None:
    """And never an older one."""
    flow = sealed_flow(sealer, viber(), sms(SECOND))
    happened: list[float | DeliveryReport] = [
        1.0,
        report(1, Status.EXPIRED, 60),
        61.0,
        report(2, Status.DELIVERED, 65),
    ]
    snapshots = [progress_of(flow, *happened[:seq]) for seq in range(5)]
    for seq in (0, 2, 1, 4, 3):
        await tracking.record(flow, snapshots[seq])
        newest = snapshots[max(seq, {1: 2, 3: 4}.get(seq, 0))]
        assert await _facets(database) == [Facet.of(flow, newest)] * 2


async def test_a_flow_that_moves_meanwhile_is_still_found(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer
) -> None:
    """A search looks twice, first at the facets and then at their flows: both at one moment."""
    flow = sealed_flow(sealer, sms())
    await tracking.record(flow, Progress.of(flow))
    codes = [Facet.of(flow, progress_of(flow, *happened)).code for happened in ((), (1.0,))]

    async def move() -> None:
        for code in itertools.cycle(codes):
            async with writing(database) as connection:
                await connection.execute(update(recipients).values(facet=code))

    moving = asyncio.create_task(move())
    try:
        found = [await tracking.search(Search("acme")) for _ in range(100)]
    finally:
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)
    assert {(page.total, len(page.flows)) for page in found} == {(1, 1)}


async def test_another_account_moves_nothing(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer
) -> None:
    """Not even with the same tracking id and a later snapshot."""
    flow = sealed_flow(sealer, sms())
    await tracking.record(flow, Progress.of(flow))
    await tracking.record(flow.model_copy(update={"account": "globex"}), progress_of(flow, 1.0))
    assert await _facets(database) == [Facet.of(flow, Progress.of(flow))]


async def test_a_flow_that_could_not_be_opened_is_found_without_its_number(
    tracking: Tracking, sealer: Sealer
) -> None:
    """By all but `to`; and it is no flow to anybody's number."""
    lost = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    flow = sealed_flow(lost, sms())
    await tracking.record(flow, Progress.of(flow))
    assert await _total(tracking, Field.STATUS, Operator.IS, "Queued") == 1
    assert await _total(tracking, Field.TO, Operator.IS_NOT, NUMBER) == 1
    for operator in (Operator.IS, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH):
        assert await _total(tracking, Field.TO, operator, NUMBER) == 0


async def test_what_is_forgotten_is_not_found(
    tracking: Tracking, database: AsyncEngine, sealer: Sealer
) -> None:
    """Numbers that are emptied, and rows that are deleted: no index keeps them."""
    flow = sealed_flow(sealer, viber(), sms(SECOND))
    of_it = recipients.c.tracking_id == flow.tracking_id
    await tracking.record(flow, Progress.of(flow))
    assert await _total(tracking, Field.TO, Operator.CONTAINS, NUMBER[1:]) == 1
    assert await _traces(database, NUMBER) is (database.dialect.name == "sqlite")
    async with writing(database) as connection:
        await connection.execute(delete(recipients).where(of_it, recipients.c.place > 1))
        await connection.execute(update(recipients).where(of_it).values(number="", place=0))
    for number in (NUMBER, SECOND):
        assert await _total(tracking, Field.TO, Operator.CONTAINS, number[1:]) == 0
        assert not await _traces(database, number)
    assert await _total(tracking, Field.TYPE, Operator.IS, "Sms") == 1
    async with writing(database) as connection:
        await connection.execute(delete(recipients).where(of_it))
    assert (await tracking.search(Search("acme"))).total == 0


async def _traces(database: AsyncEngine, number: str) -> bool:
    """Whether SQLite's full-text index knows of the number; PostgreSQL's follows by itself."""
    if database.dialect.name != "sqlite":
        return False
    query = text(f"SELECT count(*) FROM {TRIGRAMS} WHERE {TRIGRAMS} MATCH :phrase")  # noqa: S608
    async with reading(database) as connection:
        found = await connection.scalar(query, {"phrase": f'"{number}"'})
        return bool(found)


@pytest.fixture
async def before(databases: Databases) -> AsyncIterator[AsyncEngine]:
    """A database of the version before the search."""
    async with databases.new(empty=True) as url:
        engine = connect(url)

        def to_0002(connection: Connection) -> None:
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0002")

        async with writing(engine) as connection:
            await connection.run_sync(to_0002)
        yield engine
        await engine.dispose()


async def test_flows_on_record_are_brought_along(before: AsyncEngine, sealer: Sealer) -> None:
    """With all that a search asks, as if they were recorded today."""
    known: list[tuple[Flow, list[float | DeliveryReport]]] = [
        (sealed_flow(sealer, viber(), sms(SECOND)), [1.0, report(1, Status.DELIVERED, 5)]),
        (sealed_flow(sealer, sms(), kind=Kind.STANDARD), [1.0, report(1, Status.FAILED, 5)]),
        (sealed_flow(sealer, voice(SECOND), viber(SECOND), sms(SECOND)), [1.0]),
        (sealed_flow(sealer, voice()), []),
    ]
    made: list[tuple[Flow, Progress]] = []
    for place, (flow, happened) in enumerate(known):
        named = {"tracking_id": str(UUID(int=place, version=4)), "created_at": later(place)}
        flow = flow.model_copy(update=named)
        made.append((flow, progress_of(flow, *happened)))
    numbers = [{NUMBER, SECOND}, {NUMBER}, {SECOND}, set()]
    columns = {name: flows.c[name] for name in _row(*made[0])}
    async with writing(before) as connection:
        for (flow, progress), belonging in zip(made, numbers, strict=True):
            row = {columns[name]: value for name, value in _row(flow, progress).items()}
            await connection.execute(insert(flows).values(row))
            for number in belonging:
                await connection.execute(
                    text("INSERT INTO recipients VALUES (:id, :number)"),
                    {"id": flow.tracking_id, "number": number},
                )
    await schema.upgrade(before)
    async with reading(before) as connection:
        rows = (await connection.execute(select(recipients))).all()
        largest = await connection.scalar(select(func.max(recipients.c.id)))
    assert {(row.tracking_id, row.number, row.place, row.account) for row in rows} == {
        (flow.tracking_id, number, place, "acme")
        for (flow, _), belonging in zip(made, numbers, strict=True)
        for place, number in enumerate(sorted(belonging) or [""], start=len(belonging) > 1)
    }
    facets = {flow.tracking_id: Facet.of(flow, progress).code for flow, progress in made}
    assert {row.tracking_id: row.facet for row in rows} == facets
    assert {row.created_at for row in rows} == {flow.created_at for flow, _ in made}
    tracking = Tracking(before, sealer)
    assert await _total(tracking, Field.TO, Operator.CONTAINS, "991234") == 2
    assert await _total(tracking, Field.TO, Operator.IS, NUMBER) == 2
    assert await _total(tracking, Field.STATUS, Operator.IS, "Failed") == 1
    await tracking.record(sealed_flow(sealer, sms(), tracking_id=TRACKING_ID), made[3][1])
    async with reading(before) as connection:
        assert await connection.scalar(select(func.max(recipients.c.id))) == (largest or 0) + 1
