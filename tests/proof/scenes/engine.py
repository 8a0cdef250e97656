"""The engine is away for as long as it takes somebody to see to it."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import httpx

from tests.conftest import until
from tests.proof.faults.base import Strike, over, reached, struck
from tests.proof.ledger import Entry
from tests.proof.notes import read
from tests.proof.plan import TTLS
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.scenes.histories import histories, timers
from tests.proof.site import Site

TIMED, REPORTED, POSTED = 4, 4, 8
"""Flows whose timer runs out meanwhile, those that are reported on, and those that are posted."""

AGAIN = 45.0
"""Seconds within which a provider that was turned away has come again: its pauses are up to 30."""


class EngineAway(Scene):
    """All of the engine's processes are gone for a minute."""

    name = "set piece: engine away"

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Timers run out, reports come and flows are posted while nobody is there."""
        parts = [part for part in site.engine.parts if part != "postgres"]
        timed = await cast.post(cast.plans(TIMED, "0104"))
        await _wait_for_timers(timed, cast)
        reported = await cast.post(cast.plans(REPORTED, "0110", "Sms"))
        await reached(lambda: all(map(cast.is_sent, reported)))
        pids = [pid for part in parts for pid in site.engine.pids(part)]
        struck(strike, "engine")
        for part in reversed(parts):
            await site.engine.kill(part)
        cast.begin(cast.plans(POSTED, "0101"))
        problem, _ = await asyncio.gather(_turned_away(site, cast), asyncio.sleep(cast.scale.away))
        for part in parts:
            await site.engine.start(part)
        over(strike)
        demand(strike, problem == "503000000", f"a flow was answered {problem}")
        posted = await cast.posted()
        refused = sum(each.status == 503 for entry in posted for each in entry.tries)
        strike.proofs.append(
            f"pids {', '.join(map(str, pids))} gone for {strike.over - strike.at:.0f} s; "
            f"{refused} times 503 for {len(posted)} flows, all accepted in the end"
        )
        await self._reports_land(site, strike)
        await cast.over([*timed, *reported, *posted])
        await self._timers_fired(site, strike, timed)

    async def _reports_land(self, site: Site, strike: Strike) -> None:
        """Each report that nobody took meanwhile was taken in the end."""
        turned = {
            line["reference"]
            for line in read(site.record)
            if "reported" in line and not line["settled"] and strike.at < line["at"]
        }
        landed: set[str] = set()

        def all_landed() -> bool:
            landed.update(
                line["reference"]
                for line in read(site.record)
                if "reported" in line and line["settled"] and line["at"] > strike.at
            )
            return turned <= landed

        try:
            await until(all_landed, AGAIN, every=1.0)
        except TimeoutError:
            strike.wrongs.append(f"never taken: reports on {', '.join(turned - landed)}")
        if turned:
            strike.proofs.append(f"reports on {len(turned)} steps turned away, all taken later")

    async def _timers_fired(self, site: Site, strike: Strike, timed: Sequence[Entry]) -> None:
        """Late, not never."""
        every = [each for history in await histories(site, timed) for each in timers(history)]
        hit = [each for each in every if strike.at < each.due < strike.over]
        demand(strike, all(each.fired for each in hit), "a timer never fired")
        if hit:
            latest = max(each.fired - strike.over for each in hit)
            strike.proofs.append(
                f"{len(hit)} timers ran out meanwhile; the last fired {latest:.1f} s after"
            )


async def _wait_for_timers(timed: Sequence[Entry], cast: Cast) -> None:
    """Until the timers will run out while the engine is away."""
    first = min(entry.accepted for entry in timed) + TTLS["Viber"]
    await asyncio.sleep(max(0.0, first - cast.scale.away / 2 - time.time()))


async def _turned_away(site: Site, cast: Cast) -> str:
    """What a client reads that asks now: the code of the answer's body."""
    name, door = next(iter(site.doors.items()))
    body = cast.plan("0101").body(site.callbacks.url)
    try:
        answer = await door.post("/failover/transactional", json=body, timeout=30)
    except httpx.TransportError as fault:
        return f"{name}: {type(fault).__name__}"
    said: Mapping[str, str] = answer.json()
    return said.get("code", str(answer.status_code))
