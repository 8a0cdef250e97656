"""Plays a plan: starts its flows amid the chaos, waits for their ends, and replays what is dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts.demonstration import ACME, CALLBACK_KEYS
from domain.errors import AlreadyFinal, Unavailable, UnknownFlow
from domain.flow import Callback, Flow
from egress.bounds import Bounds
from egress.deliver import Deliverer
from egress.origins import Origins
from egress.schedule import Schedule
from storage.engine import connect
from storage.keys import Keyring
from storage.seal import Sealer
from tests.chaos.checking import Told
from tests.chaos.evidence import gathered
from tests.chaos.keepers import Keeper, kept
from tests.chaos.phases import DAY, DEADLINE
from tests.chaos.plan import FlowPlan, Plan
from tests.chaos.rows import Row, is_dead, reopen, rows, waiting
from tests.conftest import KEYS, until
from tests.egress.reaching import LOOPBACK
from tests.money import add
from tests.samples import a_flow
from tests.telling import publishing
from tests.workflows.service import Whole, whole

Say = Callable[[str], None]

BOUNDS = Bounds(pause=1.0, longest_pause=4.0, shortly=0.5, returns=200.0, spread=3.0)
"""What is scaled of keeping receivers apart: a pause is no longer than a phase."""

MOST_RUNNING, PACE = 150, 8
"""So many flows may run when the next few are started: what is late must be so by the chaos."""

BATCH = 200
"""How many flows are replayed at a time."""

PAGE = 1000
"""How many flows tracking is asked for at a time."""

Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Played:
    """What is left of a run.

    `kills` counts those of each receiver amid the chaos, `seconds` says how long each part took,
    `completed` how many workflows ended as they should.
    """

    told: Sequence[Told]
    kills: Mapping[str, int]
    seconds: Mapping[str, float]
    completed: int


async def play(
    client: Client, url: str, directory: Path, plan: Plan, rate: float, say: Say
) -> Played:
    """All of it, so many flows a second; the directory gets the receivers' notes."""
    database = connect(url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.dispose)
        await add(database, ACME.account, str(len(plan.flows)))
        service = await stack.enter_async_context(_hurried(client, database))
        keepers = await stack.enter_async_context(kept(plan, directory, CALLBACK_KEYS[ACME.id]))
        await stack.enter_async_context(service.working())
        return await _Player(service, database, keepers, plan, say).play(rate)


@asynccontextmanager
async def _hurried(client: Client, database: AsyncEngine) -> AsyncIterator[Whole]:
    """The service with a day of DAY seconds, and little patience with receivers."""
    scaled = Schedule().scaled(DAY / Schedule().last)
    keys = Keyring.parse(KEYS)
    async with (
        whole(client, database, keys) as service,
        Deliverer(LOOPBACK, deadline=DEADLINE) as deliverer,
    ):
        callbacks, letters = publishing(
            database, Sealer(keys), deliverer, schedule=scaled, origins=Origins(BOUNDS)
        )
        yield replace(service, callbacks=callbacks, letters=letters)


@dataclass
class _Player:
    service: Whole
    database: AsyncEngine
    keepers: Mapping[str, Keeper]
    plan: Plan
    say: Say
    _started: dict[int, Flow] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    async def play(self, rate: float) -> Played:
        await self._start(rate)
        self._lap("started")
        await until(self._is_over, within=60 + 20 * DAY + len(self.plan.flows), every=3.0)
        self._lap("settled")
        first, completed = await self._rows(), await self._count("Completed")
        kills = {name: keeper.kills for name, keeper in self.keepers.items()}
        for keeper in self.keepers.values():
            await keeper.calm()
        moment = time.time()
        await self._replay([flow for flow, kept in first.items() if any(map(is_dead, kept))])
        self._lap("replayed")
        told = await self._told(first, await self._rows(), moment)
        return Played(told, kills, self._seconds, completed)

    def _lap(self, name: str) -> None:
        now = time.monotonic()
        self._seconds[name], self._began = now - self._began, now
        self.say(f"{name} in {self._seconds[name]:.0f} s")

    async def _start(self, rate: float) -> None:
        """One after the other at that rate, or more slowly where the machine is busy."""
        count = len(self.plan.flows)
        async with asyncio.TaskGroup() as group:
            for place, flow in enumerate(self.plan.flows):
                if place % PACE == 0:
                    await until(self._has_room, within=600, every=0.5)
                await asyncio.sleep(1 / rate)
                group.create_task(self._begin(place, flow))
                if (place + 1) % max(1, count // 10) == 0:
                    self.say(await self._standing())

    async def _begin(self, place: int, plan: FlowPlan) -> None:
        flow, flows = self._compiled(plan), self.service.api.services.flows
        self._started[place] = flow
        await flows.start(flow, [])
        if plan.cancelled is not None:
            await asyncio.sleep(plan.cancelled)
            with suppress(AlreadyFinal, Unavailable, UnknownFlow):
                await flows.cancel(flow.account, flow.tracking_id)

    def _compiled(self, plan: FlowPlan) -> Flow:
        flow = a_flow(*plan.steps, strategy=None, ttls=plan.ttls)
        if plan.strategy is None:
            return flow
        origin = self.keepers[plan.receiver].origin
        callback = Callback(strategy=plan.strategy, url=origin + plan.path, origin=origin)
        return flow.model_copy(update={"callback": callback})

    async def _has_room(self) -> bool:
        return await self._count("Running") < MOST_RUNNING

    async def _is_over(self) -> bool:
        """Whether every workflow is: each has told what it had to, or given up."""
        self.say(await self._standing())
        return await self._count("Running") == 0

    async def _standing(self) -> str:
        running, open_ = await self._count("Running"), await waiting(self.database)
        return f"{len(self._started)} flows started, {running} run, {open_} callbacks wait"

    async def _count(self, status: str) -> int:
        client = self.service.client
        return (await client.count_workflows(f"ExecutionStatus='{status}'")).count

    async def _rows(self) -> Rows:
        return await rows(self.database, self.service.api.services.sealer)

    async def _replay(self, dead: Sequence[str]) -> None:
        """Ask for all that is dead, some flows at a time, until everybody has it."""
        self.say(f"{len(dead)} flows with dead callbacks are replayed")
        replay = self.service.api.services.flows.replay
        for begin in range(0, len(dead), BATCH):
            batch = dead[begin : begin + BATCH]
            await reopen(self.database, batch)
            await asyncio.gather(*(replay(ACME.account, flow) for flow in batch))
            with suppress(TimeoutError):  # what waits then is found by the checks
                await until(self._nothing_waits, within=60 + 2 * DAY, every=0.5)

    async def _nothing_waits(self) -> bool:
        return await waiting(self.database) == 0

    async def _told(self, first: Rows, last: Rows, replayed_at: float) -> Sequence[Told]:
        receipts = gathered(Path(keeper.post.file) for keeper in self.keepers.values())
        shown = await self._shown()
        return [
            Told(
                plan=self.plan.flows[place],
                flow=flow.tracking_id,
                first=first.get(flow.tracking_id, ()),
                last=last.get(flow.tracking_id, ()),
                receipts=receipts.get(self.plan.flows[place].path, ()),
                shown=shown.get(flow.tracking_id, {}),
                replayed_at=replayed_at,
            )
            for place, flow in sorted(self._started.items())
        ]

    async def _shown(self) -> Mapping[str, dict[str, Any]]:
        """Every flow as tracking shows it, by its id."""
        shown: dict[str, dict[str, Any]] = {}
        api = self.service.api.acting_as(ACME)
        for page in range(-(-len(self._started) // PAGE)):
            query = {"page": page, "size": PAGE}
            answer = await api.http.get("/failover/tracking", params=query, headers=api.bearer())
            shown |= {each["trackingId"]: each for each in answer.json()["content"]}
        return shown
