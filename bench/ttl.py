"""How late a silent step's end is recorded, with thousands of flows asleep; and what these cost."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench import clearing, sleepers
from bench.bench import Bench
from bench.memory import resident
from bench.sides import BARE, OURS, WORKER, Side
from bench.sleepers import Start, Watch
from bench.spread import percentile
from bench.table import Found, Goal, Table

RATE = 16.0
"""Flows that expire a second: less than half of what two cores can end."""

SPARE = 10.0
"""Seconds between the last one's start and the first one's end."""

ROUNDS = 2
"""Of flows that expire, for each side and each number of sleeping ones."""

LATE = 0.2
"""Seconds after which 99 of 100 expiries should be recorded."""

FAR = 6 * 3600.0
"""Seconds: the ttl of those that only sleep."""

KEPT = 5000
"""Flows that a worker keeps in memory (`max_cached_workflows` of both); others are read anew."""

ENGINE = "engine"


@dataclass(frozen=True)
class Expiry:
    """When a ttl's timer was due, when the engine fired it, and when the client was told."""

    due: float
    fired: float
    told: float


@dataclass(frozen=True)
class Grown:
    """So many flows slept before, and so many more now; these took seconds to start, and bytes."""

    before: int
    flows: int
    seconds: float
    worker: int
    engine: int

    @property
    def kept(self) -> int:
        """Of the flows that were added, how many a worker has in memory."""
        return min(self.before + self.flows, KEPT) - min(self.before, KEPT)


@dataclass(frozen=True)
class Drained:
    """What happened at one instant, and how many seconds later each client had been told."""

    what: str
    waits: Sequence[float]

    @property
    def rate(self) -> float:
        """Flows a second until the last."""
        return len(self.waits) / max(self.waits)


@dataclass
class Bed:
    """A side and its flows that sleep; `expiries` are of each round, by how many slept."""

    bench: Bench
    side: Side
    start: Start
    watch: Watch
    asleep: list[str] = field(default_factory=list)
    grown: list[Grown] = field(default_factory=list)
    expiries: dict[int, list[list[Expiry]]] = field(default_factory=dict)

    async def warm_up(self) -> None:
        """Work off flows that are delivered: what is made once must not count as a flow's."""
        await self.bench.load(self.side, max(2, self.bench.plan.flows // 2))

    async def fill(self, size: int) -> None:
        """Have so many asleep."""
        earlier, began = len(self.asleep), time.time()
        flows, before = size - earlier, self._memory()
        self.asleep += await self.watch.put_to_sleep(self.start, flows, lambda: FAR)
        seconds = time.time() - began
        await asyncio.sleep(1)  # the engine and the worker still finish the last ones
        worker, engine = (after - held for after, held in zip(self._memory(), before, strict=True))
        self.grown.append(Grown(earlier, flows, seconds, worker, engine))
        self.bench.advance(f"{self.side.name}, {size:,} asleep")

    def _memory(self) -> tuple[int, int]:
        engine = self.bench.ground.roots.get(ENGINE, ())
        return resident(self.side.roots[WORKER]), resident(engine)

    async def expire(self) -> None:
        """Have a round's flows expire one after the other, and look into their histories."""
        flows = max(2, self.bench.plan.fires // ROUNDS)
        ids = await sleepers.paced(self.start, flows, RATE, flows / RATE + SPARE)
        told = await self.watch.until_told(ids)
        client = await Client.connect(self.bench.ground.engine.address)
        found = [
            await _expiry(client, self.side.workflow_id(each) or "", at)
            for each, at in zip(ids, told, strict=True)
        ]
        self.expiries.setdefault(len(self.asleep), []).append(found)
        self.bench.advance(f"{self.side.name}, {flows} expired")

    async def expire_at_once(self, flows: int) -> Drained:
        """Have so many expire at one instant."""
        last = self.grown[-1]
        instant = time.time() + 1.5 * flows * last.seconds / last.flows + 2 * SPARE
        ids = await self.watch.put_to_sleep(
            self.start, flows, lambda: max(1.0, instant - time.time())
        )
        began = max(instant, time.time())
        told = await self.watch.until_told(ids)
        self.bench.advance(f"{flows:,} expired at once")
        return Drained("their ttl ends", [each - began for each in told])

    async def report_at_once(self, flows: int) -> Drained:
        """Have so many of those that sleep reported on at one instant."""
        ids, self.asleep = self.asleep[:flows], self.asleep[flows:]
        references = [f"{each}.1" for each in ids]
        reporting = asyncio.create_task(self.bench.outside.report(references))
        told = await self.watch.until_told(ids)
        await reporting
        began = min(self.watch.reports[each][0] for each in references)
        self.bench.advance(f"{flows:,} reported on at once")
        return Drained("delivery is reported", [each - began for each in told])

    async def clear(self) -> None:
        """End those that still sleep."""
        named = [self.side.workflow_id(each) or "" for each in self.asleep]
        await clearing.ended(self.bench.ground, named)
        self.asleep.clear()


async def _expiry(client: Client, workflow_id: str, told: float) -> Expiry:
    due = fired = 0.0
    handle = client.get_workflow_handle(workflow_id)
    async for event in handle.fetch_history_events(wait_new_event=False):
        at = event.event_time.ToMicroseconds() / 1e6
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED and not due:
            ttl = event.timer_started_event_attributes.start_to_fire_timeout
            due = at + ttl.ToMicroseconds() / 1e6
        elif event.event_type == EventType.EVENT_TYPE_TIMER_FIRED and not fired:
            fired = at
    return Expiry(due, fired, told)


def loads(bench: Bench) -> int:
    """Warming up, filling and expiring of both; then of ours with more asleep; two bursts."""
    return 2 * (2 + ROUNDS) + (len(bench.plan.sleeping) - 1) * (1 + ROUNDS) + 2


async def measure(bench: Bench) -> Found:
    """Ours beside the barest program with few asleep, then ours alone with more of them."""
    first, *more = sorted(bench.plan.sleeping)
    watch, told_at = Watch(bench.outside), bench.outside.callbacks
    async with AsyncExitStack() as held:
        side = await held.enter_async_context(bench.ours())
        mine = Bed(bench, side, await sleepers.ours(bench.ground, told_at), watch)
        async with bench.bare() as other:
            bare = Bed(bench, other, await sleepers.bare(bench.ground, told_at), watch)
            for bed in (bare, mine):
                await bed.warm_up()
                await bed.fill(first)
            for place in range(ROUNDS):
                for bed in (mine, bare)[:: -1 if place % 2 else 1]:
                    await bed.expire()
            await bare.clear()
        for size in more:
            await mine.fill(size)
            for _ in range(ROUNDS):
                await mine.expire()
        drained = [
            await mine.expire_at_once(bench.plan.burst),
            await mine.report_at_once(min(bench.plan.burst, len(mine.asleep))),
        ]
        await mine.clear()
    return say({OURS: mine.expiries, BARE: bare.expiries}, {OURS: mine.grown, BARE: bare.grown},
               drained)  # fmt: skip


def say(
    expiries: Mapping[str, Mapping[int, Sequence[Sequence[Expiry]]]],
    grown: Mapping[str, Sequence[Grown]],
    drained: Sequence[Drained],
) -> Found:
    """What was found, by side."""
    goals = [
        Goal(
            f"Ttl to the end on record, p99 with {asleep:,} flows asleep",
            [percentile([one.told - one.due for one in each], 99) for each in rounds],
            LATE,
            "{:.3f} s",
        )
        for asleep, rounds in expiries[OURS].items()
    ]
    return Found(
        tables=[
            Table(
                ("", "asleep", "expired", "timer fired p50, s", "p99, s", "told p50, s",
                 "p99, s", "most, s"),
                [
                    _late(name, asleep, list(chain.from_iterable(rounds)))
                    for name, by_size in expiries.items()
                    for asleep, rounds in by_size.items()
                ],
                "How late a ttl is",
            ),
            Table(
                ("at one instant", "flows", "flows/s", "told p50, s", "told last, s"),
                [
                    (each.what, f"{len(each.waits):,}", f"{each.rate:.0f}",
                     f"{percentile(each.waits, 50):.1f}", f"{max(each.waits):.1f}")
                    for each in drained
                ],
                "Ours, when everything happens at once",
            ),
            Table(
                ("", "flows", "started/s", "worker, KB a flow", "engine, KB a flow"),
                [_memory(name, each) for name, several in grown.items() for each in several],
                "Memory of flows that sleep",
            ),
        ],
        goals=goals,
        notes=[
            "A flow of one Sms of which nothing is heard ends with its ttl. The timer is due by "
            "the engine's own history (TimerStarted and its timeout); *told* is when the client's "
            "receiver had the callback, which goes out only once the end is on record, so that is "
            f"no later. Expiries come {RATE:g} a second, below capacity, while nothing else is "
            f"done; {ROUNDS} rounds a side. Before ours believes a silence, it asks the provider.",
            "Flows that sleep are started by one client of the engine, as the API does, for its "
            f"ttl counts in minutes. Memory is what the processes hold more than before; a worker "
            f"keeps {KEPT:,} flows at the most, so of more the rest costs it nothing.",
        ],
    )  # fmt: skip


def _late(name: str, asleep: int, expiries: Sequence[Expiry]) -> Sequence[str]:
    fired = [each.fired - each.due for each in expiries]
    told = [each.told - each.due for each in expiries]
    values = (
        percentile(fired, 50), percentile(fired, 99),
        percentile(told, 50), percentile(told, 99), max(told),
    )  # fmt: skip
    return (name, f"{asleep:,}", f"{len(expiries):,}", *(f"{each:.3f}" for each in values))


def _memory(name: str, grown: Grown) -> Sequence[Any]:
    return (
        name,
        f"{grown.flows:,} more",
        f"{grown.flows / grown.seconds:.0f}",
        f"{grown.worker / 1000 / grown.kept:.0f}" if grown.kept else "",
        f"{grown.engine / 1000 / grown.flows:.0f}",
    )
