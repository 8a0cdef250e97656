"""What the engine believes that one process is at."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError

from accounts.demonstration import ACME
from tests.proof.ledger import Entry
from tests.proof.members import identity
from tests.proof.site import Site
from workflows.names import workflow_id

NEWEST = 30
"""How many of all that run are looked at."""


@dataclass(frozen=True)
class Task:
    """An activity that a process took and has not ended."""

    flow: str
    name: str


async def in_hand(site: Site, pid: int, entries: Sequence[Entry]) -> Sequence[Task]:
    """Those of the flows' activities that this worker is at, by the engine's word.

    Flows whose client was not answered yet are looked for among all that run.
    """
    flows = {entry.flow for entry in entries if entry.flow}
    if any(entry.flow is None for entry in entries):
        flows |= await _running(site)
    tasks = await asyncio.gather(*(_at(site, flow, pid) for flow in flows))
    return [task for found in tasks for task in found]


async def _running(site: Site) -> set[str]:
    found: set[str] = set()
    with suppress(RPCError):
        async for each in site.temporal.list_workflows("ExecutionStatus='Running'", limit=NEWEST):
            found.add(each.id.rpartition("/")[2])
    return found


async def _at(site: Site, flow: str, pid: int) -> Sequence[Task]:
    handle = site.temporal.get_workflow_handle(workflow_id(ACME.account, flow))
    try:
        described = await handle.describe()
    except RPCError:  # it is away
        return ()
    return [
        Task(flow, each.activity_type.name)
        for each in described.raw_description.pending_activities
        if each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        and each.last_worker_identity == identity(pid)
    ]
