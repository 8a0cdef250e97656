"""The way back: the address that providers report to."""

import httpx

from cli.checks.findings import Findings, ok, warning, wrong
from cli.checks.reaching import Place
from settings import Settings

NAME = "report address"

PATIENCE = 3.0
"""Seconds for an answer."""


async def form(settings: Settings) -> Findings:
    """Whether providers could call it at all."""
    try:
        place = Place.of(settings.public_url)
    except ValueError:
        yield wrong(NAME, "it is no address", "correct FAILOVER_REPORT_URL")
        return
    if not _abroad(settings):
        yield ok(NAME, f"{place}, for providers on this machine")
    elif place.is_loopback:
        said = f"{place}: no provider gets there, so that no report comes"
        yield wrong(NAME, said, "set FAILOVER_REPORT_URL to our public https:// address")
    elif not place.secure:
        said = f"{place}: reports travel in clear"
        yield warning(NAME, said, "begin FAILOVER_REPORT_URL with https://")
    else:
        yield ok(NAME, str(place))


def _abroad(settings: Settings) -> bool:
    """Whether some provider is not on this machine."""
    places = (url for each in settings.configured().values() for url in each.addresses)
    return not all(_is_near(url) for url in places)


def _is_near(url: str) -> bool:
    try:
        return Place.of(url).is_loopback
    except ValueError:
        return False


async def answer(settings: Settings) -> Findings:
    """Whether it leads to our API. From here it may not, though from elsewhere it does."""
    mend = "see that `failover api` runs and the proxy leads to it; a firewall may keep us out here"
    url = f"{settings.public_url}/health/live"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            status = (await client.get(url)).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        yield warning(NAME, f"it does not answer from here ({type(fault).__name__})", mend)
        return
    if status == httpx.codes.OK:
        yield ok(NAME, "our API answers there")
    else:
        yield warning(NAME, f"it answers {status}: that is not our API", mend)
