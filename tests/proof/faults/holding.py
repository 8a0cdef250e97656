"""Brings a worker into a phase of its work, and keeps it there by holding what it depends on.

As in tests/kills/holds.py, but there are two workers: each has wires of its own, so that the other
one goes on, and baits are posted until the victim has some.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sqlalchemy import text

from storage.engine import writing
from tests.conftest import until
from tests.faults.wire import Wire
from tests.kills.plan import UNANSWERED, Phase
from tests.proof.faults.base import Strike, baited, posted, reached
from tests.proof.hands import in_hand
from tests.proof.members import Member
from tests.proof.plan import TTLS, Channel
from tests.proof.site import Site

FEW, MOST = 4, 16
"""Baits at once, and in all: enough that the victim takes some."""


SHORT = 12.0
"""Seconds for which the database may stay locked."""


@dataclass
class Held:
    """A victim, and all that is held around it; `lost` is what becomes of what is held.

    `wanted` is the activity that it is to be at when it is killed, empty for any.
    """

    site: Site
    strike: Strike
    victim: Member
    stack: AsyncExitStack
    lost: bool
    wanted: str = "send_step"
    proof: Callable[[], str] = str

    @property
    def provider(self) -> Wire:
        """Between the victim and the provider."""
        assert self.victim.provider
        return self.victim.provider

    @property
    def engine(self) -> Wire:
        """Between the victim and the engine."""
        assert self.victim.engine
        return self.victim.engine

    async def bait(self, digits: str, *channels: Channel) -> None:
        """Post some."""
        await baited(self.site, self.strike, digits, FEW, *channels)

    async def has(self, name: str) -> bool:
        """Whether the victim is at an activity of that name."""
        tasks = await in_hand(self.site, self.victim.pid, self.strike.baits)
        return any(task.name == name for task in tasks)

    async def baited_until(
        self, condition: Callable[[], Awaitable[bool] | bool], digits: str, *channels: Channel
    ) -> None:
        """Post flows, more and more, until the condition holds.

        Raises:
            TimeoutError: it never did.
        """
        while len(self.strike.baits) < MOST:
            await self.bait(digits, *channels)
            try:
                await until(condition, 3.0, every=0.1)
            except TimeoutError:
                continue
            return
        await reached(condition)

    async def lock(self) -> None:
        """Nobody else writes to `sends` any more, until the stack is left."""
        connection = await self.stack.enter_async_context(writing(self.site.locks))
        # On SQLite the transaction is the lock.
        if connection.dialect.name == "postgresql":
            await connection.execute(text("LOCK TABLE sends IN EXCLUSIVE MODE"))

    async def cut(self) -> None:
        """What is held back is lost."""
        await asyncio.gather(self.provider.cut(), self.engine.cut())

    async def release(self) -> None:
        """Let everything go; what the dead one had open is closed."""
        for wire in (self.provider, self.engine, self.site.callbacks, self.site.reports):
            wire.requests.set()
            wire.answers.set()
        if self.victim.is_gone:
            await self.engine.cut()


async def _undeclared(held: Held) -> None:
    """The database is locked when it takes the step.

    On SQLite nobody writes meanwhile, the API included: it must not last.
    """
    await held.lock()
    await held.bait("0101", "Sms")
    await held.bait("0101")
    await until(lambda: held.has("send_step"), SHORT, every=0.1)
    held.proof = lambda: "the database was locked before the intent"


async def _connecting(held: Held) -> None:
    """The provider takes none of its connections, and those that were open are closed."""
    await held.provider.block()
    held.stack.callback(held.provider.unblock)
    await held.provider.cut()
    await held.baited_until(lambda: held.provider.hanging > 0, "0101")
    held.proof = lambda: f"{held.provider.hanging} connections hung"


async def _unarrived(held: Held) -> None:
    """What it writes stays on the wire."""
    held.provider.requests.clear()
    await held.baited_until(lambda: held.provider.held > 0, "0101")
    held.proof = lambda: f"{held.provider.held} requests were held"


async def _taken(held: Held) -> None:
    """The provider has the message, and does not answer; its report, two seconds later, is held."""
    held.site.reports.requests.clear()
    await held.baited_until(lambda: held.has("send_step"), UNANSWERED[1])
    held.proof = lambda: "the provider answers nobody of these"


async def _on_the_way(held: Held) -> None:
    """What the provider answers stays on the wire."""
    held.site.reports.requests.clear()  # a report would end the step without its send
    held.provider.answers.clear()
    await held.baited_until(lambda: held.provider.held > 0, "0101")
    held.proof = lambda: f"{held.provider.held} answers were held"


async def _in_hand(held: Held) -> None:
    """The answer arrives, and the database is locked."""
    await _on_the_way(held)
    await held.lock()
    held.provider.answers.set()
    await reached(lambda: not held.provider.held)
    held.proof = lambda: "answers had arrived, the database was locked"


async def _kept(held: Held) -> None:
    """The answer is kept, and nothing reaches the engine any more."""
    await _on_the_way(held)
    held.engine.requests.clear()
    held.provider.answers.set()
    await reached(lambda: held.engine.held > 0)
    held.proof = lambda: f"{held.engine.held} messages to the engine were held"


async def _asking(held: Held) -> None:
    """A ttl is over: the question stays on the wire."""
    held.wanted = "ask"
    for _ in range(2):
        await held.bait("0118", "Viber")
    await posted(held.strike)
    await asyncio.sleep(TTLS["Viber"] - 2)
    held.provider.requests.clear()
    await reached(lambda: held.has("ask"))
    held.proof = lambda: f"{held.provider.held} questions were held"


async def _publishing(held: Held) -> None:
    """The callback stays on the wire, or its answer does."""
    wire = held.site.callbacks
    held.wanted = "publish"
    (wire.requests if held.lost else wire.answers).clear()

    async def stuck() -> bool:
        """Not one that was answered just before."""
        if not wire.held or not await held.has("publish"):
            return False
        await asyncio.sleep(0.3)
        return await held.has("publish")

    await held.baited_until(stuck, "0101")
    held.proof = lambda: f"{wire.held} callbacks were held"


async def _random(held: Held) -> None:
    """Nothing is held."""
    held.wanted = ""
    await held.bait("0101")
    await held.baited_until(_at_anything(held), "0112")
    held.proof = lambda: "nothing was held"


def _at_anything(held: Held) -> Callable[[], Awaitable[bool]]:
    async def busy() -> bool:
        return bool(await in_hand(held.site, held.victim.pid, held.strike.baits))

    return busy


HOLDS: Mapping[Phase, Callable[[Held], Awaitable[None]]] = {
    Phase.UNDECLARED: _undeclared,
    Phase.CONNECTING: _connecting,
    Phase.UNARRIVED: _unarrived,
    Phase.TAKEN: _taken,
    Phase.ON_THE_WAY: _on_the_way,
    Phase.IN_HAND: _in_hand,
    Phase.KEPT: _kept,
    Phase.ASKING: _asking,
    Phase.PUBLISHING: _publishing,
    Phase.RANDOM: _random,
}
