"""What a dead worker left behind: by that a kill proves where it hit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from storage.engine import reading
from storage.tables import sends
from tests.kills.engine import Task
from tests.kills.plan import Phase
from tests.kills.site import Site


class Left(StrEnum):
    """What is left of one activity."""

    NO_INTENT = "no intent"
    INTENT = "intent, no request"
    REQUEST = "request taken, no answer"
    ANSWER = "answer sent, not kept"
    KEPT = "answer kept, activity open"
    QUESTION = "ask open"
    CALLBACK = "publish open"


PROOF: Mapping[Phase, Left] = {
    Phase.UNDECLARED: Left.NO_INTENT,
    Phase.CONNECTING: Left.INTENT,
    Phase.UNARRIVED: Left.INTENT,
    Phase.TAKEN: Left.REQUEST,
    Phase.ON_THE_WAY: Left.ANSWER,
    Phase.IN_HAND: Left.ANSWER,
    Phase.KEPT: Left.KEPT,
    Phase.ASKING: Left.QUESTION,
    Phase.PUBLISHING: Left.CALLBACK,
}
"""What every phase leaves; a kill at any moment may leave anything."""


@dataclass(frozen=True)
class Evidence:
    """The dead worker's activities, and what is left of each."""

    tasks: Mapping[Task, Left]

    def hits(self, phase: Phase) -> bool:
        """Whether a worker was killed in that phase."""
        wanted = PROOF.get(phase)
        return any(wanted in (None, left) for left in self.tasks.values())


async def gathered(site: Site, flows: Sequence[str]) -> Evidence:
    """Look at the flows while all is held as it was at the kill."""
    tasks = await site.under_way(flows)
    rows = await _states(site)
    requests = {each["reference"]: each["answered"] for each in await site.requests()}
    return Evidence({task: _left(task, rows, requests) for task in tasks})


def _left(task: Task, rows: Mapping[str, str], requests: Mapping[str, int | None]) -> Left:
    if task.name != "send_step":
        return Left.QUESTION if task.name == "ask" else Left.CALLBACK
    reference = f"{task.flow}.{task.order}"
    state = rows.get(reference, "not sent")
    if state == "answered":
        return Left.KEPT
    if state == "not sent":
        return Left.NO_INTENT
    if reference not in requests:
        return Left.INTENT
    return Left.REQUEST if requests[reference] is None else Left.ANSWER


async def _states(site: Site) -> Mapping[str, str]:
    async with reading(site.made.database) as connection:
        rows = await connection.execute(select(sends.c.reference, sends.c.state))
        return {row.reference: row.state for row in rows}
