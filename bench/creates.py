"""Creates a second, and what one takes: ours against a bare loop of `start_workflow`.

No worker runs: only what a create itself costs is measured. Afterwards the flows are terminated.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import chain

import orjson

from bench import clearing
from bench.bare.shape import workflow_id
from bench.bench import Bench, Measured, one_step
from bench.outside import Load, Loaded
from bench.sides import API, BARE, Side
from bench.spread import percentile
from bench.table import Found, Goal, Table, spread
from tests.processes import inherited

CLIENTS = (1, 8, 32)
"""How many ask at a time."""

OF_LOOP = 0.8
"""The share of the bare loop's creates a second that we want of one process."""

LONGEST_LINE = 2**24
LOOP, FRONT, ONE = "bare loop", f"{BARE} by HTTP", "ours, 1 process"
CORES = os.cpu_count() or 1
SEVERAL = f"ours, {CORES} processes"

Rounds = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True)
class Loop:
    """The process that starts flows in a loop."""

    process: asyncio.subprocess.Process

    @classmethod
    @asynccontextmanager
    async def started(cls, bench: Bench) -> "AsyncIterator[Loop]":
        """Start it, and stop it in the end."""
        named = {
            "TEMPORAL_ADDRESS": bench.ground.engine.address, "TEMPORAL_NAMESPACE": "default",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bare.starts", stdin=PIPE, stdout=PIPE,
            limit=LONGEST_LINE, env={**inherited(), **named},
        )  # fmt: skip
        try:
            yield cls(process)
        finally:
            if process.stdin:
                process.stdin.close()
            await process.wait()

    @property
    def side(self) -> Side:
        """What it is called, and its process."""
        about = "one process that calls start_workflow, without HTTP"
        return Side(LOOP, [], {API: [self.process.pid]}, about, prefix=workflow_id(""))

    async def load(self, load: Load) -> Loaded:
        """Have it start so many flows."""
        assert self.process.stdin  # noqa: S101  it was asked for
        assert self.process.stdout  # noqa: S101  so was this
        self.process.stdin.write(orjson.dumps(asdict(load)) + b"\n")
        return Loaded(**orjson.loads(await self.process.stdout.readline()))


def loads(bench: Bench) -> int:
    """A warming up of each side, and for each number of clients the rounds."""
    return len(_sides()) * (1 + len(CLIENTS) * bench.plan.rounds)


def _sides() -> Sequence[str]:
    return (LOOP, FRONT, ONE, SEVERAL) if CORES > 1 else (LOOP, FRONT, ONE)


async def measure(bench: Bench) -> Found:
    """Create flows that nobody works off, by each side in turn."""
    found: dict[int, Rounds] = {}
    async with AsyncExitStack() as held:
        loop = await held.enter_async_context(Loop.started(bench))
        several = [
            await held.enter_async_context(bench.standing(_as_it_is(loop.side))),
            await held.enter_async_context(bench.bare(1, 0)),
            await held.enter_async_context(bench.ours(1, 0, name=ONE)),
        ]
        if CORES > 1:
            several.append(await held.enter_async_context(bench.ours(CORES, 0, name=SEVERAL)))
        made: list[str] = []

        async def created(side: Side, clients: int) -> Measured:
            measured = await _created(bench, loop, side, clients)
            made.extend(filter(None, map(side.workflow_id, measured.loaded.ids)))
            return measured

        for side in several:
            await created(side, CLIENTS[1])
        for clients in CLIENTS:
            rounds = await bench.in_turn(several, lambda side, n=clients: created(side, n))  # type: ignore[misc]
            found[clients] = {
                FRONT if name == BARE else name: each for name, each in rounds.items()
            }
        await clearing.ended(bench.ground, made)
    return say(found, [f"{side.name}: {side.about}" for side in several])


@asynccontextmanager
async def _as_it_is(side: Side) -> AsyncIterator[Side]:
    yield side


async def _created(bench: Bench, loop: Loop, side: Side, clients: int) -> Measured:
    flows = max(bench.plan.creates, clients)
    if side.urls:
        return await bench.load(side, flows, clients, until_accepted=True)
    load = Load([], {}, one_step(bench.outside.callbacks), flows, clients, until_accepted=True)
    return await bench.measured(side, lambda: loop.load(load))


def pace(measured: Measured) -> float:
    """Creates a second."""
    return len(measured.loaded.ids) / measured.loaded.seconds


def say(found: Mapping[int, Rounds], about: Sequence[str]) -> Found:
    """What the rounds say, by how many clients asked at a time."""
    first = next(iter(found.values()))
    count = len(next(iter(first.values())))
    flows = len(first[LOOP][0].loaded.ids)
    return Found(
        tables=[_table(clients, rounds) for clients, rounds in found.items()],
        goals=[
            Goal(
                f"Creates a second of one API process, of the bare loop's, {_clients(clients)}",
                _ratios(rounds[ONE], rounds[LOOP]),
                OF_LOOP,
                at_least=True,
            )
            for clients, rounds in found.items()
        ],
        notes=[
            f"Creates alone: no worker runs. Each client asks again once it has its answer; "
            f"{count} rounds of {flows} creates for each side, in turn. Times are of all rounds.",
            "Several API processes listen on a port each, and each client keeps to one of them. "
            "In production a reverse proxy does that spreading (`docker-compose.yml`: "
            "`--scale api=2`); it adds a hop of its own to every create, which is not in here.",
            "Processes: " + "; ".join(about) + ".",
        ],
    )


def _clients(clients: int) -> str:
    return f"{clients} client{'s' if clients > 1 else ''}"


def _ratios(ones: Sequence[Measured], others: Sequence[Measured]) -> list[float]:
    return [pace(one) / pace(other) for one, other in zip(ones, others, strict=True)]


def _table(clients: int, rounds: Rounds) -> Table:
    rows = []
    for name, measured in rounds.items():
        taken = list(chain.from_iterable(each.loaded.accepted for each in measured))
        cpu = [
            each.used.roles[API] * 1000 / len(each.loaded.ids) for each in measured
        ]  # fmt: skip
        rows.append(
            (
                name,
                spread([pace(each) for each in measured], "{:.0f}"),
                "1" if name == LOOP else spread(_ratios(measured, rounds[LOOP]), "{:.2f}"),
                f"{percentile(taken, 50) * 1000:.1f}",
                f"{percentile(taken, 99) * 1000:.1f}",
                spread(cpu, "{:.1f}"),
            )
        )
    header = ("", "creates/s", "of the loop's", "p50, ms", "p99, ms", "CPU of its processes, ms")
    return Table(header, rows, f"{_clients(clients).capitalize()} at a time")
