"""Tables that are filled past the service must be such as the service leaves them."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import ACME
from bench import finished
from domain.progress import FlowStatus
from storage.engine import reading
from storage.tables import callbacks, flows, ledger, recipients, reports, sends
from tracking.records import Tracking


async def test_a_finished_flow_leaves_rows_in_every_table(
    database: AsyncEngine, database_url: str, tracking: Tracking
) -> None:
    """An index that is empty costs nothing: growth would look flat."""
    await finished.fill(database_url, 440)
    async with reading(database) as connection:
        counts = {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (flows, recipients, reports, sends, callbacks, ledger)
        }
        over = await connection.scalars(
            select(flows.c.tracking_id)
            .where(flows.c.status == FlowStatus.FAILED, flows.c.account == ACME.account)
            .limit(1)
        )
        one = over.one()
    assert counts["flows"] == 440
    assert all(300 < count <= 450 for count in counts.values()), counts
    found = await tracking.find(ACME.account, one)
    assert found is not None
    assert found.progress.outcome is not None
