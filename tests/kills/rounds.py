"""Plays the rounds: brings a worker into its phase, kills it, and has a successor take over."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.conftest import until
from tests.kills.engine import Task
from tests.kills.evidence import Evidence, gathered
from tests.kills.holds import HOLDS, asking, posted
from tests.kills.plan import Phase, Round
from tests.kills.site import Site

TTL = 30.0
"""Seconds of a Viber step: after them a silent one is asked about."""

AHEAD = 15.0
"""Seconds before that: no other round is begun."""

TAKEN_OVER = 40.0
"""Seconds after which an activity that was not begun again is not waited for."""


@dataclass
class Kill:
    """One round as it was played; `seconds` from the kill to the next attempt of an activity."""

    round: Round
    flows: Sequence[str]
    evidence: Evidence
    seconds: list[float] = field(default_factory=list)

    @property
    def hit(self) -> bool:
        """Whether the worker was killed in its phase."""
        return self.evidence.hits(self.round.phase)


@dataclass
class Player:
    """Plays a site's rounds, one after the other."""

    site: Site
    kills: list[Kill] = field(default_factory=list)
    _measuring: list[asyncio.Task[None]] = field(default_factory=list)

    async def play(self, plan: Sequence[Round]) -> None:
        """All of them; the silent flows of a round that kills an `ask` are begun long before it."""
        waiting = list(plan)
        while waiting:
            deck, waiting = waiting[: len(Phase)], waiting[len(Phase) :]
            questions = [each for each in deck if each.phase is Phase.ASKING]
            others = [each for each in deck if each.phase is not Phase.ASKING]
            for question in questions:
                others = await self._with(question, others)
            for each in others:
                await self._kill(each)
        await asyncio.gather(*self._measuring)

    async def _with(self, question: Round, others: Sequence[Round]) -> list[Round]:
        """Play that round once its flows' ttl is over, and others until then; those not played."""
        loop, left = asyncio.get_running_loop(), list(others)
        flows = await posted(self.site, question)
        due = loop.time() + TTL
        await _settled(self.site, flows)
        while left and loop.time() < due - AHEAD:
            await self._kill(left.pop(0))
        await asyncio.sleep(max(0.0, due - 1 - loop.time()))

        async def hold(site: Site, _: Round, __: AsyncExitStack) -> Sequence[str]:
            await asking(site, flows)
            return flows

        await self._kill(question, hold)
        return left

    async def _kill(
        self,
        drawn: Round,
        hold: Callable[[Site, Round, AsyncExitStack], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        site = self.site
        async with AsyncExitStack() as stack:
            site.made.reports.requests.clear()  # a report would end a step without its send
            flows = await (hold or HOLDS[drawn.phase])(site, drawn, stack)
            await asyncio.sleep(drawn.moment)
            killed_at = datetime.now(UTC)
            await site.worker.killed()
            kill = Kill(drawn, flows, await gathered(site, flows))
            self.kills.append(kill)
            if drawn.lost:
                await asyncio.gather(site.made.provider.cut(), site.callbacks.cut())
        await site.succeeded()
        await self._measure(kill, killed_at)
        site.made.reports.requests.set()
        await self._done(kill)

    async def _measure(self, kill: Kill, killed_at: datetime) -> None:
        """Sends are waited for; callbacks take longer, and are looked after meanwhile."""
        for task in kill.evidence.tasks:
            measuring = asyncio.create_task(self._note(kill, task, killed_at))
            if task.name == "send_step":
                await measuring
            elif task.name == "publish":
                self._measuring.append(measuring)

    async def _done(self, kill: Kill) -> None:
        """Until its sends are over: one that is killed at every attempt runs out of its ttl."""

        async def over() -> bool:
            sends = [task for task in kill.evidence.tasks if task.name == "send_step"]
            return all([await self.site.tasks.is_over(task) for task in sends])

        with suppress(TimeoutError):
            await until(over, TAKEN_OVER, every=0.1)

    async def _note(self, kill: Kill, task: Task, killed_at: datetime) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + TAKEN_OVER
        while loop.time() < ends:
            over = await self.site.tasks.is_over(task)
            if began := await self.site.tasks.again(task, killed_at):
                kill.seconds.append((began - killed_at).total_seconds())
                return
            if over:
                return
            await asyncio.sleep(0.25)


async def _settled(site: Site, flows: Sequence[str]) -> None:
    """Until the provider has taken the flows' first steps, and no worker is at them."""
    async with asyncio.timeout(TTL):
        while True:
            kept = [await site.made.intents(flow) == ["answered"] for flow in flows]
            if all(kept) and not await site.under_way(flows):
                return
            await asyncio.sleep(0.25)
