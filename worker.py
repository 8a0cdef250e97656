"""Composition root of the worker process: no logic."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

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
from activities.intents import Intents
from activities.steps import Steps
from egress.deliver import Deliverer
from providers.http import ProviderClient
from providers.registry import Providers
from providers.token import ReportTokens
from settings import Settings
from storage import schema
from storage.engine import connect as open_database
from storage.seal import Sealer
from tracking.records import Tracking
from workflows import names
from workflows.client import connect
from workflows.failover import FailoverWorkflow

GRACE = timedelta(seconds=20)
"""How long running activities have after SIGTERM."""

_log = structlog.get_logger()


def workers(
    client: Client,
    steps: Steps,
    callbacks: Callbacks,
    *,
    runner: WorkflowRunner | None = None,
    grace: timedelta = GRACE,
) -> Sequence[Worker]:
    """One worker for each task queue: flows, sends, callbacks."""
    version = WorkerDeploymentVersion("failover", os.environ.get("FAILOVER_BUILD", "development"))
    common = {
        "deployment_config": WorkerDeploymentConfig(version=version, use_worker_versioning=False),
        # The default of five pollers starves new flows at saturation.
        "workflow_task_poller_behavior": PollerBehaviorAutoscaling(),
        "activity_task_poller_behavior": PollerBehaviorAutoscaling(),
        "graceful_shutdown_timeout": grace,
    }
    return (
        Worker(
            client,
            task_queue=names.FLOWS,
            workflows=[FailoverWorkflow],
            workflow_runner=runner or UnsandboxedWorkflowRunner(),
            # Few at once, or a cold restart replays so many that the two-second limit trips.
            max_concurrent_workflow_tasks=16,
            max_cached_workflows=5000,
            **common,
        ),
        Worker(client, task_queue=names.SENDS, activities=[steps.send_step], **common),
        Worker(client, task_queue=names.PUBLISH, activities=[callbacks.publish], **common),
    )
