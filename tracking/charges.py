"""What was charged for each step: the ledger is the only place that knows."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import ledger


async def charged(
    connection: AsyncConnection, tracking_ids: Collection[str]
) -> Mapping[str, Mapping[int, Decimal]]:
    """For each flow what its steps were charged, by their places; refunds are taken off."""
    found: dict[str, dict[int, Decimal]] = {each: {} for each in tracking_ids}
    for row in await connection.execute(_CHARGED, {"flows": tracking_ids}):
        found[row.tracking_id][row.order] = -row.amount
    return found


_CHARGED = (
    select(ledger.c.tracking_id, ledger.c.order, func.sum(ledger.c.amount).label("amount"))
    .where(ledger.c.tracking_id.in_(bindparam("flows", expanding=True)))
    .group_by(ledger.c.tracking_id, ledger.c.order)
)
