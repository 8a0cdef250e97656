"""What each application's callbacks are signed with: sealed, several during a rotation."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import lifetimes
from accounts.credentials import callback_key_place
from storage.resealing import Sealed, Values
from storage.seal import Sealer, Unsealable
from storage.tables import Instant, callback_keys

_log = structlog.get_logger()


def sealed(sealer: Sealer, application_id: str, key: str) -> str:
    """The key `whsec_…` as it is kept: it opens for its application only."""
    return sealer.seal(key, callback_key_place(application_id))


def opened(sealer: Sealer, application_id: str, kept: Sequence[str]) -> Sequence[str]:
    """Those keys in clear, in their order; one that does not open is logged and left out."""
    found = []
    for each in kept:
        try:
            found.append(sealer.open(each, callback_key_place(application_id)))
        except Unsealable as fault:
            _log.error("callback key not opened", application=application_id, fault=str(fault))
    return found


def _resealed(sealer: Sealer, row: Row[Any]) -> Values:
    place = callback_key_place(row.application)
    new = sealer.resealed(row.sealed, place)
    return {} if new == row.sealed else {"sealed": new}


SEALED = Sealed(
    "callback keys", callback_keys, callback_keys.c.id, (callback_keys.c.sealed,), _resealed
)


async def add(connection: AsyncConnection, application_id: str, sealed: str) -> None:
    """Sign the application's callbacks with this sealed key, too."""
    await connection.execute(
        callback_keys.insert().values(
            application=application_id, sealed=sealed, created_at=datetime.now(UTC)
        )
    )


async def expire(
    connection: AsyncConnection, application_id: str, until: datetime | None = None
) -> None:
    """End its keys at that moment, those that end before it then; without a moment, now."""
    await lifetimes.expire(connection, callback_keys, application_id, until)


async def remove(connection: AsyncConnection, application_id: str) -> None:
    """Forget all its keys."""
    own = callback_keys.c.application == application_id
    await connection.execute(delete(callback_keys).where(own))


async def live(connection: AsyncConnection, application_id: str) -> Sequence[str]:
    """Its sealed keys that have not ended, newest first; none of an unknown application."""
    asked = {"of": application_id, "now": datetime.now(UTC)}
    return (await connection.scalars(_LIVE, asked)).all()


_LIVE = (
    select(callback_keys.c.sealed)
    .where(
        callback_keys.c.application == bindparam("of"),
        lifetimes.lives(callback_keys, bindparam("now", type_=Instant)),
    )
    .order_by(callback_keys.c.id.desc())
)
