"""What every fault is: something done to the installation, with the proof that it was done."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from tests.conftest import until
from tests.processes import HOST
from tests.proof.hands import Task
from tests.proof.ledger import Entry
from tests.proof.plan import Channel, Round
from tests.proof.site import Site

REACHED = 20.0
"""Seconds within which a fault has things where it is to strike."""


@dataclass
class Strike:
    """A fault as it was played. Epoch seconds: it struck `at`, and all was well again by `over`.

    `began` and `ended` are those of the round, or of several tries at it.

    `proofs` say in words what shows that it hit; without one it did not. `victims` are the members
    that it hit, and `in_hand` what a killed worker was at. `baits` are the flows that it began,
    which `posting` still posts. `wrongs` say what a set piece found that must not be;
    meanwhile clocks were wrong by `skew` seconds.
    """

    round: Round
    began: float = 0.0
    at: float = 0.0
    over: float = 0.0
    ended: float = 0.0
    proofs: list[str] = field(default_factory=list)
    victims: list[str] = field(default_factory=list)
    baits: list[Entry] = field(default_factory=list)
    in_hand: Sequence[Task] = ()
    posting: list[asyncio.Task[Entry]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    skew: float = 0.0

    @property
    def fired(self) -> bool:
        """Whether it hit."""
        return bool(self.proofs)


class Fault(Protocol):
    """One kind of fault.

    `once` and `calls`: what the plan must know of it (tests/proof/plan.py).
    """

    @property
    def name(self) -> str:
        """What it is called in plan and report."""
        ...

    @property
    def once(self) -> bool:
        """Whether one round in a run is enough."""
        ...

    @property
    def calls(self) -> bool:
        """Whether calls may be under way."""
        ...

    async def strike(self, site: Site, strike: Strike) -> None:
        """Do it, note the proof, and have everything at work again.

        What cannot be brought about raises TimeoutError: then it did not fire.
        """
        ...


def chance(round: Round) -> Random:
    """What the round's fault draws from."""
    return Random(round.seed)  # noqa: S311  nothing is secret here


async def baited(
    site: Site, strike: Strike, digits: str, count: int, *channels: Channel, door: str | None = None
) -> None:
    """Begin to post so many flows, so that there is work where the fault strikes."""
    first = len(strike.baits)
    for number in range(first, first + count):
        plan = strike.round.bait(number, digits, *channels)
        posting = site.ledger.post(plan, strike.round.number, door)
        strike.posting.append(asyncio.create_task(posting))
        await asyncio.sleep(0)
        strike.baits.append(site.ledger.entries[-1])


async def posted(strike: Strike) -> None:
    """Wait until all of them are."""
    await asyncio.gather(*strike.posting)


async def reached(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait until things are where they are to be struck.

    Raises:
        TimeoutError: they never were.
    """
    await until(condition, REACHED, every=0.1)


async def refuses(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return True
    writer.close()
    return False


def struck(strike: Strike, *victims: str) -> None:
    """Note the moment, and whom it hits."""
    strike.at = time.time()
    strike.victims += victims


def over(strike: Strike) -> None:
    """Note that all is well again."""
    strike.over = time.time()


Faults = Sequence[Fault]
