"""Secrets and keys that may end: during a rotation the old and the new are good together.

Each table has the columns `application` and `expires_at`, which is NULL where no end is set.
"""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Table, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection


def lives(table: Table, now: ColumnElement[datetime] | None = None) -> ColumnElement[bool]:
    """What holds of a row that has not ended; `now` if it is not this moment."""
    moment = datetime.now(UTC) if now is None else now
    return or_(table.c.expires_at.is_(None), table.c.expires_at > moment)


async def expire(
    connection: AsyncConnection, table: Table, application_id: str, until: datetime | None
) -> None:
    """End the application's rows at that moment, those that end before it then; None is now."""
    own = table.c.application == application_id
    ended = table.c.expires_at <= datetime.now(UTC)
    await connection.execute(delete(table).where(own, *(() if until is None else (ended,))))
    if until:
        later = or_(table.c.expires_at.is_(None), table.c.expires_at > until)
        await connection.execute(update(table).where(own, later).values(expires_at=until))
