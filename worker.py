"""Composition root of the worker process: no logic."""

import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import (
    PollerBehaviorAutoscaling,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)

from activities.callbacks import Callbacks
from activities.chain import Chain
from activities.intents import Intents
from activities.letters import Letters
from activities.naming import Naming
from activities.signing import Signatures
from activities.steps import Steps
from activities.telling import Telling
from egress.deliver import Deliverer
from egress.transport import MOST_CONNECTIONS
from metrics import endpoint
from providers.http import ProviderClient
from providers.token import ReportTokens
from settings import Settings
from storage import schema
from storage.seal import Sealer
from tracking.conversations import Conversations
from tracking.outbox import Outbox
from tracking.records import Tracking
from workflows import names
from workflows.client import connect
from workflows.failover import FailoverWorkflow

GRACE = timedelta(seconds=20)
"""How long running activities have after SIGTERM."""

_log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        WrongSchema, BadKeys: not set up; the message says what to do.
        RuntimeError: the engine cannot be reached, or polling it failed for good.
        OSError: the address of the metrics cannot be listened on.
    """
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    with endpoint.serving(str(settings.metrics_host), settings.metrics_port):
        await _work(settings, stopping)


async def _work(settings: Settings, stopping: asyncio.Event) -> None:
    async with activities(settings) as (steps, callbacks, letters):
        client = await connect(metrics=settings.temporal_metrics)
        every = workers(client, steps, callbacks, letters, build=settings.build, held=settings.held)
        running = [asyncio.create_task(worker.run()) for worker in every]
        _log.info("worker ready", queues=[worker.task_queue for worker in every])
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait([*running, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        await asyncio.gather(*(worker.shutdown() for worker in every))
        await asyncio.gather(*running)  # one that stopped by itself raises why


@asynccontextmanager
async def activities(settings: Settings) -> AsyncIterator[tuple[Steps, Callbacks, Letters]]:
    """The activities with all that they need, by the settings."""
    keys = settings.keyring()
    sealer = Sealer(keys)
    providers = settings.providers()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(schema.opened(settings.database))
        clients = {
            provider.name: await stack.enter_async_context(ProviderClient(provider))
            for provider in providers.all()
        }
        tracking = Tracking(engine, sealer)
        chain = Chain(
            providers=providers,
            clients=clients,
            intents=Intents(engine, tracking),
            tokens=ReportTokens(keys),
            conversations=Conversations(engine, keys),
            report_url=settings.public_url,
            receipts=settings.receipts(),
        )
        deliverer = await stack.enter_async_context(Deliverer(settings.reach()))
        telling = Telling(Outbox(engine, sealer), Signatures(sealer), deliverer)
        yield (
            Steps(chain, sealer),
            Callbacks(engine, tracking, sealer, telling),
            Letters(engine, sealer, telling),
        )


def workers(
    client: Client,
    steps: Steps,
    callbacks: Callbacks,
    letters: Letters,
    *,
    runner: WorkflowRunner | None = None,
    grace: timedelta = GRACE,
    build: str = "development",
    held: Collection[str] = (),
) -> Sequence[Worker]:
    """One worker for each task queue: flows, sends, callbacks.

    `held` are the patches of the workflow that this worker understands, but begins no flow with:
    while older workers are about, which do not (docs/upgrades.md).
    """
    version = WorkerDeploymentVersion("failover", build)
    common: dict[str, Any] = {
        "deployment_config": WorkerDeploymentConfig(version=version, use_worker_versioning=False),
        # The default of five pollers starves new flows at saturation.
        "workflow_task_poller_behavior": PollerBehaviorAutoscaling(),
        "activity_task_poller_behavior": PollerBehaviorAutoscaling(),
        "graceful_shutdown_timeout": grace,
        "interceptors": [Naming()],
    }
    return (
        Worker(
            client,
            task_queue=names.FLOWS,
            workflows=[FailoverWorkflow],
            workflow_runner=runner or UnsandboxedWorkflowRunner(),
            patch_activation_callback=lambda asked: asked.patch_id not in held,
            # Few at once, or a cold restart replays so many that the two-second limit trips.
            max_concurrent_workflow_tasks=16,
            max_cached_workflows=5000,
            **common,
        ),
        Worker(client, task_queue=names.SENDS, activities=[steps.send_step, steps.ask], **common),
        Worker(
            client,
            task_queue=names.PUBLISH,
            activities=[callbacks.publish, letters.deliver, letters.replay],
            # Most of them wait for receivers, a dead one for 10 s; they must not use up each
            # other's: an account may have 512 (egress/bounds.py).
            max_concurrent_activities=MOST_CONNECTIONS,
            **common,
        ),
    )
