"""Snapshots and reports in our own tables.

Each has one author: snapshots come from the workflow, reports from the report endpoint. A read
folds the reports over the snapshot with the workflow's own function, so tracking is current at
once and no fact has two writers.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import ReturningInsert

from domain.flow import Flow, StepRef
from domain.progress import OVER, DeliveryReport, Progress
from domain.status import Status
from storage import schema
from storage.engine import reading, reading_once, writing, writing_once
from storage.seal import Sealer, Unsealable
from storage.statements import Insert, Inserting, built_once
from storage.tables import flows, recipients, reports, sends
from tracking.charges import charged
from tracking.facets import Facet
from tracking.filters import Search
from tracking.patterns import kept
from tracking.search import find as find_page

QUICKLY_READ = 50
"""More flows than that are read beside the event loop: two thousand take a third of a second."""


@dataclass(frozen=True)
class Tracked:
    """A flow, where it stands now, and what its steps were charged, by their places."""

    flow: Flow
    progress: Progress
    prices: Mapping[int, Decimal]


@dataclass(frozen=True)
class Page:
    """Some of the flows that a search found, in its order; `total` counts them all."""

    flows: Sequence[Tracked]
    total: int


class Tracking:
    """Reads and writes the record."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer

    async def check(self) -> None:
        """Make sure that the record can be read.

        Raises:
            WrongSchema: the database has another version.
            SQLAlchemyError: it does not answer.
        """
        await schema.check(self._engine)

    async def begin(self, flow: Flow, numbers: Sequence[str]) -> None:
        """Write the flow's first snapshot, with its recipients' numbers, where none stands yet."""
        progress = Progress.of(flow)
        async with writing(self._engine) as connection:
            if await _is_written(connection, flow, progress):
                await _number(connection, flow, progress, numbers)

    async def record(self, flow: Flow, progress: Progress) -> bool:
        """Write the snapshot, unless a later one stands there already.

        Returns whether it is the first on record that says how the flow ended.
        """
        async with writing(self._engine) as connection:
            return await self.record_end_within(connection, flow, progress)

    async def record_end_within(
        self, connection: AsyncConnection, flow: Flow, progress: Progress
    ) -> bool:
        """The same as part of a transaction."""
        ends = progress.outcome is not None and not await _is_over(connection, flow)
        await self.record_within(connection, flow, progress)
        return ends

    async def record_within(
        self, connection: AsyncConnection, flow: Flow, progress: Progress
    ) -> None:
        """Write the snapshot as part of a transaction."""
        if not await _is_written(connection, flow, progress):
            return
        if not await _is_moved(connection, flow, progress):
            # Whoever is the first to write the row brings the numbers, too.
            await _number(connection, flow, progress, self._numbers(flow))

    def _numbers(self, flow: Flow) -> list[str]:
        try:
            contents = [self._sealer.content(flow, step.order) for step in flow.steps]
        except Unsealable:  # the flow's end must be recorded all the same
            return []
        return [content.recipient for content in contents]

    async def append(self, ref: StepRef, report: DeliveryReport) -> None:
        """Add a report; the same step and status a second time adds nothing.

        Nor does a report on a flow that is known to be another account's.
        """
        line = {
            "flow": ref.tracking_id,
            "account": ref.account,
            "place": ref.order,
            "said": report.status,
            "line": report.model_dump_json(),
        }
        async with writing_once(self._engine) as connection:
            await connection.execute(_appended(connection), line)

    async def is_known(self, ref: StepRef, status: Status) -> bool:
        """Whether that status of that step was reported before."""
        line = {"flow": ref.tracking_id, "place": ref.order, "said": status}
        async with reading_once(self._engine) as connection:
            return (await connection.execute(_KNOWN, line)).first() is not None

    async def holder(self, ref: StepRef) -> str | None:
        """The provider that may have the step; None where nobody was asked yet."""
        async with reading_once(self._engine) as connection:
            return await connection.scalar(_HOLDER, {"of": ref.reference})

    async def find(self, account: str, tracking_id: str) -> Tracked | None:
        """The account's flow, with all that was reported since its snapshot."""
        return (await self.read(account, [tracking_id])).get(tracking_id)

    async def search(self, search: Search) -> Page:
        """A page of the flows that the search finds, each as `find` has it.

        Raises:
            SQLAlchemyError: the database does not answer, or not in time.
        """
        found = await find_page(self._engine, search)
        tracked = await self.read(search.account, found.tracking_ids)
        # A flow that the retention has taken meanwhile is missing.
        return Page(
            tuple(tracked[each] for each in found.tracking_ids if each in tracked), found.total
        )

    async def read(self, account: str, tracking_ids: Sequence[str]) -> Mapping[str, Tracked]:
        """Those of the flows that are the account's, by their ids."""
        query = select(flows.c.tracking_id, flows.c.flow, flows.c.progress).where(
            flows.c.tracking_id.in_(tracking_ids), flows.c.account == account
        )
        told = select(reports.c.tracking_id, reports.c.report).where(
            reports.c.tracking_id.in_(tracking_ids)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(query)).all()
            if not rows:
                return {}
            lines: dict[str, list[str]] = {row.tracking_id: [] for row in rows}
            for tracking_id, line in await connection.execute(told):
                lines.setdefault(tracking_id, []).append(line)
            prices = await charged(connection, tracking_ids)
        if len(rows) <= QUICKLY_READ:
            return _all_folded(rows, lines, prices)
        return await asyncio.to_thread(_all_folded, rows, lines, prices)


def _all_folded(
    rows: Sequence[Any],
    lines: Mapping[str, Sequence[str]],
    prices: Mapping[str, Mapping[int, Decimal]],
) -> Mapping[str, Tracked]:
    return {
        row.tracking_id: _folded(row, lines[row.tracking_id], prices[row.tracking_id])
        for row in rows
    }


def _folded(row: Any, lines: Iterable[str], prices: Mapping[int, Decimal]) -> Tracked:
    flow = Flow.model_validate_json(row.flow)
    progress = Progress.model_validate_json(row.progress)
    since = sorted(map(DeliveryReport.model_validate_json, lines), key=lambda each: each.at)
    for report in since:
        progress = progress.after(flow, report)
    return Tracked(flow, progress, prices)


async def _is_over(connection: AsyncConnection, flow: Flow) -> bool:
    return await connection.scalar(_STATUS, {"flow": flow.tracking_id}) in OVER


async def _is_written(connection: AsyncConnection, flow: Flow, progress: Progress) -> bool:
    """Whether the snapshot stands there now, and did not before."""
    return (
        await connection.execute(_written(connection), _row(flow, progress))
    ).first() is not None


async def _is_moved(connection: AsyncConnection, flow: Flow, progress: Progress) -> bool:
    facet = {"flow": flow.tracking_id, "now": Facet.of(flow, progress).code}
    return bool((await connection.execute(_MOVED, facet)).rowcount)


async def _number(
    connection: AsyncConnection, flow: Flow, progress: Progress, numbers: Sequence[str]
) -> None:
    unique = sorted(set(map(kept, numbers))) or [""]
    facet = Facet.of(flow, progress).code
    await connection.execute(
        _NUMBERED,
        [
            {
                "tracking_id": flow.tracking_id,
                "number": number,
                "place": place,
                "account": flow.account,
                "created_at": flow.created_at,
                "facet": facet,
            }
            for place, number in enumerate(unique, start=1 if len(unique) > 1 else 0)
        ],
    )


_STATUS = select(flows.c.status).where(flows.c.tracking_id == bindparam("flow")).with_for_update()
_MOVED = (
    update(recipients)
    .where(recipients.c.tracking_id == bindparam("flow"))
    .values(facet=bindparam("now"))
)
_NUMBERED = recipients.insert()
_KNOWN = select(reports.c.status).where(
    reports.c.tracking_id == bindparam("flow"),
    reports.c.order == bindparam("place"),
    reports.c.status == bindparam("said"),
)
_HOLDER = select(sends.c.provider).where(sends.c.reference == bindparam("of"))


@built_once
def _written(insert: Inserting) -> ReturningInsert[Any]:
    made = insert(flows)
    later = (flows.c.seq < made.excluded.seq) & (flows.c.account == made.excluded.account)
    moving = ("status", "channel", "seq", "updated_at", "progress")
    return made.on_conflict_do_update(
        index_elements=[flows.c.tracking_id],
        set_={name: made.excluded[name] for name in moving},
        where=later,
    ).returning(flows.c.seq)


@built_once
def _appended(insert: Inserting) -> Insert:
    names = {"tracking_id": "flow", "order": "place", "status": "said", "report": "line"}
    others = exists().where(
        flows.c.tracking_id == bindparam("flow"), flows.c.account != bindparam("account")
    )
    values = [bindparam(given, type_=reports.c[name].type) for name, given in names.items()]
    own = select(*values).where(~others)
    return insert(reports).from_select(list(names), own).on_conflict_do_nothing()


def _row(flow: Flow, progress: Progress) -> dict[str, object]:
    return {
        "tracking_id": flow.tracking_id,
        "account": flow.account,
        "application": flow.application,
        "kind": flow.kind,
        "status": progress.status,
        "channel": progress.outcome and progress.outcome.channel,
        "seq": progress.seq,
        "created_at": flow.created_at,
        "updated_at": progress.updated_at,
        "request": flow.request,
        "flow": flow.model_dump_json(),
        "progress": progress.model_dump_json(),
    }
