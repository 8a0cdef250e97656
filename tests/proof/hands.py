"""What the engine believes that one process is at."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError

from accounts.demonstration import ACME
from tests.proof.ledger import Entry
from tests.proof.site import Site
from workflows.names import workflow_id


@dataclass(frozen=True)
class Task:
    """An activity that a process took and has not ended."""

    flow: str
    name: str


async def in_hand(site: Site, pid: int, entries: Sequence[Entry]) -> Sequence[Task]:
    """Those of the flows' activities that this worker is at, by the engine's word."""
    identity = f"{pid}@{socket.gethostname()}"
    found: list[Task] = []
    for entry in entries:
        if entry.flow is None:
            continue
        handle = site.temporal.get_workflow_handle(workflow_id(ACME.account, entry.flow))
        try:
            described = await handle.describe()
        except RPCError:  # it is away, or accepted this very moment
            continue
        found += [
            Task(entry.flow, each.activity_type.name)
            for each in described.raw_description.pending_activities
            if each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            and each.last_worker_identity == identity
        ]
    return found
