"""Workers killed with -9 in the middle of a send, and what became of their flows."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from temporalio.client import Client

from tests.conftest import until
from tests.databases import Databases
from tests.faults.installation import Installation, installed


class Point(StrEnum):
    """Where in the send its worker is killed."""

    CONNECTING = "before the request was written"
    ANSWERING = "between the accept and the answer"


DIGITS = ("0101", "0110")
CASES = [(point, digits) for point in Point for digits in DIGITS]

VIBER_OVER = 75.0
"""Seconds for a flow to end whose Viber step must run out (30 s) first."""


@dataclass(frozen=True)
class Killed:
    """A flow whose worker was killed, and what the dead worker left behind.

    `seconds` from the kill to the next attempt to send its first step.
    """

    flow: str
    intents: list[str]
    messages: list[str]
    seconds: float


@dataclass(frozen=True)
class Case:
    """How it ended."""

    killed: Killed
    messages: list[str]
    status: str
    callback_faults: list[str]


Cases = Mapping[tuple[Point, str], Case]


async def play(
    engine: Client, databases: Databases, directory: Path, dedupes: bool, turn: asyncio.Lock
) -> Cases:
    """Kill one worker that has a flow of every case in its hands, and see each flow to its end.

    What is timed has the machine to itself: it waits for its turn.
    """
    async with databases.new() as url, installed(engine, url, directory, dedupes) as site:
        async with turn:
            killed = await _killed(site)
        ended = await asyncio.gather(*(_ended(site, each) for each in killed.values()))
        return dict(zip(killed, ended, strict=True))


async def _ended(site: Installation, killed: Killed) -> Case:
    status = await site.over(killed.flow, VIBER_OVER)
    return Case(
        killed, await site.messages(killed.flow), status, site.sink.faults(killed.flow, status)
    )


async def _killed(site: Installation) -> dict[tuple[Point, str], Killed]:
    victim = await site.worker()
    successor = await site.processes.stand_by("worker")
    flows = await _brought_to_their_points(site)
    killed_at = datetime.now(UTC)
    await victim.killed()
    left = {flow: (await site.intents(flow), await site.messages(flow)) for flow in flows.values()}
    site.provider.unblock()
    site.provider.answers.set()
    successor.go()
    seconds = {flow: await _seconds_to_next_attempt(site, flow, killed_at) for flow in left}
    site.reports.requests.set()
    return {case: Killed(flow, *left[flow], seconds[flow]) for case, flow in flows.items()}


async def _brought_to_their_points(site: Installation) -> dict[tuple[Point, str], str]:
    site.provider.answers.clear()
    site.reports.requests.clear()  # a delivery report would end the flow without its send
    flows = {(Point.ANSWERING, digits): await site.post(digits) for digits in DIGITS}

    async def arrived() -> bool:
        return all([await site.messages(flow) for flow in flows.values()])

    await until(arrived)
    await site.provider.block()
    flows |= {(Point.CONNECTING, digits): await site.post(digits) for digits in DIGITS}
    await until(lambda: site.provider.hanging == len(DIGITS))
    return flows


async def _seconds_to_next_attempt(site: Installation, flow: str, killed_at: datetime) -> float:
    attempted: datetime | None = None

    async def tried() -> bool:
        nonlocal attempted
        attempted = await site.attempted_since(flow, killed_at)
        return attempted is not None

    await until(tried)
    assert attempted is not None
    return (attempted - killed_at).total_seconds()
