"""Snapshots and reports in our own tables.

Each has one author: snapshots come from the workflow, reports from the report endpoint. A read
folds the reports over the snapshot with the workflow's own function, so tracking is current at
once and no fact has two writers.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.flow import Flow, StepRef
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from storage import schema
from storage.engine import insert_into, reading, writing
from storage.seal import Sealer, Unsealable
from storage.tables import flows, recipients, reports


@dataclass(frozen=True)
class Tracked:
    """A flow and where it stands now."""

    flow: Flow
    progress: Progress


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

    async def record(self, flow: Flow, progress: Progress) -> None:
        """Write the snapshot, unless a later one stands there already."""
        async with writing(self._engine) as connection:
            await self.record_within(connection, flow, progress)

    async def record_within(
        self, connection: AsyncConnection, flow: Flow, progress: Progress
    ) -> None:
        """Write the snapshot as part of a transaction."""
        row = _row(flow, progress)
        insert = insert_into(connection, flows).values(**row)
        moving = ("status", "channel", "seq", "updated_at", "progress")
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=[flows.c.tracking_id],
                set_={name: insert.excluded[name] for name in moving},
                where=(flows.c.seq < insert.excluded.seq) & (flows.c.account == flow.account),
            )
        )
        # Whoever may be the first to write the row brings the numbers: the API, or the first send.
        if progress.seq <= 1 and (numbers := self._numbers(flow)):
            await connection.execute(
                insert_into(connection, recipients).on_conflict_do_nothing(),
                [{"tracking_id": flow.tracking_id, "number": number} for number in numbers],
            )

    def _numbers(self, flow: Flow) -> set[str]:
        try:
            return {self._sealer.content(flow, step.order).recipient for step in flow.steps}
        except Unsealable:  # the flow's end must be recorded all the same
            return set()

    async def append(self, ref: StepRef, report: DeliveryReport) -> None:
        """Add a report; the same step and status a second time adds nothing."""
        async with writing(self._engine) as connection:
            await connection.execute(
                insert_into(connection, reports)
                .values(
                    tracking_id=ref.tracking_id,
                    order=ref.order,
                    status=report.status,
                    report=report.model_dump_json(),
                )
                .on_conflict_do_nothing()
            )

    async def is_known(self, ref: StepRef, status: Status) -> bool:
        """Whether that status of that step was reported before."""
        query = select(reports.c.status).where(
            reports.c.tracking_id == ref.tracking_id,
            reports.c.order == ref.order,
            reports.c.status == status,
        )
        async with reading(self._engine) as connection:
            return (await connection.execute(query)).first() is not None

    async def find(self, account: str, tracking_id: str) -> Tracked | None:
        """The account's flow, with all that was reported since its snapshot."""
        query = select(flows.c.flow, flows.c.progress).where(
            flows.c.tracking_id == tracking_id, flows.c.account == account
        )
        told = select(reports.c.report).where(reports.c.tracking_id == tracking_id)
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            lines = (await connection.execute(told)).scalars().all()
        flow = Flow.model_validate_json(row.flow)
        progress = Progress.model_validate_json(row.progress)
        since = sorted(map(DeliveryReport.model_validate_json, lines), key=lambda each: each.at)
        for report in since:
            progress = progress.after(flow, report)
        return Tracked(flow, progress)


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
