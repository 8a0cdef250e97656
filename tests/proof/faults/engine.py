"""The engine's processes killed, stopped, and away for some seconds."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from tests.engines.base import Engine
from tests.proof.faults.base import Fault, Strike, baited, chance, over, refuses, struck
from tests.proof.site import Site

LONGEST = 5.0
"""Seconds that a part is away at the longest."""


@dataclass(frozen=True)
class PartKilled:
    """One of its processes ends, and is back at once, or after some seconds."""

    part: str
    how: signal.Signals = signal.SIGKILL
    once: bool = False
    calls: bool = True

    @property
    def name(self) -> str:
        """What it is called."""
        ended = "killed" if self.how is signal.SIGKILL else "stopped"
        return f"engine {ended}: {self.part}"

    async def strike(self, site: Site, strike: Strike) -> None:
        """End the part while flows are posted, and start it again."""
        random = chance(strike.round)
        engine, pids = site.engine, site.engine.pids(self.part)
        struck(strike, f"engine: {self.part}")
        await engine.kill(self.part, self.how)
        await baited(site, strike, "0101", 2)
        if pids and not set(engine.pids(self.part)) & set(pids):
            strike.proofs.append(f"pids {', '.join(map(str, pids))} gone")
        if len(engine.parts) == 1 and await refuses(int(engine.address.rpartition(":")[2])):
            strike.proofs.append("its address refused a connection")
        await asyncio.sleep(random.choice((0.0, random.uniform(1, LONGEST))))
        await engine.start(self.part)
        over(strike)


def faults(engine: Engine) -> Sequence[Fault]:
    """Each part killed; the whole stopped, where it is one process."""
    stopped = [PartKilled(part, signal.SIGTERM) for part in engine.parts[:1]]
    parts = [part for part in engine.parts if part != "postgres"]  # the database's own faults
    return [*(PartKilled(part) for part in parts), *(stopped if len(parts) == 1 else [])]
