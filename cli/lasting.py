"""How long a master key may be needed after it has sealed for the last time."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from api.bodies import MOST_STEPS
from egress.schedule import Schedule
from storage.engine import reading
from storage.tables import applications

STEP = timedelta(days=1)
"""The longest ttl (contract.md §7.4)."""

IN_FLIGHT = MOST_STEPS * STEP + timedelta(seconds=Schedule().last)
"""The longest flow, and the time for which its last callback is tried: as long as its contents may
be opened. The address for late reports ends earlier: 72 hours after its step."""


async def longest_token(engine: AsyncEngine) -> timedelta:
    """How long an access token may live that was issued to any of the applications."""
    async with reading(engine) as connection:
        seconds = await connection.scalar(select(func.max(applications.c.token_lifetime)))
    return timedelta(seconds=seconds or 0)


def days(length: timedelta) -> str:
    """So many days, the last one begun."""
    whole = -(-length // timedelta(days=1))
    return f"{whole} day{'s' * (whole != 1)}"


def since(moment: datetime, now: datetime) -> timedelta:
    """How long ago that was; nothing, if it is yet to come."""
    return max(now - moment, timedelta())
