"""Ends flows that were made only to be made: what they would do next is not measured."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bench.ground import Ground

AT_ONCE = 32


async def ended(ground: Ground, workflow_ids: Sequence[str]) -> None:
    """Terminate those that run."""
    client = await Client.connect(ground.engine.address)
    left = iter(workflow_ids)
    while some := list(islice(left, AT_ONCE)):
        await asyncio.gather(*(_ended(client, each) for each in some))


async def _ended(client: Client, workflow_id: str) -> None:
    try:
        await client.get_workflow_handle(workflow_id).terminate("measured")
    except RPCError as fault:
        if fault.status is not RPCStatusCode.NOT_FOUND:
            raise
