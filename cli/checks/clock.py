"""The clock, against those of others: signatures and tokens fail where it is wrong."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from cli.checks.findings import Findings, ok, warning, wrong
from cli.checks.reaching import Place
from settings import Settings
from storage.engine import connect, reading

MOST = 30.0
"""Seconds that it may be off."""

PATIENCE = 3.0
"""Seconds for an answer."""

NOW = text("SELECT CURRENT_TIMESTAMP")


@dataclass(frozen=True)
class Apart:
    """By how many seconds somebody's clock is ahead of ours."""

    whose: str
    seconds: float

    def __str__(self) -> str:
        way = "ahead of" if self.seconds > 0 else "behind"
        return f"{self.whose} is {abs(self.seconds):.0f} s {way} us"


async def clock(settings: Settings) -> Findings:
    """Against one provider's, the report address's and the database's."""
    heard = await asyncio.gather(
        *(_by_answer(url) for url in _urls(settings)), _by_database(settings)
    )
    others = [each for each in heard if each]
    far = [each for each in others if abs(each.seconds) > MOST]
    if not others:
        mend = "see that this machine keeps its time (`timedatectl`)"
        yield warning("clock", "nobody was heard to compare it with", mend)
    elif far:
        mend = "set this machine's clock, or theirs: have it kept by NTP"
        yield wrong("clock", "; ".join(map(str, far)), mend)
    else:
        yield ok("clock", f"as that of {', '.join(each.whose for each in others)}")


def _urls(settings: Settings) -> Sequence[str]:
    firsts = [config.addresses[0] for config in settings.configured().values()]
    return (*firsts[:1], settings.public_url)


async def _by_answer(url: str) -> Apart | None:
    """By the Date of whatever it answers to a HEAD, which bears no credentials and asks nothing."""
    try:
        whose = str(Place.of(url))
        asked = time.time()
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            answer = await client.head(f"{url}/")
        said = parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError):
        return None
    return Apart(whose, said - (asked + time.time()) / 2)


async def _by_database(settings: Settings) -> Apart | None:
    if make_url(settings.database).get_backend_name() == "sqlite":
        return None  # it has no clock of its own
    engine = connect(settings.database)
    try:
        asked = time.time()
        async with reading(engine) as connection:
            now: datetime = (await connection.execute(NOW)).scalar_one()
    except SQLAlchemyError:
        return None
    finally:
        await engine.dispose()
    return Apart("the database", now.timestamp() - (asked + time.time()) / 2)
