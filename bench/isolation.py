"""Measures what dead receivers do to others: to callbacks of healthy ones, and to failing over.

Two services stand side by side. One is clean: no receiver of it ever dies. The other is burdened:
it has all the dead ones, and whatever it repeats for them goes on while it is measured. They are
asked in turn, in rounds, so that whatever the machine does meanwhile meets both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from bench.pace import Service, one_step, seconds, two_steps
from bench.receivers import Receivers

PATIENCE = 60.0
"""Seconds after a round's last flow; what has not happened by then counts as so late."""

ROUND = 125
"""Flows that are measured in a round, about."""

LEAST_ROUNDS = 4

BESIDE_DEAD, BESIDE_HEALTHY = "beside dead receivers", "beside healthy ones"
TO_NONE, TO_HEALTHY, TO_DEAD = "no callbacks", "to a healthy receiver", "to dead receivers"

Rounds = list[list[float]]
Side = Callable[[int], Awaitable[list[float]]]
"""Posts a round of so many flows; the times that these took."""


@dataclass(frozen=True)
class Plan:
    """How many flows each side has in each part, and how many are posted a second, all in all."""

    receipts: int
    failovers: int
    receipts_rate: float
    failovers_rate: float

    @property
    def first_round(self) -> int:
        """The flows of the round before the first one, in which nobody is dead yet."""
        return rounds(self.receipts)[0]

    @property
    def posted(self) -> int:
        """How many flows there will be altogether."""
        first = self.first_round
        return 2 * 2 * (self.receipts + first) + 3 * self.failovers + 2 * first


def rounds(flows: int) -> Sequence[int]:
    """The flows of each round: an even number of rounds, so that each order is met as often."""
    count = max(LEAST_ROUNDS, flows // ROUND // 2 * 2)
    return [flows // count + (place < flows % count) for place in range(count)]


@dataclass
class Found:
    """Seconds, by side and round; `before` is of both services when nobody was dead yet."""

    receipts: dict[str, Rounds] = field(default_factory=dict)
    before: dict[str, Rounds] = field(default_factory=dict)
    failovers: dict[str, Rounds] = field(default_factory=dict)
    late: int = 0


@dataclass
class Bench:
    """Two services, the receivers, and what was found with them so far."""

    clean: Service
    burdened: Service
    receivers: Receivers
    plan: Plan
    advance: Callable[[int], None]
    found: Found = field(default_factory=Found)

    async def measure(self) -> Found:
        """Everything: a round before anybody is dead, receipts, failing over."""
        known = self.receivers.addresses
        for service in (self.clean, self.burdened):  # not counted: the first ones warm it up
            await self._failovers(service, [], self.plan.first_round)
        sides: dict[str, Side] = {
            BESIDE_DEAD: partial(self._receipts, self.burdened, known.others),
            BESIDE_HEALTHY: partial(self._receipts, self.clean, known.others),
        }
        self.found.before = await in_turn(sides, [self.plan.first_round])
        sides[BESIDE_DEAD] = partial(self._receipts, self.burdened, known.dead)
        self.found.receipts = await in_turn(sides, rounds(self.plan.receipts))
        failovers: dict[str, Side] = {
            TO_NONE: partial(self._failovers, self.clean, []),
            TO_HEALTHY: partial(self._failovers, self.clean, [known.healthy]),
            TO_DEAD: partial(self._failovers, self.burdened, known.dead),
        }
        self.found.failovers = await in_turn(failovers, rounds(self.plan.failovers))
        return self.found

    async def _receipts(
        self, service: Service, companions: Sequence[str], flows: int
    ) -> list[float]:
        """From event to receipt, of flows between which as many others have their own receivers."""
        beside = [companions[place % len(companions)] for place in range(flows)]
        urls = chain.from_iterable((self.receivers.addresses.healthy, each) for each in beside)
        bodies = [one_step(place, url) for place, url in enumerate(urls)]
        ids = (await service.post(bodies, self.plan.receipts_rate, self.advance))[::2]
        arrivals: dict[str, float] = {}

        async def look() -> Mapping[str, float]:
            for tracking_id, event, at in await self.receivers.arrivals():
                arrivals.setdefault(tracking_id, at - seconds(event))
            return arrivals

        known = await until_all(ids, look)
        return self._with_the_late(ids, known)

    async def _failovers(self, service: Service, urls: Sequence[str], flows: int) -> list[float]:
        """From the report that failed the first step to the provider's request for the second."""
        bodies = [
            two_steps(place, urls[place % len(urls)] if urls else None) for place in range(flows)
        ]
        ids = await service.post(bodies, self.plan.failovers_rate, self.advance)
        second_steps = [f"{tracking_id}.2" for tracking_id in ids]
        requested = await until_all(second_steps, service.requested)
        took = {
            f"{tracking_id}.2": requested[f"{tracking_id}.2"] - await service.failed_at(tracking_id)
            for tracking_id in ids
            if f"{tracking_id}.2" in requested
        }
        return self._with_the_late(second_steps, took)

    def _with_the_late(self, names: Sequence[str], known: Mapping[str, float]) -> list[float]:
        self.found.late += sum(name not in known for name in names)
        return [known.get(name, PATIENCE) for name in names]


async def in_turn(sides: Mapping[str, Side], rounds: Sequence[int]) -> dict[str, Rounds]:
    """Each side's rounds; every other time in the reverse order."""
    found: dict[str, Rounds] = {name: [] for name in sides}
    for place, flows in enumerate(rounds):
        for name in list(sides)[:: -1 if place % 2 else 1]:
            found[name].append(await sides[name](flows))
    return found


async def until_all(
    names: Sequence[str], look: Callable[[], Awaitable[Mapping[str, float]]]
) -> Mapping[str, float]:
    """What is known once all names are, or patience is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        known = await look()
        if all(name in known for name in names) or loop.time() > deadline:
            return known
        await asyncio.sleep(0.5)
