"""Waits until all flows are over and told, and has what is dead told again."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import httpx
from temporalio.service import RPCError

from tests.conftest import until
from tests.proof.site import Site

GRACE = 240.0
"""Seconds after the last round within which every flow ends and is told, repeated callbacks too."""

REPLAYING = 90.0
"""Seconds within which a replay delivers what was dead."""


async def settled(site: Site) -> None:
    """Wait until no flow runs, or until the grace is over.

    A call of which the provider forgot to report would run for a quarter of an hour: its client
    cancels it.
    """
    calls = {
        entry.flow for entry in site.ledger.entries if entry.flow and "Voice" in entry.plan.channels
    }
    with suppress(TimeoutError):
        await until(lambda: _run_only(site, calls), GRACE, every=1.0)
        for flow in calls:
            await site.api.post(f"/failover/{flow}/cancel")
        await until(lambda: _run_only(site, set()), GRACE, every=1.0)


async def replayed(site: Site) -> float:
    """Have all that is dead delivered; returns when that was first asked for, in epoch seconds."""
    began = time.time()
    day = time.gmtime(began - 86400)
    body = {"since": time.strftime("%Y-%m-%dT%H:%M:%SZ", day)}

    async def none_is_dead() -> bool:
        dead = await _listed(site.api, state="Dead", size="1")
        waiting = await _listed(site.api, state="Waiting", size="1")
        if dead and not waiting:
            (await site.api.post("/callbacks/replay", json=body)).raise_for_status()
        return not dead and not waiting

    with suppress(TimeoutError):
        await until(none_is_dead, REPLAYING, every=1.0)
    return began


async def _run_only(site: Site, flows: set[str]) -> bool:
    """Whether no other flow runs: each has told what it had to, or given up."""
    running: set[str] = set()
    with suppress(RPCError):
        async for each in site.temporal.list_workflows("ExecutionStatus='Running'"):
            running.add(each.id.rpartition("/")[2])
        return running <= flows
    return False


async def _listed(api: httpx.AsyncClient, **query: str) -> Sequence[Mapping[str, Any]]:
    answer = await api.get("/callbacks", params=query)
    answer.raise_for_status()
    content: Sequence[Mapping[str, Any]] = answer.json()["content"]
    return content
