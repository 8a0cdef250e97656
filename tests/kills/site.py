"""One installation whose worker is killed again and again, with every wire of it in our hands."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client

from accounts.demonstration import ACME
from storage.engine import connect, writing
from tests.conftest import until
from tests.faults.installation import Installation, installed
from tests.faults.wire import Wire
from tests.kills.engine import Task, Tasks
from tests.nursery import Forked, Nursery, nursery
from tests.processes import STARTING
from tests.samples import sms, viber


@dataclass
class Site:
    """An installation, and the worker that works there now.

    `engine` stands between workers and the engine, `callbacks` between workers and the receiver.
    """

    made: Installation
    nursery: Nursery
    engine: Wire
    callbacks: Wire
    locks: AsyncEngine
    tasks: Tasks
    worker: Forked
    flows: dict[str, str] = field(default_factory=dict)
    """The last digits of each flow's recipient."""

    async def post(self, digits: str, *, on_step: bool) -> str:
        """Start a flow, Viber then Sms, each with the shortest ttl; 0118 gets Viber alone."""
        to = f"+30690000{digits}"
        first = viber(to, ttl=0.5)
        body = {
            "flow": [first] if digits == "0118" else [first, sms(to, ttl=1)],
            "callback": {
                "strategy": "OnStep" if on_step else "OnCompletion",
                "url": f"{self.callbacks.url}/callbacks",
            },
        }
        created = await self.made.api.post("/failover/transactional", json=body)
        created.raise_for_status()
        flow = str(created.json()["trackingId"])
        self.flows[flow] = digits
        return flow

    async def inbox(self) -> Sequence[Any]:
        """All messages that reached a recipient."""
        return list((await self.made.sandbox.get("/inbox")).json())

    async def requests(self) -> Sequence[Any]:
        """All requests to send that reached the provider."""
        return list((await self.made.sandbox.get("/requests")).json())

    async def under_way(self, flows: Sequence[str], name: str = "") -> Sequence[Task]:
        """The activities of that name, or all, that the engine believes a worker to be at."""
        return [
            task
            for flow in flows
            for task in await self.tasks.started(flow)
            if name in ("", task.name)
        ]

    @asynccontextmanager
    async def unwritable(self) -> AsyncIterator[None]:
        """The database lets nobody else write to `sends`."""
        async with writing(self.locks) as connection:
            await _lock(connection)
            yield

    async def asleep(self) -> None:
        """Stop the worker where it stands, but not where it keeps everybody from writing."""
        async with self.unwritable():
            self.worker.sleep()

    async def succeeded(self) -> None:
        """Cut what the dead worker left open, and have a new one at work; reports stay held."""
        await self.engine.cut()
        for wire in (self.engine, self.callbacks, self.made.provider):
            wire.requests.set()
            wire.answers.set()
        self.worker = await _worker(self.nursery)


async def _worker(home: Nursery) -> Forked:
    """A new one, at work."""
    worker = await home.start("worker", "worker")
    await until(lambda: worker.says("worker ready"), STARTING)
    return worker


async def _lock(connection: AsyncConnection) -> None:
    # On SQLite the transaction is the lock.
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE sends IN EXCLUSIVE MODE"))


@asynccontextmanager
async def sited(engine: Client, url: str, directory: Path, dedupes: bool) -> AsyncIterator[Site]:
    """A site with a worker at work."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(installed(engine, url, directory, dedupes))
        _, _, port = engine.service_client.config.target_host.rpartition(":")
        wire = await stack.enter_async_context(Wire(int(port)))
        callbacks = await stack.enter_async_context(Wire(made.sink.port))
        environment = {
            **made.processes.environment,
            "TEMPORAL_ADDRESS": wire.url.removeprefix("http://"),
        }
        home = await stack.enter_async_context(nursery(directory, environment))
        locks = connect(url)
        stack.push_async_callback(locks.dispose)
        tasks = Tasks(engine, ACME.account)
        yield Site(made, home, wire, callbacks, locks, tasks, await _worker(home))
