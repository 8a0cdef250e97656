"""What a flow's snapshots cost to write, and what each index adds to that."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.corpus import template
from domain.channels import Sms
from domain.flow import Flow, Kind, Step
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from domain.wire import milliseconds
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.seal import Sealer
from storage.tables import TRIGRAMS
from tracking.records import Tracking

BATCHES, BATCH = 80, 10
SNAPSHOTS = 4


@dataclass(frozen=True)
class Cost:
    """With an index or without: milliseconds a snapshot; bytes a flow, where it is of one."""

    name: str
    milliseconds: float
    bytes: float


async def costs(engine: AsyncEngine, flows: int) -> AsyncIterator[Cost]:
    """Of everything, and then without one index after the other. They are gone afterwards."""
    sizes = await _sizes(engine, flows)
    yield Cost("with all indexes", await _per_snapshot(engine), sum(sizes.values()))
    for name in (TRIGRAMS, "recipients_by_number", "recipients_by_time"):
        await _drop(engine, name)
        yield Cost(f"then without {name}", await _per_snapshot(engine), sizes[name])


async def _per_snapshot(engine: AsyncEngine) -> float:
    """Of the fastest tenth: the others tell how busy the machine is."""
    sealer = Sealer(Keyring.parse("k1:" + "A" * 43 + "="))
    tracking = Tracking(engine, sealer)
    times = []
    for _ in range(BATCHES):
        flows = [_flow(sealer) for _ in range(BATCH)]
        started = time.perf_counter()
        await _write(tracking, flows)
        times.append((time.perf_counter() - started) * 1000 / BATCH / SNAPSHOTS)
    return quantiles(times, n=10)[0]


async def _write(tracking: Tracking, flows: list[Flow]) -> None:
    for flow in flows:
        progress = Progress.of(flow)
        await tracking.record(flow, progress)
        progress = progress.begun(flow.steps[0], flow.created_at)
        await tracking.record(flow, progress)
        for status in (Status.QUEUED, Status.DELIVERED):
            report = DeliveryReport(order=1, status=status, at=flow.created_at)
            progress = progress.after(flow, report)
            await tracking.record(flow, progress)


def _flow(sealer: Sealer) -> Flow:
    step = Sms.model_validate(
        {
            "type": "Sms",
            "from": "AcmeShop",
            "to": f"+3069{uuid4().int % 10**8:08d}",
            "order": 1,
            "message": {"body": "Parcel 7731 is ready"},
        }
    )
    known = Flow.model_validate_json(template(Kind.TRANSACTIONAL, (Channel.SMS,), 0, False).flow)
    steps: tuple[Step, ...] = (step.compiled(1),)
    now = milliseconds(datetime.now(UTC))
    named = {"tracking_id": str(uuid4()), "steps": steps, "created_at": now, "callback": None}
    return sealer.sealed(known.model_copy(update=named))


async def _drop(engine: AsyncEngine, name: str) -> None:
    statements = [f"DROP INDEX {name}"]
    if name == TRIGRAMS and engine.dialect.name == "sqlite":
        triggers = ("recipients_added", "recipients_removed", "recipients_changed")
        statements = [*(f"DROP TRIGGER {each}" for each in triggers), f"DROP TABLE {name}"]
    async with writing(engine) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _sizes(engine: AsyncEngine, flows: int) -> dict[str, float]:
    """Bytes a flow, of the table without indexes and of each index."""
    query = "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname LIKE 'recipients%'"
    if engine.dialect.name == "sqlite":
        query = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE AND name LIKE 'recipients%'"
    async with reading(engine) as connection:
        rows = (await connection.execute(text(query))).all()
    sizes: dict[str, float] = {}
    for name, size in rows:
        known = TRIGRAMS if name.startswith(TRIGRAMS) else name
        sizes[known] = sizes.get(known, 0) + size / flows
    return sizes
