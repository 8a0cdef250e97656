"""`failover providers`: who carries what here, whose turn it is when, and who is reached."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from cli.checks.carriers import reach
from cli.checks.reaching import Reached
from cli.ending import run
from cli.options import AsJson, Offline
from cli.spans import human
from cli.tables import Told, shown, table
from domain.status import Channel
from providers.base import Content, Provider
from providers.registry import Providers
from settings import Settings

HEADINGS = (
    "name", "carries", "dedupes", "asks", "seen", "validity", "rate", "signed", "turn", "health",
)  # fmt: skip

LEGEND = (
    "dedupes: takes a repeated reference for one message. asks: where it can be asked what became "
    "of one. seen: says that one was read. signed: its reports are checked for its signature. "
    "turn: its place in each route, +30 being that of numbers that begin so."
)


@dataclass(frozen=True)
class Turn:
    """A provider's place in a route: of a channel, or of its numbers that begin so."""

    channel: Channel
    beginning: str
    place: int

    def __str__(self) -> str:
        return f"{self.channel} {self.beginning}".rstrip() + f": {_ordinal(self.place)}"


def providers(offline: Offline = False, as_json: AsJson = False) -> None:
    """Show who carries messages here: what each can do, when its turn is, whether it is reached.

    A connection is made to each and closed again; nothing is sent.
    """
    run(_providers(offline, as_json))


async def _providers(offline: bool, as_json: bool) -> None:
    settings = Settings()
    found = settings.providers()
    everybody = found.all()
    healths: Sequence[Sequence[Reached] | None] = [None] * len(everybody)
    if not offline:
        healths = await asyncio.gather(*(reach(each, settings) for each in everybody))
    known = list(zip(everybody, healths, strict=True))
    told = [_data(each, turns(found, each), found.pinned, health) for each, health in known]
    rows = [_row(each, turns(found, each), found.pinned, health) for each, health in known]
    Told(told, _shown(rows)).print(as_json)


def _shown(rows: Iterable[Sequence[object]]) -> Sequence[str | Table]:
    return [table("Providers", HEADINGS, rows), LEGEND]


def turns(providers: Providers, provider: Provider) -> Sequence[Turn]:
    """Where it stands in the routes."""
    return [
        Turn(channel, beginning, names.index(provider.name) + 1)
        for channel, routes in providers.routes.items()
        for beginning, names in routes.by_beginning.items()
        if provider.name in names
    ]


def _row(
    provider: Provider,
    turns: Sequence[Turn],
    pinned: str | None,
    health: Sequence[Reached] | None,
) -> Sequence[object]:
    can = provider.capabilities
    return (
        f"{provider.name}\npinned" if provider.name == pinned else provider.name,
        _lines(content for content in Content if content in can.contents),
        can.deduplicates,
        _lines(channel for channel in Channel if channel in can.asks),
        can.seen,
        _lines(f"{channel} {human(can.spans[channel])}" for channel in _timed(provider)),
        can.rate,
        can.signed,
        _lines(turns),
        "not looked at" if health is None else _lines(health),
    )


def _data(
    provider: Provider,
    turns: Sequence[Turn],
    pinned: str | None,
    health: Sequence[Reached] | None,
) -> dict[str, Any]:
    can = provider.capabilities
    return {
        "name": provider.name,
        "channels": [channel for channel in Channel if channel in can.channels],
        "contents": [content for content in Content if content in can.contents],
        "templates": Content.TEMPLATE in can.contents,
        "deduplicates": can.deduplicates,
        "asks": [channel for channel in Channel if channel in can.asks],
        "seen": can.seen,
        "validity": {channel: can.spans[channel] for channel in _timed(provider)},
        "rate": can.rate,
        "signed": can.signed,
        "turns": turns,
        "pinned": provider.name == pinned,
        "health": None if health is None else [*map(_reached, health)],
    }


def _reached(place: Reached) -> dict[str, Any]:
    return {
        "address": place.address,
        "reachable": place.reachable,
        "ms": place.ms,
        "why": place.why or None,
    }


def _timed(provider: Provider) -> Iterator[Channel]:
    """The channels whose messages it can be told a validity of."""
    can = provider.capabilities
    return (each for each in Channel if each in can.spans and each in can.channels)


def _lines(items: Iterable[object]) -> str:
    return "\n".join(map(shown, items))


def _ordinal(place: int) -> str:
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place, 'th') }"
