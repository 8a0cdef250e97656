"""The whole service as processes, every wire of it in our hands."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts.demonstration import ACME, CALLBACK_KEYS
from storage.engine import connect
from tests.chaos.keepers import Keeper
from tests.chaos.phases import CALM
from tests.chaos.receiver import Post
from tests.databases import KEYS
from tests.engines.base import Engine
from tests.faults.wire import Wire
from tests.nursery import Nursery, nursery
from tests.processes import HOST, client_of, sign_in, steady_ports
from tests.proof.forging import Forger
from tests.proof.ledger import Ledger
from tests.proof.members import Member, answers, says_ready
from tests.proof.notes import Notes
from tests.proof.storage import Storage
from workflows import namespace

WORKERS, APIS = ("worker-a", "worker-b"), ("api-a", "api-b")


@dataclass
class Site:
    """One installation.

    `reports` stands between the provider and both APIs, `callbacks` between the workers and the
    receiver. `temporal` asks the engine itself, `locks` is a connection to the database, and
    `storage` its server, if it has one.
    """

    engine: Engine
    temporal: Client
    database_url: str
    locks: AsyncEngine
    directory: Path
    dedupes: bool
    home: Nursery
    workers: list[Member]
    apis: list[Member]
    sandbox: Member
    receiver: Keeper
    reports: Wire
    callbacks: Wire
    doors: Mapping[str, httpx.AsyncClient]
    ledger: Ledger
    forger: Forger
    storage: Storage | None = None

    @property
    def members(self) -> Sequence[Member]:
        """The processes of ours."""
        return (*self.workers, *self.apis, self.sandbox)

    @property
    def record(self) -> Path:
        """What the provider noted."""
        return self.directory / "provider.jsonl"

    @property
    def told(self) -> Path:
        """What set pieces reported in its name."""
        return self.directory / "told.jsonl"

    async def mend(self) -> None:
        """Have everything at work again, whatever a fault left undone."""
        own = [wire for each in self.members for wire in (each.engine, each.provider) if wire]
        for wire in (*own, self.reports, self.callbacks):
            wire.requests.set()
            wire.answers.set()
        if self.storage:
            await self.storage.mend()
        for part in self.engine.parts:
            if not self.engine.pids(part):
                await self.engine.start(part)
        for member in self.members:
            if member.is_gone:
                await member.start()

    @property
    def api(self) -> httpx.AsyncClient:
        """A client of one of the APIs; it is signed in."""
        return next(iter(self.doors.values()))


@asynccontextmanager
async def sited(
    engine: Engine,
    database_url: str,
    directory: Path,
    name: str,
    *,
    dedupes: bool,
    storage: Storage | None = None,
) -> AsyncIterator[Site]:
    """An installation at work in a namespace of that name; the existing directory gets all records.

    The provider takes a repeated reference for one message, or for another, as the service knows.
    """
    database_url = storage.through(database_url) if storage else database_url
    async with AsyncExitStack() as stack:
        temporal = await _namespace(engine, name)
        locks = connect(database_url)
        stack.push_async_callback(locks.dispose)
        ports = iter(steady_ports(10))
        sandbox_port, receiver_port = next(ports), next(ports)
        api_ports = [next(ports) for _ in APIS]
        reports = await stack.enter_async_context(Wire(*api_ports))
        callbacks = await stack.enter_async_context(Wire(receiver_port))
        environment = {
            "TEMPORAL_NAMESPACE": name,
            "FAILOVER_DATA_DIR": str(directory),
            "FAILOVER_DATABASE_URL": database_url,
            "FAILOVER_KEYS": KEYS,
            "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "FAILOVER_REPORT_URL": reports.url,
            "FAILOVER_SANDBOX_PORT": str(sandbox_port),
            "FAILOVER_SANDBOX_DEDUPES": str(dedupes).lower(),
        }
        home = await stack.enter_async_context(nursery(directory, environment))
        key = CALLBACK_KEYS[ACME.id]
        post = Post(receiver_port, str(directory / "receiver.jsonl"), CALM, 0.0, 1, key)
        receiver = Keeper("receiver", post)
        stack.push_async_callback(receiver.end)
        doors = {
            name: await stack.enter_async_context(client_of(port))
            for name, port in zip(APIS, api_ports, strict=True)
        }
        ledger = Ledger(doors, callbacks.url, directory / "client.jsonl", name)
        site = Site(
            engine=engine,
            temporal=temporal,
            database_url=database_url,
            locks=locks,
            directory=directory,
            dedupes=dedupes,
            home=home,
            workers=[
                await _worker(stack, engine, home, each, sandbox_port, next(ports))
                for each in WORKERS
            ],
            apis=[
                await _api(stack, engine, home, each, port, next(ports))
                for each, port in zip(APIS, api_ports, strict=True)
            ],
            sandbox=Member(
                "sandbox",
                home,
                ("sandbox", "--record", str(directory / "provider.jsonl")),
                {},
                answers,
                port=sandbox_port,
            ),
            receiver=receiver,
            reports=reports,
            callbacks=callbacks,
            doors=doors,
            ledger=ledger,
            forger=Forger(ledger, doors, Notes(directory / "forger.jsonl")),
            storage=storage,
        )
        await asyncio.gather(receiver.begin(), *(member.start() for member in site.members))
        for door in doors.values():
            await sign_in(door)
        yield site


async def _namespace(engine: Engine, name: str) -> Client:
    client = await Client.connect(
        engine.address, namespace=name, data_converter=pydantic_data_converter
    )
    await namespace.prepare(client)
    return client


async def _worker(
    stack: AsyncExitStack, engine: Engine, home: Nursery, name: str, sandbox: int, metrics: int
) -> Member:
    wire, provider = await _to(stack, engine), await stack.enter_async_context(Wire(sandbox))
    environment = {
        "TEMPORAL_ADDRESS": f"{HOST}:{wire.port}",
        "FAILOVER_SANDBOX_URL": provider.url,
        "FAILOVER_METRICS_PORT": str(metrics),
    }
    return Member(
        name,
        home,
        ("worker",),
        environment,
        says_ready,
        metrics=metrics,
        engine=wire,
        provider=provider,
    )


async def _api(
    stack: AsyncExitStack, engine: Engine, home: Nursery, name: str, port: int, metrics: int
) -> Member:
    wire = await _to(stack, engine)
    environment = {
        "TEMPORAL_ADDRESS": f"{HOST}:{wire.port}",
        "FAILOVER_API_PORT": str(port),
        "FAILOVER_METRICS_PORT": str(metrics),
    }
    return Member(
        name, home, ("api",), environment, answers, port=port, metrics=metrics, engine=wire
    )


async def _to(stack: AsyncExitStack, engine: Engine) -> Wire:
    return await stack.enter_async_context(Wire(int(engine.address.rpartition(":")[2])))
