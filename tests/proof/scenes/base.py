"""What every set piece is: a longer fault, with flows of its own and demands of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.conftest import until
from tests.proof.faults.base import Strike
from tests.proof.ledger import Entry
from tests.proof.notes import read
from tests.proof.plan import Channel, FlowPlan
from tests.proof.site import Site

FULL = 10_000
"""Flows and reports of a flood in a long run."""

FIRST_PLACE, PLACES = 100_000, 20_000
"""Where the places of the first set piece's flows begin, and how many each has."""

AT_ONCE = 32
"""Requests under way at once, where there are many."""

OVER = ("Succeeded", "Failed")

ENDING = 240.0
"""Seconds within which a few flows that nothing hinders are over, however busy the machine."""


@dataclass(frozen=True)
class Scale:
    """How large the set pieces are: `many` flows or reports make a flood."""

    many: int = 500

    @property
    def is_full(self) -> bool:
        """Whether it is a long run."""
        return self.many >= FULL

    @property
    def away(self) -> float:
        """Seconds for which something that comes back is away: longer than anybody asks again."""
        return 60.0 if self.is_full else 14.0


class Scene:
    """One set piece. It leaves the installation as it found it."""

    name = ""
    patience = 600.0
    """Seconds that it may take before it counts as one that could not be played."""

    async def hindrance(self, site: Site) -> str:
        """Why it cannot be played here; empty if it can."""
        return ""

    async def play(self, site: Site, strike: Strike, cast: "Cast") -> None:
        """Do it, note what shows that it hit, and note what is wrong.

        What cannot be brought about raises TimeoutError: then it did not fire.
        """
        raise NotImplementedError


@dataclass
class Cast:
    """The flows of one set piece; they begin at that place."""

    site: Site
    strike: Strike
    scale: Scale
    place: int
    entries: list[Entry] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _posting: list[asyncio.Task[Entry]] = field(default_factory=list)

    def plan(self, digits: str, *channels: Channel, **more: Any) -> FlowPlan:
        """A flow to the recipient with these last digits, Viber then Sms unless it is said."""
        place = self.place + next(self._numbers)
        return FlowPlan(place, 0.0, digits, channels or ("Viber", "Sms"), **more)

    def plans(self, many: int, digits: str, *channels: Channel, **more: Any) -> Sequence[FlowPlan]:
        """So many of them."""
        return [self.plan(digits, *channels, **more) for _ in range(many)]

    def begin(self, plans: Sequence[FlowPlan], door: str | None = None) -> None:
        """Begin to post them; who posts asks again until each is answered."""
        self._posting += [asyncio.create_task(self._post(plan, door)) for plan in plans]

    @property
    def begun(self) -> int:
        """How many were begun to be posted."""
        return len(self._posting)

    async def post(self, plans: Sequence[FlowPlan], door: str | None = None) -> Sequence[Entry]:
        """Post them, not all at once, and return once each is answered."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(plan: FlowPlan) -> Entry:
            async with turn:
                return await self._post(plan, door)

        return await asyncio.gather(*(one(plan) for plan in plans))

    async def posted(self) -> Sequence[Entry]:
        """Wait until all that was begun is answered; returns it."""
        return await asyncio.gather(*self._posting)

    async def over(self, entries: Sequence[Entry], within: float = ENDING) -> None:
        """Wait until these flows are over, as their client is told.

        Raises:
            TimeoutError: not within so many seconds.
        """
        waiting = [entry for entry in entries if entry.flow]

        async def none_runs() -> bool:
            while waiting and await self.is_over(waiting[-1]):
                waiting.pop()
            return not waiting

        await until(none_runs, within, every=0.5)

    def is_sent(self, entry: Entry) -> bool:
        """Whether the provider took the first step."""
        first = f"{entry.flow}.1"
        lines = read(self.site.record)
        return any(line["reference"] == first for line in lines if "channel" in line)

    async def is_over(self, entry: Entry) -> bool:
        """Whether its client is told so."""
        return (await self.shown(str(entry.flow))).get("status") in OVER

    async def shown(self, flow: str) -> dict[str, Any]:
        """What a client is told of the flow; nothing while the API is away."""
        shown: dict[str, Any] = {}
        with suppress(httpx.TransportError):
            answer = await self.site.api.get(f"/failover/tracking/{flow}")
            if answer.is_success:
                shown = answer.json()
        return shown

    async def known(self, flow: str) -> dict[str, Any]:
        """What a client is told of the flow, asked until it is answered.

        Raises:
            TimeoutError: it never was.
        """
        shown: dict[str, Any] = {}

        async def told() -> bool:
            shown.update(await self.shown(flow))
            return bool(shown)

        await until(told, ENDING, every=0.5)
        return shown

    async def _post(self, plan: FlowPlan, door: str | None) -> Entry:
        entry = await self.site.ledger.post(plan, self.strike.round.number, door)
        self.entries.append(entry)
        return entry


def demand(strike: Strike, holds: bool, otherwise: str) -> None:
    """Note what is wrong, if it is."""
    if not holds:
        strike.wrongs.append(otherwise)
