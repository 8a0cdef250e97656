"""The search: every field and operator by example, pages, and whose flows they are."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.flow import Flow, Kind
from domain.progress import DeliveryReport
from domain.status import Status
from storage.engine import connect, reading
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import KEYS
from tests.databases import Databases
from tests.samples import sms, viber, voice
from tests.tracking.flows import later, progress_of, report, sealed_flow
from tracking import candidates, search
from tracking.filters import Field, Filter, Operator, Search
from tracking.patterns import Pattern
from tracking.records import Page, Tracking
from tracking.search import Plan

IS, IS_NOT, CONTAINS, STARTS, ENDS = Operator
ONE, TWO, THREE = "+306900000101", "+35799123456", "+306912345678"
SIP = {**voice(), "to": {"sip": "Front.Desk@PBX.test"}}


def an_id(place: int) -> str:
    """The tracking id of the flow in that place."""
    return str(UUID(int=place, version=4))


def _made(sealer: Sealer) -> list[tuple[Flow, list[float | DeliveryReport]]]:
    """Six flows of acme, a second apart, and one of globex."""
    failed, gone = report(1, Status.FAILED, 5), report(1, Status.EXPIRED, 5)

    def flow(
        place: int, *steps: object, account: str = "acme", kind: str = "transactional"
    ) -> Flow:
        return sealed_flow(
            sealer,
            *steps,  # type: ignore[arg-type]
            tracking_id=an_id(place),
            created_at=later(place),
            account=account,
            kind=Kind(kind),
        )

    return [
        (flow(0, viber(ONE), sms(ONE)), []),
        (flow(1, viber(ONE), sms(TWO)), [1.0, gone]),
        (flow(2, viber(TWO), sms(TWO)), [1.0, report(1, Status.DELIVERED, 5)]),
        (flow(3, sms(THREE), kind="standard"), [1.0, failed]),
        (flow(4, sms(TWO), SIP), [1.0, failed, 6.0, report(2, Status.COMPLETED, 9)]),
        (flow(5, voice(THREE)), [1.0, failed]),
        (flow(6, sms(ONE), account="globex"), [1.0]),
    ]


@pytest.fixture(scope="module")
async def record(databases: Databases) -> AsyncIterator[Tracking]:
    """A record of those flows."""
    sealer = Sealer(Keyring.parse(KEYS))
    async with databases.new() as url:
        engine = connect(url)
        tracking = Tracking(engine, sealer)
        for flow, happened in _made(sealer):
            for seen in range(len(happened) + 1):
                await tracking.record(flow, progress_of(flow, *happened[:seen]))
        yield tracking
        await engine.dispose()


@pytest.fixture(params=["fetched", "walked"])
def _manner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the flows are found: all ways lead to the same."""
    if request.param == "walked":
        monkeypatch.setattr(candidates, "FEW", 0)


def places(page: Page) -> list[int]:
    """Which flows stand on it."""
    return [UUID(each.flow.tracking_id).int & 0xFF for each in page.flows]


async def found(record: Tracking, *filters: Filter) -> set[int]:
    """Which of acme's flows pass."""
    page = await record.search(Search("acme", filters))
    assert page.total == len(page.flows)
    return set(places(page))


EVERY = {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("field", "term", "expected"),
    [
        (Field.TYPE, "Sms", {0, 1, 2, 3, 4}),
        (Field.TYPE, "Viber", {0, 1, 2}),
        (Field.TYPE, "Voice", {4, 5}),
        (Field.TERMINATION_CHANNEL, "Sms", {3}),
        (Field.TERMINATION_CHANNEL, "Viber", {2}),
        (Field.TERMINATION_CHANNEL, "Voice", {4, 5}),
        (Field.STATUS, "Queued", {0}),
        (Field.STATUS, "InProgress", {1}),
        (Field.STATUS, "Succeeded", {2, 4}),
        (Field.STATUS, "Failed", {3, 5}),
        (Field.FLOW_KIND, "transactional", {0, 1, 2, 4, 5}),
        (Field.FLOW_KIND, "standard", {3}),
    ],
)
@pytest.mark.usefixtures("_manner")
async def test_a_field_is_or_is_not_a_word(
    record: Tracking, field: Field, term: str, expected: set[int]
) -> None:
    """What `is` finds and what `is_not` finds are all flows together: also those not over yet."""
    assert await found(record, Filter(field, IS, term)) == expected
    assert await found(record, Filter(field, IS_NOT, term)) == EVERY - expected


@pytest.mark.parametrize(
    ("operator", "term", "expected"),
    [
        (IS, ONE, {0, 1}),
        (IS, "306900000101", {0, 1}),
        (IS, "00306900000101", {0, 1}),
        (IS, " +30 690-000 (01) 01 ", {0, 1}),
        (IS, TWO, {1, 2, 4}),
        (IS, "front.desk@pbx.test", {4}),
        (IS, "sip:FRONT.DESK@pbx.test", {4}),
        (IS, "0000101", set()),
        (IS, "+30690000010", set()),
        (IS, "+3069000001%", set()),
        (IS, "nobody", set()),
        (STARTS, "+3069", {0, 1, 3, 5}),
        (STARTS, "3069", {0, 1, 3, 5}),
        (STARTS, "003069", {0, 1, 3, 5}),
        (STARTS, "+30 691", {3, 5}),
        (STARTS, "+", EVERY),
        (STARTS, "Front", {4}),
        (STARTS, "sip:front.", {4}),
        (STARTS, "69", set()),
        (STARTS, "+30_9", set()),
        (CONTAINS, "12345", {1, 2, 3, 4, 5}),
        (CONTAINS, "123456", {1, 2, 3, 4, 5}),
        (CONTAINS, "1234567", {3, 5}),
        (CONTAINS, "+357", {1, 2, 4}),
        (CONTAINS, "99", {1, 2, 4}),
        (CONTAINS, "9", EVERY),
        (CONTAINS, "DESK@", {4}),
        (CONTAINS, "k@p", {4}),
        (CONTAINS, "%", set()),
        (CONTAINS, "_", set()),
        (CONTAINS, "\\", set()),
        (CONTAINS, '345" OR "101', set()),
        (CONTAINS, "* NEAR", set()),
        (CONTAINS, "690%101", set()),
        (CONTAINS, "690 000", set()),
        (ENDS, "0101", {0, 1}),
        (ENDS, "5678", {3, 5}),
        (ENDS, "78", {3, 5}),
        (ENDS, "6", {1, 2, 4}),
        (ENDS, "pbx.TEST", {4}),
        (ENDS, "1234", set()),
        (ENDS, "010", set()),
        (ENDS, "%", set()),
    ],
)
@pytest.mark.usefixtures("_manner")
async def test_to_looks_at_the_numbers(
    record: Tracking, operator: Operator, term: str, expected: set[int]
) -> None:
    """Of every step, attempted or not; what the term means to a database means nothing here."""
    assert await found(record, Filter(Field.TO, operator, term)) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [(ONE, {2, 3, 4, 5}), ("0035799123456", {0, 3, 5}), ("front.desk@pbx.test", EVERY - {4})],
)
@pytest.mark.usefixtures("_manner")
async def test_to_is_not_finds_flows_without_that_number(
    record: Tracking, term: str, expected: set[int]
) -> None:
    """In none of their steps: a flow that `is` finds is not found."""
    assert await found(record, Filter(Field.TO, IS_NOT, term)) == expected


@pytest.mark.usefixtures("_manner")
async def test_a_flow_must_pass_every_filter(record: Tracking) -> None:
    """Two on the same field, too: each may be met by another step."""
    to_both = Filter(Field.TO, IS, ONE), Filter(Field.TO, ENDS, "456")
    assert await found(record, *to_both) == {1}
    assert await found(record, *to_both, Filter(Field.TO, IS_NOT, THREE)) == {1}
    assert await found(record, *to_both, Filter(Field.STATUS, IS, "Queued")) == set()
    by_voice = Filter(Field.TYPE, IS, "Voice"), Filter(Field.TYPE, IS, "Sms")
    assert await found(record, *by_voice) == {4}
    assert await found(record, *by_voice, Filter(Field.TO, CONTAINS, "123")) == {4}


@pytest.mark.usefixtures("_manner")
async def test_an_account_finds_its_own_flows_only(record: Tracking) -> None:
    """Whatever it asks for, also by a tracking id that it knows."""
    for filters in ((), (Filter(Field.TO, IS, ONE),), (Filter(Field.TO, CONTAINS, "0101"),)):
        assert places(await record.search(Search("globex", filters))) == [6]
        assert 6 not in places(await record.search(Search("acme", filters)))
        assert await record.search(Search("nobody", filters)) == Page((), 0)
    own, other = [Search(each, tracking_id=an_id(6)) for each in ("globex", "acme")]
    assert places(await record.search(own)) == [6]
    assert await record.search(other) == Page((), 0)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (later(2), None, {2, 3, 4, 5}),
        (None, later(2), {0, 1, 2}),
        (later(2), later(2), {2}),
        (later(2.001), later(2.999), set()),
        (later(-9), later(99), EVERY),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), EVERY),
    ],
)
@pytest.mark.usefixtures("_manner")
async def test_dates_bound_the_creation(
    record: Tracking, start: datetime | None, end: datetime | None, expected: set[int]
) -> None:
    """Both included."""
    assert set(places(await record.search(Search("acme", start=start, end=end)))) == expected
    filters = (Filter(Field.TO, CONTAINS, "123"),)
    narrower = await record.search(Search("acme", filters, start=start, end=end))
    assert set(places(narrower)) == expected - {0}


@pytest.mark.parametrize("filters", [(), (Filter(Field.TYPE, IS, "Sms"),)])
@pytest.mark.usefixtures("_manner")
async def test_pages_follow_each_other(record: Tracking, filters: Sequence[Filter]) -> None:
    """Newest first, or oldest first; none twice, none left out, nothing behind the last."""
    newest = [place for place in range(5, -1, -1) if not filters or place != 5]
    for newest_first, expected in ((True, newest), (False, newest[::-1])):
        for size in (1, 2, 3, 5, 6, 7):
            told = []
            for number in range(len(newest) // size + 2):
                wanted = Search("acme", tuple(filters), page=number, size=size)
                wanted = Search(**{**vars(wanted), "newest_first": newest_first})
                page = await record.search(wanted)
                assert page.total == len(newest)
                assert len(page.flows) == max(0, min(size, len(newest) - number * size))
                told += places(page)
            assert told == expected


async def test_flows_of_the_same_moment_keep_their_order(
    tracking: Tracking, sealer: Sealer
) -> None:
    """By their tracking ids, so that pages do not overlap."""
    for place in (3, 1, 2, 0):
        step = [sms, viber, voice][place % 3]()
        flow = sealed_flow(sealer, step, tracking_id=an_id(place))
        await tracking.record(flow, progress_of(flow, *[1.0][: place % 2]))
    for newest_first in (True, False):
        pages = [
            await tracking.search(Search("acme", page=number, size=1, newest_first=newest_first))
            for number in range(4)
        ]
        told = [place for page in pages for place in places(page)]
        assert told == ([3, 2, 1, 0] if newest_first else [0, 1, 2, 3])


async def test_a_page_shows_what_was_reported_since_the_snapshot(
    tracking: Tracking, sealer: Sealer
) -> None:
    """Each flow with its own reports; the filter knows of them with the next snapshot."""
    flows = [
        sealed_flow(sealer, viber(), sms(), tracking_id=an_id(place), created_at=later(place))
        for place in range(3)
    ]
    for flow in flows:
        await tracking.record(flow, progress_of(flow, 1.0))
    delivered = report(1, Status.DELIVERED, 5)
    await tracking.append(flows[1].ref(1), delivered)
    page = await tracking.search(Search("acme"))
    assert [each.progress.status for each in page.flows] == [
        "InProgress",
        "Succeeded",
        "InProgress",
    ]
    assert page.flows[1] == await tracking.find("acme", an_id(1))
    succeeded = Search("acme", (Filter(Field.STATUS, IS, "Succeeded"),))
    assert (await tracking.search(succeeded)).total == 0
    await tracking.record(flows[1], progress_of(flows[1], 1.0, delivered))
    assert places(await tracking.search(succeeded)) == [1]


async def test_few_flows_among_many_are_fetched(
    record: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the limit; one more number, and they are walked."""

    async def planned(wanted: Search) -> Plan:
        async with search.searching(record._engine) as connection:
            return await search.planned(connection, wanted)

    wanted = Search("acme", (Filter(Field.TO, CONTAINS, "12345"),))
    for few, narrow in ((6, True), (5, True), (4, False)):
        monkeypatch.setattr(candidates, "FEW", few)
        assert ((await planned(wanted)).among is not None) is narrow
    for term in ("12", "@p", "..."):
        plan = await planned(Search("acme", (Filter(Field.TO, CONTAINS, term),)))
        assert plan.among is None


async def test_sqlite_takes_the_right_index(record: Tracking) -> None:
    """Nobody analyses its file: what the migration told it must be enough."""
    engine = record._engine
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL analyses itself, and reads small tables without any index")
    ranged = Search("acme", (Filter(Field.TO, STARTS, "+3069"),), start=later(0))
    common = Plan(ranged, [1000, 1010], [Pattern.of(ranged.filters[0])], None)
    few = replace(common, among=[an_id(place) for place in range(20)])
    exact = Pattern.of(Filter(Field.TO, IS, ONE))
    for query, index in (
        (search._facets("acme"), "recipients_by_time"),
        (candidates._by_number("acme", exact), "recipients_by_number"),
        (candidates._by_number("acme", common.patterns[0]), "recipients_by_number"),
        (common.rows("sqlite", True), "recipients_by_time"),
        (select(common.counted()), "recipients_by_time"),
        (few.rows("sqlite", True), "recipients_by_flow"),
        (select(few.counted()), "recipients_by_flow"),
    ):
        compiled = query.compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
        async with reading(engine) as connection:
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")).all()
        told = [row[-1] for row in plan if " recipients " in row[-1]]
        assert told
        assert all(index in line for line in told), told
