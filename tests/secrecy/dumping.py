"""Everything that a run wrote down, source by source."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import QueryRejectCondition
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import (
    DescribeActivityExecutionRequest,
    DescribeWorkflowExecutionRequest,
    QueryWorkflowRequest,
    QueryWorkflowResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from storage.engine import reading
from tests.secrecy.playing import Player
from tests.secrecy.site import ACCOUNT, Site

NUMBERS = "recipients.number"
"""The one place where full numbers may stand, and what is made of it."""


@dataclass(frozen=True)
class Source:
    """Some of it, and a word that must be in it, or it was not read at all."""

    name: str
    data: bytes
    marker: str

    @property
    def was_read(self) -> bool:
        """Whether it holds what it must."""
        return self.marker.encode() in self.data


async def of_the_engine(site: Site, player: Player) -> AsyncIterator[Source]:
    """What Temporal tells of all flows and activities."""
    client, flow = site.engine, player.flows["delivered"]
    found = [each async for each in client.list_workflows()]
    histories, described, details = [], [], []
    for each in found:
        handle = client.get_workflow_handle(each.id)
        histories += [event async for event in handle.fetch_history_events()]
        execution = WorkflowExecution(workflow_id=each.id, run_id=each.run_id)
        described.append(await _described(client, execution))
        details.append(await _details(client, execution))
    yield Source("histories", _written(*histories), flow)
    listed = [each.raw_info for each in found]
    yield Source("descriptions: attributes, memo, summaries, pending", _written(*described), flow)
    yield Source("lists", _written(*listed), "FailoverRecipientHashes")
    yield Source("current details, by query", _written(*details), "being sent")
    activities = [each async for each in client.list_activities(f"FailoverAccount = '{ACCOUNT}'")]
    asked = [await _activity(client, each.activity_id) for each in activities]
    yield Source("standalone activities", _written(*asked), "reply_")


async def _described(client: Client, execution: WorkflowExecution) -> Message:
    request = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
    return await client.workflow_service.describe_workflow_execution(request)


async def _details(client: Client, execution: WorkflowExecution) -> Message:
    request = QueryWorkflowRequest(
        namespace=client.namespace,
        execution=execution,
        query=WorkflowQuery(query_type="__temporal_workflow_metadata"),
        query_reject_condition=QueryRejectCondition.QUERY_REJECT_CONDITION_NONE,
    )
    try:
        return await client.workflow_service.query_workflow(request)
    except RPCError as fault:
        if fault.status is not RPCStatusCode.FAILED_PRECONDITION:
            raise
        return QueryWorkflowResponse()  # of the one whose workflow fails nothing can be asked


async def _activity(client: Client, id: str) -> Message:
    request = DescribeActivityExecutionRequest(
        namespace=client.namespace,
        activity_id=id,
        include_input=True,
        include_outcome=True,
        include_heartbeat_details=True,
        include_last_failure=True,
    )
    return await client.workflow_service.describe_activity_execution(request)


def _written(*messages: Message) -> bytes:
    """Each as its bytes and as JSON: the payloads in clear, and in base64."""
    parts = [part for each in messages for part in (each.SerializeToString(), _json(each))]
    return b"\n".join(parts)


def _json(message: Message) -> bytes:
    return MessageToJson(message, ensure_ascii=False).encode()


EMPTY = {"parts"}
"""Tables that this run writes nothing to: no provider here reports an Sms part by part."""

_TABLES = {
    # A virtual table is made of real ones, and has no rows of its own.
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def of_the_database(site: Site) -> AsyncIterator[Source]:
    """Every row of every table, whoever made it; the numbers apart from the rest."""
    async with reading(site.database) as connection:
        names = await connection.scalars(text(_TABLES[connection.dialect.name]))
        for name in sorted(names):
            rows = await _rows(connection, name)
            if name == "recipients":
                numbers = [row.pop("number") for row in rows]
                yield Source(NUMBERS, repr(numbers).encode(), "+3069")
            if name.startswith("recipients_"):  # SQLite's own tables of the numbers' index
                yield Source(f"{NUMBERS}, indexed: {name}", _told(rows), "")
            else:
                yield Source(f"table {name}", _told(rows), "" if name in EMPTY else ": ")


async def _rows(connection: AsyncConnection, table: str) -> list[dict[str, Any]]:
    found = await connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608  its own name
    return [dict(row) for row in found.mappings()]


def _told(rows: list[dict[str, Any]]) -> bytes:
    """Each column as it is; `repr` would write bytes and letters otherwise."""
    lines = (
        str(name).encode() + b": " + (value if isinstance(value, bytes) else str(value).encode())
        for row in rows
        for name, value in row.items()
    )
    return b"\n".join(lines)


def of_files(site: Site, engine: Path) -> Iterator[Source]:
    """What lies on the disk. The run's databases hold numbers, as they should."""
    if site.url.startswith("sqlite"):
        file = Path(site.url.removeprefix("sqlite+aiosqlite:///"))
        yield Source(f"{NUMBERS}, and all else: our database's files", _bytes(file), ACCOUNT)
    yield Source("the engine's database's files", _bytes(engine), "flow/acme/")


def _bytes(file: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(file.parent.glob(f"{file.name}*")))


def of_the_processes(site: Site, engine_log: Path) -> Iterator[Source]:
    """What our processes and the engine's logged, measured and answered."""
    logs = {name: b"".join(log.read_bytes() for log in logs) for name, logs in site.logs.items()}
    yield Source("log of the api", logs["api"], '"status": 422')
    yield Source("logs of the workers", logs["worker"], "OverflowError")
    yield Source("log of the engine", engine_log.read_bytes(), "")
    for name, metrics in site.scraped.items():
        marker = "temporal_" if name.startswith("SDK") else "failover_"
        yield Source(name, metrics.encode(), marker)
    yield Source("errors that clients read", "\n".join(site.errors).encode(), "Validation Error!")
    printed = "\n".join(each.output + each.errors for each in site.said)
    yield Source("what commands printed", printed.encode(), "callbacks, newest first")
