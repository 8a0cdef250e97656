"""Flows that nothing is heard of: they sleep until their ttl.

They are started past the API, whose ttl counts in minutes, by one client of the engine; that is
what an accepted create does. Their first activity writes their row.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as counted
from uuid import uuid4

from temporalio.client import Client, GrpcCompression
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts.demonstration import ACME, ACME_SHOP
from bench.bare import shape
from bench.bench import Outside
from bench.ground import Ground
from domain.channels import Sms
from domain.flow import Callback, Flow, Kind, Strategy
from domain.wire import milliseconds
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import KEYS
from workflows.client import FlowClient

AHEAD = 50
"""Flows that are started before the provider was asked for them."""

PATIENCE = 180.0
"""Seconds without any news after which what is waited for counts as lost."""

LOOKING = 0.2
"""Seconds between looks."""

Start = Callable[[float], Awaitable[str]]
"""Starts a flow whose one step has that ttl, in seconds; returns its tracking id."""


async def ours(ground: Ground, callbacks: str) -> Start:
    """Of ours, by the client that the API has."""
    client = await Client.connect(
        ground.engine.address,
        data_converter=pydantic_data_converter,
        grpc_compression=GrpcCompression.NONE,
    )
    keys, places = Keyring.parse(KEYS), counted()
    flows = FlowClient(client, Sealer(keys), keys)
    origin = callbacks.removesuffix("/callbacks")
    callback = Callback(strategy=Strategy.ON_COMPLETION, url=callbacks, origin=origin)

    async def start(ttl: float) -> str:
        body = {"body": "Parcel 7731 is ready"}
        number = _number(next(places))
        asked = {"type": "Sms", "order": 1, "from": ACME_SHOP.name, "to": number, "message": body}
        step = Sms.model_validate(asked).compiled(1).model_copy(update={"ttl": ttl})
        flow = Flow(
            account=ACME.account,
            application=ACME.id,
            tracking_id=str(uuid4()),
            kind=Kind.TRANSACTIONAL,
            steps=(step,),
            callback=callback,
            created_at=milliseconds(datetime.now(UTC)),
            request="0" * 64,
        )
        await flows.start(flow, [number])
        return flow.tracking_id

    return start


async def bare(ground: Ground, callbacks: str) -> Start:
    """Of the barest program."""
    client = await Client.connect(ground.engine.address, grpc_compression=GrpcCompression.NONE)
    places = counted()

    async def start(ttl: float) -> str:
        content = {"message": {"body": "Parcel 7731 is ready"}}
        number = _number(next(places))
        step = shape.Step(1, "Sms", number, ACME_SHOP.name, ttl, content)
        flow = shape.Flow(str(uuid4()), [step], callbacks)
        named = shape.workflow_id(flow.tracking_id)
        await client.start_workflow(shape.WORKFLOW, flow, id=named, task_queue=shape.FLOWS)
        return flow.tracking_id

    return start


def _number(place: int) -> str:
    return f"+30690{place % 1000:03d}0106"


@dataclass
class Watch:
    """What the world outside saw, gathered: seconds since the epoch, by reference or tracking id.

    `reports` are of when each was sent, and when it was taken.
    """

    outside: Outside
    requests: dict[str, float] = field(default_factory=dict)
    reports: dict[str, tuple[float, float]] = field(default_factory=dict)
    receipts: dict[str, float] = field(default_factory=dict)

    async def look(self) -> None:
        """Take over what has happened since."""
        marks = await self.outside.marks()
        for reference, at in marks.requests:
            self.requests.setdefault(reference, at)
        for reference, sent, taken in marks.reports:
            self.reports.setdefault(reference, (sent, taken))
        for tracking_id, at in marks.receipts:
            self.receipts.setdefault(tracking_id, at)

    async def until_told(self, ids: Sequence[str]) -> list[float]:
        """When the client was told of each of these.

        Raises:
            RuntimeError: nothing has happened for a long time, and some are missing.
        """
        missing, news = set(ids), time.time()
        while missing:
            await self.look()
            heard = missing & self.receipts.keys()
            if heard:
                missing, news = missing - heard, time.time()
            elif time.time() > news + PATIENCE:
                raise RuntimeError(f"{len(missing)} flows were lost")
            await asyncio.sleep(LOOKING)
        return [self.receipts[each] for each in ids]

    async def put_to_sleep(
        self, start: Start, flows: int, ttl: Callable[[], float]
    ) -> Sequence[str]:
        """Start so many, no more than AHEAD of the provider; returns once it was asked for all.

        Raises:
            RuntimeError: it was not asked for a long time.
        """
        ids: list[str] = []
        waiting, news = set[str](), time.time()
        while waiting or len(ids) < flows:
            more = min(AHEAD - len(waiting), flows - len(ids))
            started = await asyncio.gather(*(start(ttl()) for _ in range(more)))
            ids += started
            waiting |= {f"{each}.1" for each in started}
            await self.look()
            heard = waiting & self.requests.keys()
            if heard:
                waiting, news = waiting - heard, time.time()
                continue
            if time.time() > news + PATIENCE:
                raise RuntimeError(f"the provider was not asked for {len(waiting)} flows")
            await asyncio.sleep(LOOKING / 10)
        return ids


async def paced(start: Start, flows: int, rate: float, ttl: float) -> Sequence[str]:
    """Start so many a second, however long each takes; they expire as they were started."""
    began, starting = time.time(), []
    async with asyncio.TaskGroup() as group:
        for place in range(flows):
            await asyncio.sleep(max(0.0, began + place / rate - time.time()))
            starting.append(group.create_task(_one(start, ttl)))
    return [each.result() for each in starting]


async def _one(start: Start, ttl: float) -> str:
    return await start(ttl)
