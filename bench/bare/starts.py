"""Starts flows in a loop, in one process and without HTTP: what creating one costs at the least.

`python -m bench.bare.starts` takes a line of JSON for each load, the members of `Load`, and answers
with one, those of `Loaded`. It ends with its input.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import orjson
import uvloop
from temporalio.client import Client, GrpcCompression

from bench.bare.front import flow_of
from bench.bare.shape import FLOWS, WORKFLOW, workflow_id
from bench.outside import Load, Loaded


async def looped(client: Client, load: Load) -> Loaded:
    """Start the flows, `in_flight` at a time."""
    found, places, body = Loaded(), iter(range(load.flows)), json.loads(load.body)
    started = time.time()
    async with asyncio.TaskGroup() as group:
        for _ in range(load.in_flight):
            group.create_task(_start(client, body, places, found))
    found.seconds = time.time() - started
    return found


async def _start(
    client: Client, body: Mapping[str, Any], places: Iterator[int], found: Loaded
) -> None:
    for _ in places:
        began = time.time()
        flow = flow_of(str(uuid4()), body)
        named = workflow_id(flow.tracking_id)
        await client.start_workflow(WORKFLOW, flow, id=named, task_queue=FLOWS)
        found.accepted.append(time.time() - began)
        found.ids.append(flow.tracking_id)


async def _serve() -> None:
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"],
        namespace=os.environ["TEMPORAL_NAMESPACE"],
        grpc_compression=GrpcCompression.NONE,
    )
    while line := await asyncio.to_thread(sys.stdin.readline):
        found = await looped(client, Load(**orjson.loads(line)))
        sys.stdout.write(orjson.dumps(found).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(_serve())
