"""Kills every process in its turn while flows go on, and notes what that did to them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.cluster.load import Load, Posted
from tests.cluster.service import Service
from tests.conftest import until

AWAY = 3.0
"""Seconds after the kill at which the process is started again."""

CALM = 1.0
"""Seconds between two of them, at least."""

RECOVERING = 60.0
"""Seconds within which a flow that is posted once the process is back ends."""


@dataclass
class Outage:
    """One process that was away; times by the event loop's clock.

    `normal`: the seconds within which a flow of a recipient ended when all was calm.
    """

    part: str
    pid: int
    killed: float
    in_flight: int
    back: float = 0.0
    healed: float = 0.0
    unavailable: int = 0
    unanswered: int = 0
    flows: Sequence[Posted] = ()

    @property
    def seconds(self) -> float:
        """How long it was away: until it was ready again."""
        return self.back - self.killed

    def worst(self, normal: Mapping[str, float]) -> float:
        """By how much a flow came later than when all was calm, at most; silent ones left out."""
        return max(
            (each.took - normal[each.digits] for each in self.flows if not each.is_silent),
            default=0.0,
        )


@dataclass
class Play:
    """What happened: each outage, and a line for each event."""

    service: Service
    load: Load
    say: Callable[[str], None]
    outages: list[Outage] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    normal: Mapping[str, float] = field(default_factory=dict)
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def at(self, moment: float) -> float:
        """Seconds since the beginning."""
        return moment - self.began

    def tell(self, what: str) -> None:
        """Say what happens now."""
        line = f"{self.at(_now()):6.1f} s  {what}"
        self.lines.append(line)
        self.say(line)

    async def calm(self, seconds: float) -> None:
        """Let flows be posted in peace, to know how long they take."""
        self.tell(f"all {len(self.service.parts)} processes work; flows are posted")
        await asyncio.sleep(seconds)
        flows = [each for each in self.load.flows if not each.is_silent]
        with suppress(TimeoutError):
            await until(lambda: all(each.told for each in flows), RECOVERING, every=0.05)
        took: dict[str, float] = {}
        for each in flows:
            took[each.digits] = max(took.get(each.digits, 0.0), each.took)
        self.normal = took
        self.tell(f"calm: {len(flows)} flows have ended, each within {max(took.values()):.1f} s")

    async def kill(self, part: str) -> None:
        """Kill it with -9, start it again after a while, and wait until all is well."""
        await asyncio.sleep(CALM)
        asked = len(self.load.client.answers)
        outage = Outage(part, self.service.pids(part)[0], _now(), self.load.in_flight)
        self.outages.append(outage)
        self.tell(f"{part} (process {outage.pid}) is killed, {outage.in_flight} flows in flight")
        await self.service.kill(part)
        await asyncio.sleep(AWAY)
        self.tell(f"{part} is started again")
        await self.service.start(part)
        outage.back = _now()
        self.tell(f"{part} is ready, as process {self.service.pids(part)[0]}")
        await self._healed(outage)
        statuses = [each.status for each in self.load.client.answers[asked:]]
        outage.unavailable, outage.unanswered = statuses.count(503), statuses.count(None)
        self.tell(
            f"all is well: {outage.unavailable} times 503, {outage.unanswered} times no answer"
        )

    async def _healed(self, outage: Outage) -> None:
        """Until all that the outage met has ended, and a flow that came after it."""
        met = [each for each in self.load.flows if each.told is None or each.told > outage.killed]
        after = len(self.load.flows)
        waiting = [each for each in met if not each.is_silent]

        def is_well() -> bool:
            newer = [each for each in self.load.flows[after:] if not each.is_silent]
            return all(each.told for each in waiting) and any(each.told for each in newer)

        with suppress(TimeoutError):
            await until(is_well, RECOVERING, every=0.05)
        outage.flows, outage.healed = met, _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
