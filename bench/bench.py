"""What each measurement is given: a ground, the world outside, sides, and a plan."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx

from accounts.demonstration import ACME_SHOP, PARCEL
from bench import cpu, sides
from bench.cpu import Roots, Used
from bench.ground import Ground, merged
from bench.noise import Noise, calibrated
from bench.outside import HOST, PLACE, Load, Loaded, Marks
from bench.sides import Side

OUTSIDE = "clients, provider, receiver"
SETTLING = 1.0
"""Seconds after a load's last flow, for what the sides and the engine do after its client knows."""

LONGEST = 3600.0
"""Seconds that a load may take."""

DELAY = 0.1
"""Seconds from the provider's answer to its report."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: flows of a round, rounds of each side, flows under way at once.

    `creates` are those of a round of bare creation; `failovers` each side's flows of two steps in
    all; `sleeping` how many flows sleep while `fires` of each side's expire, one after the other;
    `burst` how many expire, and how many are reported on, at one instant; `finished` how many flows
    are on record already.
    """

    flows: int = 300
    rounds: int = 4
    in_flight: int = 50
    creates: int = 300
    failovers: int = 1000
    sleeping: Sequence[int] = (1_000, 10_000)
    fires: int = 500
    burst: int = 3_000
    finished: Sequence[int] = (0, 10_000, 100_000)


@dataclass(frozen=True)
class Outside:
    """The process that is the world outside, as a measurement sees it."""

    pid: int
    client: httpx.AsyncClient
    url: str

    @classmethod
    @asynccontextmanager
    async def started(cls, delay: float = DELAY) -> AsyncIterator[Self]:
        """Start it, and stop it in the end."""
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.outside", str(delay), stdin=PIPE, stdout=PIPE
        )
        assert child.stdin  # noqa: S101  it was asked for
        assert child.stdout  # noqa: S101  so was this
        try:
            url = f"http://{HOST}:{json.loads(await child.stdout.readline())['port']}"
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=LONGEST) as client:
                yield cls(child.pid, client, url)
        finally:
            child.stdin.close()
            await child.wait()

    @property
    def callbacks(self) -> str:
        """Where clients are told how their flows ended."""
        return f"{self.url}/callbacks"

    async def load(self, load: Load) -> Loaded:
        """Post the flows; returns once the last is over.

        Raises:
            RuntimeError: one was refused, or nobody was told its end.
        """
        found = Loaded(**await self._post("/load", asdict(load)))
        if found.refused or found.lost:
            raise RuntimeError(f"{found.refused} flows were refused, {found.lost} lost")
        return found

    async def report(self, references: Sequence[str]) -> None:
        """Have the delivery of these messages, of which nothing was heard, reported all at once."""
        await self._post("/reports", references)

    async def marks(self) -> Marks:
        """When what happened since this was last asked."""
        return Marks(**await self._post("/marks", {}))

    async def _post(self, path: str, body: Any) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@dataclass(frozen=True)
class Measured:
    """A load and what it used, by role."""

    loaded: Loaded
    used: Used


@dataclass
class Bench:
    """One run on one engine.

    `advance` is called after each load; `flames` is where flame graphs are written, if they are.
    """

    ground: Ground
    outside: Outside
    plan: Plan
    directory: Path
    noise: Noise = field(default_factory=Noise)
    advance: Callable[[str], None] = lambda _: None
    flames: Path | None = None
    _standing_now: list[Side] = field(default_factory=list)

    @asynccontextmanager
    async def ours(
        self,
        apis: int = 1,
        workers: int = 1,
        *,
        name: str = sides.OURS,
        database: str | None = None,
        namespace: str = "default",
    ) -> AsyncIterator[Side]:
        """So many processes of ours; on a database and in a namespace of their own, if said."""
        ground = replace(self.ground, database=database or self.ground.database)
        made = sides.ours(
            ground, self.outside.url, self.directory, apis, workers, name=name, namespace=namespace
        )
        async with self.standing(made) as side:
            yield side

    @asynccontextmanager
    async def bare(self, fronts: int = 1, workers: int = 1) -> AsyncIterator[Side]:
        """The barest program, in so many processes."""
        made = sides.bare(self.ground, self.outside.url, self.directory, fronts, workers)
        async with self.standing(made) as side:
            yield side

    @asynccontextmanager
    async def dbos(self, processes: int = 1) -> AsyncIterator[Side]:
        """The same flow on DBOS, in so many processes."""
        made = sides.dbos(self.ground, self.outside.url, self.directory, processes)
        async with self.standing(made) as side:
            yield side

    @asynccontextmanager
    async def standing(self, made: AbstractAsyncContextManager[Side]) -> AsyncIterator[Side]:
        """A side that is known to wait while it is another's turn."""
        async with made as side:
            self._standing_now.append(side)
            try:
                yield side
            finally:
                self._standing_now.remove(side)

    def roots(self, side: Side) -> Roots:
        """Every process that runs for us, while it is this side's turn."""
        others = [
            pid
            for each in self._standing_now
            if each is not side
            for pids in each.roots.values()
            for pid in pids
        ]
        mine = {OUTSIDE: [self.outside.pid], cpu.WAITING: others}
        return merged(side.roots, self.ground.roots, mine)

    async def load(
        self,
        side: Side,
        flows: int | None = None,
        in_flight: int | None = None,
        *,
        body: str | None = None,
        until_accepted: bool = False,
        rate: float = 0.0,
    ) -> Measured:
        """Have the side work off that many flows, the plan's unless said, and look what it takes.

        Raises:
            RuntimeError: a flow was refused, or nobody was told its end.
        """
        load = Load(
            urls=side.urls,
            headers=dict(side.headers),
            body=body or one_step(self.outside.callbacks),
            flows=flows or self.plan.flows,
            in_flight=in_flight or self.plan.in_flight,
            until_accepted=until_accepted,
            rate=rate,
        )
        return await self.measured(side, lambda: self.outside.load(load))

    async def measured(self, side: Side, load: Callable[[], Awaitable[Loaded]]) -> Measured:
        """Let the side do that, and look what it takes."""
        self.noise.loops.append(await asyncio.to_thread(calibrated))
        roots = self.roots(side)
        before = cpu.now(roots)
        loaded = await load()
        await asyncio.sleep(SETTLING)
        used = cpu.between(before, cpu.now(roots))
        self.noise.used.append(used)
        self.advance(side.name)
        return Measured(loaded, used)

    async def in_turn(
        self, several: Sequence[Side], measure: Callable[[Side], Any]
    ) -> dict[str, list[Any]]:
        """Each side's rounds; every other time in the reverse order."""
        found: dict[str, list[Any]] = {side.name: [] for side in several}
        for place in range(self.plan.rounds):
            for side in list(several)[:: -1 if place % 2 else 1]:
                found[side.name].append(await measure(side))
        return found


def one_step(callbacks: str, digits: str = "0101") -> str:
    """A flow of one Sms, its end told there; the digits choose what becomes of the message."""
    return _body([_sms(digits)], callbacks)


def two_steps(callbacks: str, digits: str = "0102") -> str:
    """A flow of a Viber message, which fails at once unless the digits are others, then an Sms."""
    viber = {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": _number(digits),
        "ttl": 60,
        "templateId": PARCEL.id,
        "templateLang": "en",
        "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
    }
    return _body([viber, _sms(digits)], callbacks)


def _sms(digits: str) -> dict[str, Any]:
    message = {"body": "Parcel 7731 is ready"}
    to = _number(digits)
    return {"type": "Sms", "from": ACME_SHOP.name, "to": to, "ttl": 60, "message": message}


def _number(digits: str) -> str:
    return f"+30690{PLACE}{digits}"


def _body(steps: Sequence[dict[str, Any]], callbacks: str) -> str:
    return json.dumps({"flow": steps, "callback": {"strategy": "OnCompletion", "url": callbacks}})
