"""The clocks of a worker and of an API process are wrong, and are set while a ttl runs."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
from standardwebhooks import Webhook

from tests import faketime
from tests.chaos.evidence import Receipt
from tests.nursery import nursery
from tests.processes import sign_in
from tests.proof.faults.base import Strike, over, struck
from tests.proof.ledger import Entry
from tests.proof.members import Member
from tests.proof.plan import TTLS
from tests.proof.scenes.base import ENDING, Cast, Scene, demand
from tests.proof.scenes.histories import histories, timers
from tests.proof.site import Site

NAME = "set piece: clocks jump"

WRONG = 600.0
"""Seconds by which they are wrong, one way and then the other."""

LEEWAY = 20.0
"""Seconds by which clocks may differ, and every token is good everywhere."""

TOLERANCE = 300.0
"""Seconds by which a receiver's library lets a callback's clock differ."""

SET = faketime.CACHED + 1.5
"""Seconds after which a process has seen that its clock was set."""

TIMED, MORE = 4, 6


class ClockJumps(Scene):
    """Ten minutes fast, then ten minutes slow while a ttl runs."""

    name = NAME
    patience = 1200.0

    async def hindrance(self, site: Site) -> str:
        """It takes libfaketime."""
        try:
            await asyncio.to_thread(faketime.install)
        except faketime.Missing as fault:
            return str(fault).rstrip(".")
        return ""

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Timers go by the engine's clock, whatever a worker's says."""
        worker, api = site.workers[0], site.apis[0]
        door, other = site.doors[api.name], site.doors[site.apis[1].name]
        clock = site.directory / "clock"
        faketime.put(clock, WRONG)
        struck(strike, worker.name, api.name)
        strike.skew = WRONG
        async with _clocked(site, clock, worker, api):
            fast = await _seconds_off(door)
            entries = [*await cast.post(cast.plans(MORE, "0101"), api.name)]
            timed = await cast.post(cast.plans(TIMED, "0104"), api.name)
            faketime.put(clock, -WRONG)
            jumped = time.time()
            await asyncio.sleep(SET)
            refused = await _answered(door)
            await sign_in(door)  # as a client does whose token is not taken
            entries += await cast.post(cast.plans(MORE, "0102"), api.name)
            elsewhere = await _answered(other)
            demand(strike, elsewhere == 200, f"another process answered {elsewhere}")
            await cast.over([*entries, *timed], within=ENDING)
            faketime.put(clock, -LEEWAY)
            await asyncio.sleep(SET)
            await sign_in(other)
            door.headers["authorization"] = other.headers["authorization"]
            near = await _answered(door)
            demand(strike, near == 200, f"within the leeway it was answered {near}")
        over(strike)
        await sign_in(door)
        waited, amid = await self._waited(site, strike, timed, jumped)
        flagged = _flagged(Path(site.receiver.post.file), strike)
        ran = sum([await _ran(site, each, worker) for each in (*entries, *timed)])
        if fast > WRONG / 2 and ran and flagged:
            strike.proofs.append(
                f"an API process {fast:.0f} s fast, then {WRONG:.0f} s slow (a token of another's "
                f"was answered {refused} there); a worker with such a clock ran {ran} activities; "
                f"ttls of {TTLS['Viber']:.0f} s took {waited:.1f} s at most, {amid} of them ran "
                f"when it was set; {flagged} callbacks signed with a time that a receiver's "
                f"library refuses"
            )

    async def _waited(
        self, site: Site, strike: Strike, timed: Sequence[Entry], jumped: float
    ) -> tuple[float, int]:
        """Seconds that the first ttls took at most, by the engine's clock.

        And how many of them were running when the clocks were set.
        """
        firsts = [timers(history)[0] for history in await histories(site, timed)]
        early = [each for each in firsts if each.fired and each.fired < each.due - 0.5]
        demand(strike, not early, f"{len(early)} timers fired before they were due")
        demand(strike, all(each.fired for each in firsts), "a timer never fired")
        amid = sum(each.due - TTLS["Viber"] < jumped < each.due for each in firsts)
        return max(TTLS["Viber"] + each.fired - each.due for each in firsts), amid


@asynccontextmanager
async def _clocked(site: Site, clock: Path, *members: Member) -> AsyncIterator[None]:
    """Have these members go by that clock; in the end they are as they were."""
    homes = [member.home for member in members]
    directory = site.directory / "clocked"
    directory.mkdir()
    environment = {**site.home.environment, **faketime.environment(clock)}
    async with nursery(directory, environment) as wrong:
        try:
            for member in members:
                await member.kill(signal.SIGTERM)
                member.home = wrong
                await member.start()
            yield
        finally:
            for member, home in zip(members, homes, strict=True):
                await member.kill()
                member.home = home
                await member.start()


async def _seconds_off(door: httpx.AsyncClient) -> float:
    """How fast the clock of that process is, by what its answers say."""
    answer = await door.get("/health/live", timeout=60)
    return parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()


async def _answered(door: httpx.AsyncClient) -> int:
    """What a process answers to who asks with a token."""
    return (await door.get("/callbacks", params={"size": "1"}, timeout=60)).status_code


async def _ran(site: Site, entry: Entry, worker: Member) -> int:
    """How many of the flow's activities the worker ran."""
    (history,) = await histories(site, [entry])
    return sum(
        event.activity_task_started_event_attributes.identity in worker.identities
        for event in history.events
        if event.HasField("activity_task_started_event_attributes")
    )


def _flagged(notes: Path, strike: Strike) -> int:
    """How many callbacks arrived meanwhile that the library refused for their time."""
    receipts = (json.loads(line) for line in notes.read_text("utf-8").splitlines())
    return sum(
        "receipt" in line and line["at"] > strike.at and _is_off(line["at"], line["timestamp"])
        for line in receipts
    )


def _is_off(at: float, timestamp: str) -> bool:
    return abs(at - int(timestamp)) > TOLERANCE


Receipts = Mapping[str, Sequence[Receipt]]


def excused(receipts: Receipts, notes: Path, key: str, strikes: Sequence[Strike]) -> Receipts:
    """The same, but what is signed rightly at a wrong time counts as signed while clocks are wrong.

    `notes` are the receiver's, and `key` what it is to be signed with.
    """
    spans = [(each.at, each.over + SET) for each in strikes if each.round.fault == NAME]
    if not spans:
        return receipts
    lines = [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
    bodies = {line["digest"]: line["body"] for line in lines if "body" in line}

    def seen(each: Receipt) -> Receipt:
        meanwhile = any(began <= each.at <= ended for began, ended in spans)
        if each.signed or not meanwhile or not _is_off(each.at, each.timestamp):
            return each
        at = datetime.fromtimestamp(int(each.timestamp), UTC)
        right = Webhook(key).sign(each.event, at, bodies[each.digest])
        return replace(each, signed=right in each.signature.split())

    return {path: [seen(each) for each in every] for path, every in receipts.items()}
