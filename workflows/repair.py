"""Ends flows that nobody runs any more: their workflow was terminated or failed, or is unknown.

Each is published by an activity of its own, outside of any workflow: it records the end and tells
the client, and is seen in the Temporal UI.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import ActivityExecutionStatus, Client, WorkflowExecutionStatus
from temporalio.common import (
    ActivityIDReusePolicy,
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
)
from temporalio.exceptions import ActivityAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.callbacks import Callbacks
from domain.flow import Publication
from domain.progress import Outcome
from domain.wire import milliseconds
from storage.engine import writing
from tracking import reopening
from tracking.records import Tracked, Tracking
from tracking.unfinished import Recorded, is_unfinished, newest, unfinished, untold
from workflows import names, summaries
from workflows.client import RPC, FlowClient
from workflows.publishing import PUBLISH_RETRIES, PUBLISHING

UNKNOWN = "unknown to the engine"


class WrongEngine(Exception):
    """The engine does not know flows that it must know; the message says what to do."""


class Mended(StrEnum):
    """What was done for a flow that is gone."""

    ENDED = "ended"
    TOLD = "told what it missed"
    NOTHING = "being ended already"


@dataclass(frozen=True)
class Gone:
    """A flow on record whose workflow does not run: why, and the outcome if it had one."""

    flow: Recorded
    why: str
    outcome: Outcome | None = None


class Repair:
    """Compares the record with the engine, and ends what only the record believes to run."""

    def __init__(
        self, client: Client, flows: FlowClient, engine: AsyncEngine, tracking: Tracking
    ) -> None:
        self._client = client
        self._flows = flows
        self._engine = engine
        self._tracking = tracking

    async def suspects(self, before: datetime) -> Sequence[Recorded]:
        """The flows under way of which nothing was recorded since, and those whose client waits."""
        return [*await unfinished(self._engine, before), *await untold(self._engine, before)]

    async def gone(self, flows: Sequence[Recorded]) -> Sequence[Gone]:
        """Those of the flows whose workflow does not run; all are asked for at once.

        Raises:
            RPCError: the engine does not answer.
        """
        return [each for each in await asyncio.gather(*map(self._gone, flows)) if each]

    async def check(self) -> None:
        """Make sure that an unknown workflow is a lost one, not one of another engine.

        Raises:
            WrongEngine: it does not even know the newest flow on record.
            RPCError: it does not answer, or has no such namespace.
        """
        described = await self._client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=self._client.namespace), timeout=RPC
        )
        retention: timedelta = described.config.workflow_execution_retention_ttl.ToTimedelta()
        last = await newest(self._engine)
        if last is None or last.created_at < datetime.now(UTC) - retention:
            return
        if any(each.why == UNKNOWN for each in await self.gone([last])):
            raise WrongEngine(
                f"the namespace {self._client.namespace} does not know the newest flow on record, "
                f"{last.account}/{last.tracking_id}: are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE "
                "those of the worker? Nothing was changed. If the engine has lost its data, add "
                "--lost"
            )

    async def _gone(self, flow: Recorded) -> Gone | None:
        handle = self._client.get_workflow_handle(
            names.workflow_id(flow.account, flow.tracking_id), result_type=Outcome
        )
        try:
            description = await handle.describe(rpc_timeout=RPC)
        except RPCError as fault:
            if fault.status is RPCStatusCode.NOT_FOUND:
                return Gone(flow, UNKNOWN)
            raise
        if description.close_time is None:
            return None
        status = description.status
        if status is WorkflowExecutionStatus.COMPLETED:
            return Gone(flow, "completed", await handle.result(rpc_timeout=RPC))
        return Gone(flow, status.name.lower().replace("_", " ") if status else "closed")

    async def end(self, gone: Gone) -> Mended:
        """Have the flow's end recorded and told, and before it what else its client was to hear.

        A completed workflow has told its client already. Else the flow ends as its reports say,
        or Failed with statusCode 0. This waits neither for a worker nor for a receiver.

        Raises:
            RPCError, Unavailable: the engine does not answer.
        """
        told = not await self._is_being_ended(gone.flow) and await self._told(gone.flow)
        tracked = await self._tracking.find(gone.flow.account, gone.flow.tracking_id)
        unfinished = tracked is not None and await is_unfinished(self._engine, gone.flow)
        if tracked and unfinished and await self._ended(tracked, gone.outcome):
            return Mended.ENDED
        return Mended.TOLD if told else Mended.NOTHING

    async def _is_being_ended(self, flow: Recorded) -> bool:
        handle = self._client.get_activity_handle(names.repair_id(flow.account, flow.tracking_id))
        try:
            description = await handle.describe(rpc_timeout=RPC)
        except RPCError as fault:
            if fault.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return description.status is ActivityExecutionStatus.RUNNING

    async def _told(self, flow: Recorded) -> bool:
        """Have delivered, in order, what the workflow has left behind; False if that is nothing."""
        async with writing(self._engine) as connection:
            now = milliseconds(datetime.now(UTC))
            left = await reopening.stranded(connection, flow.account, flow.tracking_id, now)
        if left:
            await self._flows.replay(flow.account, flow.tracking_id)
        return bool(left)

    async def _ended(self, tracked: Tracked, outcome: Outcome | None) -> bool:
        flow, now = tracked.flow, milliseconds(datetime.now(UTC))
        progress = tracked.progress.abandoned(flow, now, outcome)
        how = Publication.TOLD if outcome is None else Publication.RECORDED
        attributes = [
            SearchAttributePair(names.ACCOUNT, flow.account),
            SearchAttributePair(names.APPLICATION, flow.application),
        ]
        try:
            await self._client.start_activity_method(
                Callbacks.publish,
                args=[flow, progress, how],
                id=names.repair_id(flow.account, flow.tracking_id),
                task_queue=names.PUBLISH,
                # One that an operator ended before it had recorded anything may be started again:
                # once it has, the flow is no suspect any more. So nobody is told twice.
                id_reuse_policy=ActivityIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                start_to_close_timeout=PUBLISHING,
                retry_policy=PUBLISH_RETRIES,
                search_attributes=TypedSearchAttributes(attributes),
                summary=summaries.of_publication(flow, progress, how),
                priority=Priority(fairness_key=flow.account[:64]),
                rpc_timeout=RPC,
            )
        except ActivityAlreadyStartedError:
            return False
        return True
