"""The whole service in real processes, with wires that the tests can hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHandle

from accounts.demonstration import ACME
from cli.sink import Sink, listening
from storage.engine import connect, reading
from storage.tables import sends
from tests.conftest import KEYS, until
from tests.faults.wire import Wire
from tests.processes import STARTING, Child, Processes, client_of, free_port, sign_in
from tests.samples import sms, viber
from workflows.names import workflow_id

Handle = WorkflowHandle[Any, Any]


@dataclass(frozen=True)
class Installation:
    """Sandbox and API run; workers are started by the tests.

    `provider` stands between worker and sandbox, `reports` between sandbox and API.
    """

    engine: Client
    database: AsyncEngine
    processes: Processes
    provider: Wire
    reports: Wire
    api: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    sink: Sink

    async def worker(self) -> Child:
        """A worker that is at work."""
        child = await self.processes.start("worker")
        await until(lambda: child.says("worker ready"), STARTING)
        return child

    async def post(self, digits: str) -> str:
        """Start a flow, Viber then Sms, to the recipient with these last digits."""
        to = f"+30690000{digits}"
        return await self.post_flow(viber(to, ttl=0.5), sms(to))

    async def post_flow(self, *steps: dict[str, Any]) -> str:
        """Start a flow of these steps, each change told to the sink."""
        callback = {"strategy": "OnStep", "url": self.sink.url}
        body = {"flow": steps, "callback": callback}
        created = await self.api.post("/failover/transactional", json=body)
        created.raise_for_status()
        return str(created.json()["trackingId"])

    async def ends(self, flow: str) -> tuple[str, ...]:
        """Each attempted step's channel and status, as a client is told."""
        answer = await self.api.get(f"/failover/tracking/{flow}")
        answer.raise_for_status()
        messages = answer.json()["messages"]
        return tuple(f"{each['type']} {each['status']['name']}" for each in messages)

    async def status(self, flow: str) -> str:
        """What a client is told of the flow."""
        answer = await self.api.get(f"/failover/tracking/{flow}")
        answer.raise_for_status()
        return str(answer.json()["status"])

    async def over(self, flow: str, within: float) -> str:
        """The flow's status once it is over and its client has been told, or what it is by then."""

        async def told() -> bool:
            status = await self.status(flow)
            return status in {"Succeeded", "Failed"} and not self.sink.faults(flow, status)

        with suppress(TimeoutError):
            await until(told, within)
        return await self.status(flow)

    async def messages(self, flow: str) -> list[str]:
        """The channels of all messages that reached the recipient, oldest first."""
        inbox = (await self.sandbox.get("/inbox")).json()
        return [each["channel"] for each in inbox if each["reference"].startswith(flow)]

    async def requests(self, flow: str) -> int:
        """How many requests to send reached the provider."""
        seen = (await self.sandbox.get("/requests")).json()
        return sum(each["reference"].startswith(flow) for each in seen)

    async def intents(self, flow: str) -> list[str]:
        """The states of the flow's rows in `sends`, by step."""
        async with reading(self.database) as connection:
            rows = await connection.execute(
                select(sends.c.state)
                .where(sends.c.reference.startswith(flow))
                .order_by(sends.c.reference)
            )
            return list(rows.scalars())

    async def attempted_since(self, flow: str, moment: datetime) -> datetime | None:
        """When the first step was next tried after the moment.

        By the engine's word, and by the provider's where an attempt was over before it was seen.
        """
        seen = (await self.sandbox.get("/requests")).json()
        known = [
            datetime.fromisoformat(each["at"]) for each in seen if each["reference"] == f"{flow}.1"
        ]
        handle = self._handle(flow)
        known += [_moment(each.last_started_time) for each in await _pending(handle)]
        known += await _recorded(handle)
        return min((each for each in known if each > moment), default=None)

    async def beaten_since(self, flow: str, moment: datetime) -> bool:
        """Whether the send that runs has beaten its heart after the moment."""
        pending = await _pending(self._handle(flow))
        return any(_moment(each.last_heartbeat_time) > moment for each in pending)

    async def attempts(self, flow: str) -> int:
        """How many attempts the send that was recorded last took."""
        handle = self._handle(flow)
        started = [
            event.activity_task_started_event_attributes.attempt
            async for event in handle.fetch_history_events()
            if event.HasField("activity_task_started_event_attributes")
        ]
        return max(started)

    def _handle(self, flow: str) -> Handle:
        return self.engine.get_workflow_handle(workflow_id(ACME.account, flow))


async def _pending(handle: Handle) -> list[PendingActivityInfo]:
    described = await handle.describe()
    return [
        each
        for each in described.raw_description.pending_activities
        if each.activity_type.name == "send_step"
    ]


async def _recorded(handle: Handle) -> list[datetime]:
    """When the first send that was ever scheduled was last started, if that is in the history."""
    first: int | None = None
    async for event in handle.fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        if first is None and scheduled.activity_type.name == "send_step":
            first = event.event_id
        started = event.activity_task_started_event_attributes
        if first is not None and started.scheduled_event_id == first:
            return [_moment(event.event_time)]
    return []


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


@asynccontextmanager
async def installed(
    engine: Client, url: str, directory: Path, dedupes: bool
) -> AsyncIterator[Installation]:
    """An installation in the client's namespace, on that database, in an existing directory."""
    sandbox_port, api_port = free_port(), free_port()
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(Wire(sandbox_port))
        reports = await stack.enter_async_context(Wire(api_port))
        database = connect(url)
        stack.push_async_callback(database.dispose)
        environment = {
            "TEMPORAL_ADDRESS": engine.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": engine.namespace,
            "FAILOVER_DATA_DIR": str(directory),
            "FAILOVER_DATABASE_URL": url,
            "FAILOVER_KEYS": KEYS,
            "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "FAILOVER_DEMONSTRATION": "true",
            "FAILOVER_REPORT_URL": reports.url,
            "FAILOVER_API_PORT": str(api_port),
            "FAILOVER_SANDBOX_PORT": str(sandbox_port),
            "FAILOVER_SANDBOX_URL": provider.url,
            "FAILOVER_SANDBOX_DEDUPES": str(dedupes).lower(),
        }
        processes = await stack.enter_async_context(Processes(directory / "logs", environment))
        for name in ("sandbox", "api"):
            await processes.start(name)
        api = await stack.enter_async_context(client_of(api_port))
        sandbox = await stack.enter_async_context(client_of(sandbox_port))
        sink = await stack.enter_async_context(listening(free_port()))
        await asyncio.gather(_answers(sandbox, "/health"), _answers(api, "/health/ready"))
        await sign_in(api)
        yield Installation(engine, database, processes, provider, reports, api, sandbox, sink)


async def _answers(client: httpx.AsyncClient, path: str) -> None:
    async def answers() -> bool:
        try:
            return (await client.get(path)).is_success
        except httpx.TransportError:
            return False

    await until(answers, STARTING)
