"""The worker: sends by httpx, tells clients by httpx."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import uvloop
from temporalio import activity
from temporalio.client import Client, GrpcCompression
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from bench.bare.flow import BareWorkflow
from bench.bare.shape import FLOWS, PUBLISH, SENDS, Outgoing, Told

HEARTBEAT = 1.0
"""Seconds between beats."""

LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=3)


@dataclass
class Activities:
    """Both speak HTTP; `provider` and `reports` are addresses without a final slash."""

    client: httpx.AsyncClient
    provider: str
    reports: str

    @activity.defn(name="send")
    async def send(self, outgoing: Outgoing) -> str:
        """Hand the step to the provider; returns its id for the message."""
        step = outgoing.step
        async with _heartbeat():
            answer = await self.client.post(
                f"{self.provider}/messages",
                json={
                    "reference": f"{outgoing.tracking_id}.{step.order}",
                    "channel": step.channel,
                    "to": step.to,
                    "from": step.sender,
                    "content": step.content,
                    "validity": step.ttl,
                    "reportUrl": f"{self.reports}/reports/{outgoing.tracking_id}/{step.order}",
                },
            )
            answer.raise_for_status()
            return str(answer.json()["messageId"])

    @activity.defn(name="tell")
    async def tell(self, told: Told) -> None:
        """POST the end to the client; fails, to be tried again, until that answers 2xx."""
        answer = await self.client.post(
            told.url,
            json={"trackingId": told.tracking_id, "status": told.status, "steps": told.steps},
        )
        answer.raise_for_status()


@contextlib.asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            activity.heartbeat()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


async def serve() -> None:
    """Work until SIGTERM, by the environment."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"],
        namespace=os.environ["TEMPORAL_NAMESPACE"],
        grpc_compression=GrpcCompression.NONE,
    )
    autoscaling = PollerBehaviorAutoscaling()
    async with httpx.AsyncClient(trust_env=False, timeout=10, limits=LIMITS) as http:
        work = Activities(http, os.environ["BENCH_PROVIDER"], os.environ["BENCH_REPORTS"])
        flows = Worker(
            client,
            task_queue=FLOWS,
            workflows=[BareWorkflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_workflow_tasks=16,
            max_cached_workflows=5000,
            workflow_task_poller_behavior=autoscaling,
        )
        sends = Worker(
            client,
            task_queue=SENDS,
            activities=[work.send],
            activity_task_poller_behavior=autoscaling,
        )
        publish = Worker(
            client,
            task_queue=PUBLISH,
            activities=[work.tell],
            activity_task_poller_behavior=autoscaling,
            max_concurrent_activities=1000,
        )
        async with flows, sends, publish:
            print("worker ready", flush=True)  # noqa: T201  whoever started it waits for this
            await stopping.wait()


if __name__ == "__main__":
    uvloop.run(serve())
