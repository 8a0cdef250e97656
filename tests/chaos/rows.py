"""The service's own record of its callbacks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import reading, writing
from storage.seal import Sealer
from storage.tables import callbacks
from tracking.outbox import Attempt, State, attempts_of, sealed_letter


@dataclass(frozen=True)
class Row:
    """One event on record, in clear."""

    event: str
    seq: int
    state: State
    replays: int
    attempts: Sequence[Attempt]
    body: str


async def rows(engine: AsyncEngine, sealer: Sealer) -> Mapping[str, Sequence[Row]]:
    """All events by their flow's tracking id, in sequence order."""
    found: dict[str, list[Row]] = defaultdict(list)
    async with reading(engine) as connection:
        kept = await connection.execute(select(callbacks).order_by(callbacks.c.seq))
    for row in kept:
        found[row.tracking_id].append(
            Row(
                event=row.id,
                seq=row.seq,
                state=State(row.state),
                replays=row.replays,
                attempts=attempts_of(row.attempts),
                body=sealer.letter(sealed_letter(row)).body,
            )
        )
    return found


async def waiting(engine: AsyncEngine) -> int:
    """How many events are neither delivered nor dead."""
    query = select(func.count()).where(callbacks.c.state == State.WAITING)
    async with reading(engine) as connection:
        return int(await connection.scalar(query) or 0)


def is_dead(row: Row) -> bool:
    """Whether it was given up."""
    return row.state is State.DEAD


async def reopen(engine: AsyncEngine, flows: Sequence[str]) -> None:
    """Ask for every dead event of these flows again."""
    dead = (callbacks.c.state == State.DEAD) & callbacks.c.tracking_id.in_(flows)
    again = {
        "state": State.WAITING,
        "since": datetime.now(UTC),
        "replays": callbacks.c.replays + 1,
    }
    async with writing(engine) as connection:
        await connection.execute(update(callbacks).where(dead).values(again))
