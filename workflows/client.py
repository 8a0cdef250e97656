"""The only door to the engine: start a flow, report on it, cancel it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    GrpcCompression,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    ActivityIDReusePolicy,
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ActivityAlreadyStartedError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import AlreadyFinal, Unavailable, UnknownFlow
from domain.flow import Flow, StepRef
from domain.letter import Letter
from domain.progress import DeliveryReport, FlowStatus, Progress
from storage.keys import Keyring
from storage.seal import Sealer
from workflows import names, runtime, summaries
from workflows.publishing import PUBLISH_RETRIES, PUBLISHING, REPLAYING

ASKING = 10.0
"""Seconds for which a start without an answer is asked again, with the same id."""

RPC = timedelta(seconds=4)
"""How long one call may take; the SDK repeats it within."""

CANCEL = timedelta(seconds=3)
"""How long a worker has to take a cancellation."""


REJOINING = 8
"""How often a replay is asked for while an earlier one of the same flow seems to run."""

NotConnected = RuntimeError
"""What the SDK raises when a lazy client's first connection fails."""


class AlreadyStarted(Exception):
    """A flow of that id exists: another request with the same Idempotency-Key made it."""


async def connect(lazy: bool = False, metrics: str | None = None) -> Client:
    """A client by the SDK's own settings (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …).

    `metrics` is the address on which the SDK serves its own.

    Raises:
        OSError: it cannot be listened on.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(
        **config,
        data_converter=pydantic_data_converter,
        grpc_compression=GrpcCompression.NONE,
        lazy=lazy,
        runtime=runtime.serving(metrics),
    )


async def has_worker(client: Client) -> bool:
    """Whether somebody runs flows."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=names.FLOWS),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return bool(described.pollers)


@dataclass(frozen=True)
class Started:
    """A flow that runs, sealed; `is_found` if an asking that went unanswered has started it."""

    flow: Flow
    is_found: bool


class FlowClient:
    """Flows, as everything outside the worker sees them."""

    def __init__(self, client: Client, sealer: Sealer, keys: Keyring) -> None:
        self._client = client
        self._sealer = sealer
        self._keys = keys

    async def start(self, flow: Flow, recipients: Sequence[str]) -> Started:
        """Seal the flow and start it, so that it outlives every process.

        `recipients` are the full numbers: only their hashes are kept. What an earlier request with
        the same body started, while the engine's answers were lost, is returned as it was started.

        Raises:
            AlreadyStarted: another request started a flow of this id.
            Unavailable: the engine did not answer, or refused; nothing is known to exist.
        """
        sealed = self._sealer.sealed(flow)
        hashes = [self.recipient_hash(number) for number in dict.fromkeys(recipients)]
        give_up = asyncio.get_running_loop().time() + ASKING
        unanswered = False
        while True:
            try:
                return await self._started(sealed, hashes, unanswered)
            except (RPCError, NotConnected) as fault:
                unanswered = True
                if not _may_pass(fault) or asyncio.get_running_loop().time() > give_up:
                    raise Unavailable(
                        "The flow could not be started; send the request again", flow.tracking_id
                    ) from None
                await asyncio.sleep(0.25)

    async def _started(self, sealed: Flow, hashes: list[str], unanswered: bool) -> Started:
        """Start the flow, or find what an asking that went unanswered has started."""
        try:
            await self._start(sealed, hashes)
        except WorkflowAlreadyStartedError:
            if unanswered:  # by our own earlier asking, or by another request's
                return Started(await self._existing(sealed), is_found=True)
            raise AlreadyStarted from None
        return Started(sealed, is_found=False)

    async def _existing(self, sealed: Flow) -> Flow:
        """The flow of that id as it was started, if by a request with the same body."""
        workflow_id = names.workflow_id(sealed.account, sealed.tracking_id)
        handle = self._client.get_workflow_handle(workflow_id)
        history = handle.fetch_history_events(page_size=1, rpc_timeout=RPC)
        started = (await anext(history)).workflow_execution_started_event_attributes
        existing: Flow
        (existing,) = await self._client.data_converter.decode(started.input.payloads, [Flow])
        if existing.request != sealed.request:
            raise AlreadyStarted
        return existing

    async def _start(self, flow: Flow, hashes: list[str]) -> None:
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(names.ACCOUNT, flow.account),
                SearchAttributePair(names.APPLICATION, flow.application),
                SearchAttributePair(names.KIND, flow.kind),
                SearchAttributePair(names.STATUS, FlowStatus.IN_PROGRESS),
                SearchAttributePair(names.CHANNEL, flow.steps[0].channel),
                SearchAttributePair(names.RECIPIENT_HASHES, hashes),
            ]
        )
        await self._client.start_workflow(
            names.WORKFLOW,
            flow,
            id=names.workflow_id(flow.account, flow.tracking_id),
            task_queue=names.FLOWS,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=attributes,
            static_summary=summaries.of_flow(flow),
            priority=Priority(fairness_key=flow.account[:64]),
            rpc_timeout=RPC,
        )

    async def report(self, ref: StepRef, report: DeliveryReport) -> bool:
        """Tell the flow; True once the engine has it for good, False if the flow has ended.

        Raises:
            Unavailable: the engine does not have it.
        """
        handle = self._client.get_workflow_handle(names.workflow_id(ref.account, ref.tracking_id))
        try:
            await handle.signal(names.REPORT_SIGNAL, report, rpc_timeout=RPC)
        except (RPCError, NotConnected) as fault:
            if _is_unknown(fault):
                return False
            raise Unavailable("The report could not be taken; send it again") from None
        return True

    async def post(self, letter: Letter) -> None:
        """Have the letter delivered, be its flow over or not; one that was posted is not again.

        Raises:
            Unavailable: the engine does not have it.
        """
        attributes = [SearchAttributePair(names.ACCOUNT, letter.account)]
        try:
            await self._client.start_activity(
                names.DELIVER,
                self._sealer.sealed_letter(letter),
                id=names.letter_id(letter.account, letter.tracking_id, letter.event),
                task_queue=names.PUBLISH,
                id_reuse_policy=ActivityIDReusePolicy.REJECT_DUPLICATE,
                start_to_close_timeout=PUBLISHING,
                retry_policy=PUBLISH_RETRIES,
                search_attributes=TypedSearchAttributes(attributes),
                summary=f"{letter.event.partition('_')[0]} · {letter.tracking_id}",
                priority=Priority(fairness_key=letter.account[:64]),
                rpc_timeout=RPC,
            )
        except ActivityAlreadyStartedError:
            return
        except (RPCError, NotConnected):
            raise Unavailable("The message could not be taken; send it again") from None

    async def replay(self, account: str, tracking_id: str) -> None:
        """Have those of the flow's callbacks delivered that were asked for again.

        Raises:
            Unavailable: the engine does not have it; they wait until this is called again.
        """
        attributes = [SearchAttributePair(names.ACCOUNT, account)]
        for _ in range(REJOINING):
            try:
                await self._client.start_activity(
                    names.REPLAY,
                    args=[account, tracking_id],
                    id=names.replay_id(account, tracking_id),
                    task_queue=names.PUBLISH,
                    start_to_close_timeout=REPLAYING,
                    heartbeat_timeout=PUBLISHING,
                    retry_policy=PUBLISH_RETRIES,
                    search_attributes=TypedSearchAttributes(attributes),
                    summary=f"replay · {tracking_id}",
                    priority=Priority(fairness_key=account[:64]),
                    rpc_timeout=RPC,
                )
            except ActivityAlreadyStartedError:
                # It finds them too, unless it has just found that nothing more waits.
                await asyncio.sleep(0.25)
                continue
            except (RPCError, NotConnected):
                raise Unavailable("The replay could not be taken; ask for it again") from None
            return

    async def cancel(self, account: str, tracking_id: str) -> Progress:
        """End the flow, and return where it stands.

        Raises:
            AlreadyFinal: it is over.
            UnknownFlow: the engine has no such flow (it may have forgotten one that is over).
            Unavailable: no worker took it in time; it may be asked again.
        """
        handle = self._client.get_workflow_handle(names.workflow_id(account, tracking_id))
        try:
            # The SDK asks again, as long once more, when the engine answers that nobody came yet.
            async with asyncio.timeout(CANCEL.total_seconds()):
                progress: Progress = await handle.execute_update(
                    names.CANCEL_UPDATE, result_type=Progress, rpc_timeout=CANCEL
                )
        except WorkflowUpdateFailedError:
            raise AlreadyFinal("The flow is already final") from None
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            raise Unavailable("No worker took the cancellation in time; send it again") from None
        except (RPCError, NotConnected) as fault:
            if _is_unknown(fault):
                raise UnknownFlow("No such flow") from None
            raise Unavailable("The flow could not be cancelled; send it again") from None
        return progress

    async def is_healthy(self) -> bool:
        """Whether the engine answers."""
        try:
            return await self._client.service_client.check_health(timeout=timedelta(seconds=1))
        except (RPCError, NotConnected):
            return False

    def recipient_hash(self, number: str) -> str:
        """What ops search a recipient by (`FailoverRecipientHashes`): 32 hex digits."""
        return self._keys.lasting_digest("recipient", number).hex()[:32]


def _is_unknown(fault: Exception) -> bool:
    return isinstance(fault, RPCError) and fault.status is RPCStatusCode.NOT_FOUND


def _may_pass(fault: Exception) -> bool:
    return not isinstance(fault, RPCError) or fault.status in _PASSING


_PASSING = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
}
