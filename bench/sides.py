"""Those that are compared, each at work in processes of its own."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx
from temporalio.client import Client

from accounts.demonstration import ACME
from accounts.ledger import top_up
from bench.bare.shape import workflow_id as bare_workflow_id
from bench.cpu import Roots
from bench.ground import Ground
from bench.outside import HOST
from storage.engine import connect, writing
from tests.conftest import KEYS, until
from tests.processes import STARTING, Child, Processes, client_of, free_port, sign_in
from workflows.names import workflow_id

API, WORKER, BOTH = "API", "worker", "API and worker"
OURS, BARE, DBOS = "ours", "bare", "DBOS"
BALANCE = Decimal(10**9)
"""What a flow costs must not end a measurement."""


@dataclass(frozen=True)
class Side:
    """One of them: where its flows are posted, and which processes it is.

    `about` says how it was run; `workflow_id` names a flow's workflow, where it has one.
    """

    name: str
    urls: Sequence[str]
    roots: Roots
    about: str
    headers: Mapping[str, str] = field(default_factory=dict)
    prefix: str | None = None

    def workflow_id(self, tracking_id: str) -> str | None:
        """The workflow of a flow; None where the engine is not Temporal."""
        return None if self.prefix is None else f"{self.prefix}{tracking_id}"


@asynccontextmanager
async def ours(
    ground: Ground,
    provider: str,
    directory: Path,
    apis: int = 1,
    workers: int = 1,
    *,
    name: str = OURS,
    namespace: str = "default",
) -> AsyncIterator[Side]:
    """So many processes of ours, as in production, on the ground's database."""
    ports = [free_port() for _ in range(apis)]
    environment = {
        "TEMPORAL_ADDRESS": ground.engine.address,
        "TEMPORAL_NAMESPACE": namespace,
        "FAILOVER_DATA_DIR": str(directory),
        "FAILOVER_DATABASE_URL": ground.database,
        "FAILOVER_KEYS": KEYS,
        "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
        "FAILOVER_DEMONSTRATION": "true",
        "FAILOVER_SANDBOX_URL": provider,
        "FAILOVER_REPORT_URL": f"http://{HOST}:{ports[0]}",
    }
    logs = Path(tempfile.mkdtemp(dir=directory, prefix="ours-"))  # there may be several at once
    async with Processes(logs, environment) as processes:
        made = await processes.run("bootstrap")
        if made.code:
            raise RuntimeError(f"bootstrap failed: {made.output}")
        await _enriched(ground.database)
        fronts = [await processes.start("api", FAILOVER_API_PORT=str(port)) for port in ports]
        backs = [await processes.start("worker") for _ in range(workers)]
        for port, front in zip(ports, fronts, strict=True):
            await _answering(front, port)
        for back in backs:
            await until(lambda back=back: back.says("worker ready"), STARTING)  # type: ignore[misc]
        async with client_of(ports[0]) as api:
            await sign_in(api)
            token = api.headers["authorization"]
        yield Side(
            name=name,
            urls=[f"http://{HOST}:{port}/failover/transactional" for port in ports],
            roots={API: _pids(fronts), WORKER: _pids(backs)},
            about=f"{apis} API and {workers} worker process(es)",
            headers={"authorization": token},
            prefix=workflow_id(ACME.account, ""),
        )


async def _enriched(database: str) -> None:
    engine = connect(database)
    try:
        async with writing(engine) as connection:
            await top_up(connection, ACME.account, BALANCE)
    finally:
        await engine.dispose()


@asynccontextmanager
async def bare(
    ground: Ground, provider: str, directory: Path, fronts: int = 1, workers: int = 1
) -> AsyncIterator[Side]:
    """The barest program on the same engine, in as many processes."""
    ports = [free_port() for _ in range(fronts)]
    client = await Client.connect(ground.engine.address)
    environment = {
        "TEMPORAL_ADDRESS": ground.engine.address,
        "TEMPORAL_NAMESPACE": client.namespace,
        "BENCH_PROVIDER": provider,
        "BENCH_REPORTS": f"http://{HOST}:{ports[0]}",
    }
    async with Processes(directory / "bare", environment) as processes:
        before = [
            await processes.module("bench.bare.front", BENCH_PORT=str(port)) for port in ports
        ]
        behind = [await processes.module("bench.bare.worker") for _ in range(workers)]
        for port, front in zip(ports, before, strict=True):
            await _answering(front, port)
        for back in behind:
            await until(lambda back=back: back.says("worker ready"), STARTING)  # type: ignore[misc]
        yield Side(
            name=BARE,
            urls=[f"http://{HOST}:{port}/flows" for port in ports],
            roots={API: _pids(before), WORKER: _pids(behind)},
            about=f"{fronts} front and {workers} worker process(es)",
            prefix=bare_workflow_id(""),
        )


@asynccontextmanager
async def dbos(
    ground: Ground, provider: str, directory: Path, processes: int = 1
) -> AsyncIterator[Side]:
    """The same flow on DBOS, in so many processes that take flows and run them."""
    name = f"{DBOS}, {processes} process{'es' if processes > 1 else ''}"
    ports = [free_port() for _ in range(processes)]
    environment = {
        "BENCH_PROVIDER": provider,
        "BENCH_DATABASE": ground.postgres(f"dbos_{processes}"),
    }
    async with Processes(directory / f"dbos-{processes}", environment) as started:
        children = []
        for port in ports:  # in turn: the first makes the tables
            child = await started.module(
                "bench.dbos_.service", BENCH_PORT=str(port), BENCH_EXECUTOR=f"executor-{port}"
            )
            await _answering(child, port)
            children.append(child)
        yield Side(
            name=name,
            urls=[f"http://{HOST}:{port}/flows" for port in ports],
            roots={BOTH: _pids(children)},
            about=f"{processes} process(es) that take flows and run them",
        )


def _pids(children: Sequence[Child]) -> list[int]:
    return [child.process.pid for child in children]


async def _answering(child: Child, port: int) -> None:
    """Once it serves; an error if it ended before it did."""
    async with client_of(port) as client:

        async def answers() -> bool:
            if child.is_over:
                raise RuntimeError(f"ended while it started: {child.output[-2000:]}")
            try:
                return (await client.get("/health/ready")).is_success
            except httpx.TransportError:
                return False

        await until(answers, STARTING, every=0.1)
