"""Plays a plan: starts its flows amid the chaos, waits for their ends, and replays what is dead."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts.demonstration import ACME, CALLBACK_KEYS
from domain.errors import AlreadyFinal, Unavailable, UnknownFlow
from domain.flow import Callback
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
from tests.chaos.rows import is_dead, reopen, rows, waiting
from tests.conftest import KEYS, until
from tests.egress.reaching import LOOPBACK
from tests.money import add
from tests.samples import a_flow
from tests.telling import publishing
from tests.workflows.service import Whole, whole
from workflows.client import FlowClient

Say = Callable[[str], None]

BOUNDS = Bounds(pause=1.0, longest_pause=4.0, shortly=0.5, returns=200.0, spread=3.0)
"""What is scaled of keeping receivers apart: a pause is no longer than a phase."""

MOST_RUNNING, PACE = 150, 8
"""So many flows may run when the next few are started: what is late must be so by the chaos."""

BATCH = 200
"""How many flows are replayed at a time."""


@dataclass
class Played:
    """What is left of a run: each flow, the receivers' kills, and how long the parts took."""

    told: Sequence[Told] = ()
    kills: Mapping[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    completed: int = 0


async def play(
    client: Client, url: str, directory: Path, plan: Plan, rate: float, say: Say
) -> Played:
    """All of it, so many flows a second; the directory gets the receivers' notes."""
    keys = Keyring.parse(KEYS)
    database = connect(url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.dispose)
        await add(database, ACME.account, str(len(plan.flows)))
        service = await stack.enter_async_context(whole(client, database, keys))
        service = await _hurried(service, database, Sealer(keys), stack)
        keepers = await stack.enter_async_context(kept(plan, directory, CALLBACK_KEYS[ACME.id]))
        await stack.enter_async_context(service.working())
        player = _Player(client, database, Sealer(keys), keys, service, keepers, plan, say)
        return await player.play(rate)


async def _hurried(
    service: Whole, database: AsyncEngine, sealer: Sealer, stack: AsyncExitStack
) -> Whole:
    """The service with a day of DAY seconds, and little patience with receivers."""
    scaled = Schedule().scaled(DAY / Schedule().last)
    deliverer = await stack.enter_async_context(Deliverer(LOOPBACK, deadline=DEADLINE))
    callbacks, letters = publishing(
        database, sealer, deliverer, schedule=scaled, origins=Origins(BOUNDS)
    )
    return replace(service, callbacks=callbacks, letters=letters)


@dataclass
class _Player:
    client: Client
    database: AsyncEngine
    sealer: Sealer
    keys: Keyring
    service: Whole
    keepers: Mapping[str, Keeper]
    plan: Plan
    say: Say
    started: dict[int, str] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    async def play(self, rate: float) -> Played:
        await self._start(rate)
        self._lap("started")
        await self._settled()
        self._lap("settled")
        first = await rows(self.database, self.sealer)
        completed = await self._count("Completed")
        kills = {name: keeper.kills for name, keeper in self.keepers.items()}
        for keeper in self.keepers.values():
            await keeper.calm()
        dead = [flow for flow, kept in first.items() if any(map(is_dead, kept))]
        replayed_at = await self._replay(dead)
        self._lap("replayed")
        last = await rows(self.database, self.sealer)
        shown = await self._shown()
        evidence = gathered([Path(keeper.post.file) for keeper in self.keepers.values()])
        told = [
            Told(
                plan=flow,
                flow=self.started[place],
                first=first.get(self.started[place], ()),
                last=last.get(self.started[place], ()),
                receipts=evidence.receipts.get(flow.path, ()),
                shown=shown.get(self.started[place], {}),
                replayed_at=replayed_at,
            )
            for place, flow in enumerate(self.plan.flows)
        ]
        return Played(told, kills, self._seconds, completed)

    def _lap(self, name: str) -> None:
        now = time.monotonic()
        self._seconds[name], self._began = now - self._began, now
        self.say(f"{name} after {self._seconds[name]:.0f} s")

    async def _start(self, rate: float) -> None:
        """One after the other at that rate, or more slowly where the machine is busy."""
        flows = FlowClient(self.client, self.sealer, self.keys)
        count = len(self.plan.flows)
        async with asyncio.TaskGroup() as group:
            for place, flow in enumerate(self.plan.flows):
                if place % PACE == 0:
                    await until(self._has_room, within=600, every=0.5)
                await asyncio.sleep(1 / rate)
                group.create_task(self._begin(flows, place, flow))
                if (place + 1) % max(1, count // 10) == 0:
                    self.say(await self._standing(place + 1))

    async def _has_room(self) -> bool:
        return await self._count("Running") < MOST_RUNNING

    async def _begin(self, flows: FlowClient, place: int, plan: FlowPlan) -> None:
        flow = a_flow(*plan.steps, strategy=None, ttls=plan.ttls)
        if plan.strategy:
            origin = self.keepers[plan.receiver].origin
            callback = Callback(strategy=plan.strategy, url=origin + plan.path, origin=origin)
            flow = flow.model_copy(update={"callback": callback})
        self.started[place] = flow.tracking_id
        await flows.start(flow, [])
        if plan.cancelled is not None:
            await asyncio.sleep(plan.cancelled)
            with suppress(AlreadyFinal, Unavailable, UnknownFlow):
                await flows.cancel(flow.account, flow.tracking_id)

    async def _standing(self, started: int) -> str:
        running, open_ = await self._count("Running"), await waiting(self.database)
        return f"{started} flows started, {running} run, {open_} callbacks wait"

    async def _settled(self) -> None:
        """Until every workflow is over: each has told what it had to, or given up."""

        async def over() -> bool:
            self.say(await self._standing(len(self.started)))
            return await self._count("Running") == 0

        await until(over, within=60 + 20 * DAY + len(self.started), every=3.0)

    async def _count(self, status: str) -> int:
        counted = await self.client.count_workflows(f"ExecutionStatus='{status}'")
        return counted.count

    async def _replay(self, dead: Sequence[str]) -> float:
        """Ask for all that is dead, some flows at a time; says when it was first asked for."""
        moment, flows = time.time(), FlowClient(self.client, self.sealer, self.keys)
        self.say(f"{len(dead)} flows with dead callbacks are replayed")
        for begin in range(0, len(dead), BATCH):
            batch = dead[begin : begin + BATCH]
            await reopen(self.database, batch)
            await asyncio.gather(*(flows.replay(ACME.account, flow) for flow in batch))
            with suppress(TimeoutError):  # what waits then is found by the checks
                await until(self._is_told, within=60 + 2 * DAY, every=0.5)
        return moment

    async def _is_told(self) -> bool:
        return await waiting(self.database) == 0

    async def _shown(self) -> Mapping[str, dict[str, Any]]:
        """Every flow as tracking shows it, by its id."""
        shown: dict[str, dict[str, Any]] = {}
        api = self.service.api.acting_as(ACME)
        for page in range(-(-len(self.started) // 1000)):
            query = {"page": page, "size": 1000}
            answer = await api.http.get("/failover/tracking", params=query, headers=api.bearer())
            shown |= {each["trackingId"]: each for each in answer.json()["content"]}
        return shown
