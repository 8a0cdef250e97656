"""The parts of long Sms that their providers report one by one."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import StepRef
from domain.multipart import whole
from domain.status import Channel, Status, rises
from storage.engine import writing
from storage.statements import insert_into
from storage.tables import flows, parts


class Parts:
    """Puts them together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, ref: StepRef, part: int, count: int, status: Status) -> Status | None:
        """Record what became of one of `count` parts; what the message has come to by now.

        Raises:
            SQLAlchemyError: the database is away; the provider is to report again.
        """
        async with writing(self._engine) as connection:
            # Of two parts that come at once, the second must see the first.
            flow = select(flows.c.seq).where(flows.c.tracking_id == ref.tracking_id)
            await connection.execute(flow.with_for_update())
            known = select(parts.c.part, parts.c.status).where(
                parts.c.tracking_id == ref.tracking_id, parts.c.order == ref.order
            )
            found = {row.part: Status(row.status) for row in await connection.execute(known)}
            if rises(Channel.SMS, False, found.get(part), status):
                found[part] = status
                insert = insert_into(connection, parts).values(
                    tracking_id=ref.tracking_id,
                    order=ref.order,
                    part=part,
                    status=status,
                    at=datetime.now(UTC),
                )
                await connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=[parts.c.tracking_id, parts.c.order, parts.c.part],
                        set_={"status": insert.excluded.status, "at": insert.excluded.at},
                    )
                )
        return whole(found, count)
