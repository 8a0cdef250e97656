"""Flows that are posted all the time, and what became of each."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx

from cli.sink import Sink
from tests.cluster.client import Client
from tests.conftest import until
from tests.kills.checking import OVER, Seen, counted
from tests.samples import sms, viber

RATE = 5.0
"""Flows a second."""

MOST = 40
"""Flows in flight at which no more are begun: a slow machine gets fewer, not a backlog."""

ATONCE = ("0101", "0102", "0105", "0108", "0102", "0115", "0117", "0102")
"""Recipients of whom the provider tells at once; a few of them want the second step."""

SILENT = "0104"
"""One of whom it tells nothing: the first step runs out after its ttl, half a minute."""

LONG = 5.0
"""Minutes of ttl: longer than any report takes that is repeated until it gets through."""

GRACE = 180.0
"""Seconds within which every flow is over, once all is well again."""


@dataclass
class Posted:
    """A flow: when it was first asked for, and when its client was told the end, if it was."""

    digits: str
    asked: float
    flow: str | None = None
    told: float | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it waits for its ttl."""
        return self.digits == SILENT

    @property
    def took(self) -> float:
        """Seconds; without an end no number is large enough."""
        return float("inf") if self.told is None else self.told - self.asked


@dataclass
class Load:
    """Posts flows at a pace, and listens for their ends."""

    client: Client
    sink: Sink
    sandbox: httpx.AsyncClient
    flows: list[Posted] = field(default_factory=list)
    silent: bool = True
    """Whether silent flows are posted, too: each takes half a minute to end."""

    _posting: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def in_flight(self) -> int:
        """Flows that were asked for, and of whose end nobody was told."""
        return sum(each.told is None for each in self.flows)

    async def run(self) -> None:
        """Post, until cancelled: every ninth flow is a silent one."""
        for digits in cycle((*ATONCE, SILENT)):
            if digits == SILENT and not self.silent:
                continue
            self._posting.append(asyncio.create_task(self.post(digits)))
            await asyncio.sleep(1 / RATE)
            await until(lambda: self.in_flight < MOST, GRACE)

    async def listen(self) -> None:
        """Note the ends that are told, until cancelled."""
        while True:
            self._note()
            await asyncio.sleep(0.02)

    async def post(self, digits: str) -> None:
        """Start one flow, Viber then Sms, each change told."""
        posted = Posted(digits, asyncio.get_running_loop().time())
        self.flows.append(posted)
        to = f"+30690000{digits}"
        callback = {"strategy": "OnStep", "url": self.sink.url}
        first = viber(to, ttl=0.5 if posted.is_silent else LONG)
        body = {"flow": [first, sms(to, ttl=LONG)], "callback": callback}
        posted.flow = await self.client.post(body)

    def _note(self) -> None:
        now = asyncio.get_running_loop().time()
        for each in self.flows:
            heard = self.sink.received.get(each.flow or "", ())
            if each.told is None and any(one["status"] in OVER for one in heard):
                each.told = now

    async def ended(self) -> None:
        """Wait until every flow was taken and told, at most the grace."""
        await asyncio.gather(*self._posting)
        with suppress(TimeoutError):
            await until(lambda: self.in_flight == 0, GRACE, every=0.1)

    async def judged(self) -> Sequence[Seen]:
        """Every flow as the provider, the receiver and the API have it."""
        messages = counted((await self.sandbox.get("/inbox")).json())
        requests = counted(await self._requests())
        return [await self._seen(each, messages, requests) for each in self.flows if each.flow]

    async def _requests(self) -> Sequence[Any]:
        seen = (await self.sandbox.get("/requests")).json()
        return [each for each in seen if each["answered"] != 429]

    async def _seen(
        self,
        posted: Posted,
        messages: Mapping[str, Mapping[int, int]],
        requests: Mapping[str, Mapping[int, int]],
    ) -> Seen:
        flow = posted.flow
        assert flow is not None
        shown = await self.client.tracked(flow)
        heard = self.sink.received.get(flow, ())
        return Seen(
            flow, posted.digits, shown, messages.get(flow, {}), requests.get(flow, {}), heard
        )
