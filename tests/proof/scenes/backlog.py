"""Flows that are accepted while nobody works: ten thousand of them, then the workers come."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from temporalio.service import RPCError

from tests.proof.faults.base import Strike, over, struck
from tests.proof.members import Member
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.site import Site

STRETCH = 600
"""Each has a ttl of ten hours: it is not to run out while others have their turn."""

SLOWEST = 3.0
"""Flows a second below which the drain counts as stuck."""

EVERY = 1.0


class Backlog(Scene):
    """No worker is there, and the API accepts all the same."""

    name = "set piece: flows accepted while no worker runs"
    patience = 2 * 3600.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """All end; what it took is noted."""
        many = cast.scale.many
        struck(strike, *(worker.name for worker in site.workers))
        await asyncio.gather(*(worker.kill(signal.SIGTERM) for worker in site.workers))
        plans = cast.plans(many, "0101", "Sms", strategy="OnCompletion", stretch=STRETCH)
        began = time.time()
        entries = await cast.post(plans)
        posted = time.time()
        accepted = sum(bool(entry.flow) for entry in entries)
        demand(strike, accepted == many, f"{many - accepted} of {many} were not accepted")
        running = await _running(site, began)
        await asyncio.gather(*(worker.start() for worker in site.workers))
        started = time.time()
        memory = await self._drained(site, strike, began, many)
        over(strike)
        delays = [each async for each in _delays(site, began, started)]
        strike.proofs.append(
            f"{accepted:,} accepted in {posted - began:.0f} s with no worker there, {running:,} "
            f"waited; drained at {many / (strike.over - started):.0f} a second, the last ended "
            f"{max(delays, default=0.0):.0f} s after the workers came; "
            f"a worker had {memory:.0f} MB at most"
        )

    async def _drained(self, site: Site, strike: Strike, began: float, many: int) -> float:
        """Wait until none runs any more; returns the most memory that a worker had, in MB."""
        ends = time.monotonic() + 120 + many / SLOWEST
        most = 0.0
        while time.monotonic() < ends:
            most = max(most, *(_memory(worker) for worker in site.workers))
            with suppress(RPCError):
                if await _running(site, began) == 0:
                    return most
            await asyncio.sleep(EVERY)
        strike.wrongs.append(f"{await _running(site, began)} still run")
        return most


async def _running(site: Site, since: float) -> int:
    query = f"ExecutionStatus = 'Running' AND StartTime >= '{_stamp(since)}'"
    return (await site.temporal.count_workflows(query)).count


async def _delays(site: Site, since: float, started: float) -> AsyncIterator[float]:
    """Seconds from the workers' coming until each flow's end, as the engine knows them."""
    async for each in site.temporal.list_workflows(f"StartTime >= '{_stamp(since)}'"):
        if each.close_time:
            yield each.close_time.timestamp() - started


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _memory(worker: Member) -> float:
    """Its resident memory in MB, 0 if it is not there."""
    return next(_resident(worker.pid), 0.0)


def _resident(pid: int) -> Iterator[float]:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                yield int(line.split()[1]) / 1024
