"""What the client saw: each flow that it posted, each try, and each answer, on record."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.proof.notes import Notes, read
from tests.proof.plan import FlowPlan

PATIENCE = 150.0
"""Seconds for which a client asks again for one flow: longer than anything is ever away."""

PAUSE = 0.5
"""Seconds between two tries, unless the answer says how many."""


@dataclass(frozen=True)
class Try:
    """One POST at one of the API's processes; without a status its connection was lost.

    Times are epoch seconds. `body` is what was answered, if it was an error.
    """

    door: str
    asked: float
    ended: float
    status: int | None
    body: str = ""


@dataclass
class Entry:
    """A flow and the client's tries; `flow` is the tracking id once one was answered 2xx."""

    key: str
    round: int
    plan: FlowPlan
    tries: list[Try] = field(default_factory=list)
    flow: str | None = None
    differs: str = ""
    """The members of the answer that were others when it was asked once more, with commas."""

    @property
    def accepted(self) -> float:
        """When it was told so; 0 if it never was."""
        return self.tries[-1].ended if self.flow else 0.0

    @property
    def waited(self) -> float:
        """Seconds from its first try until its last one's answer."""
        return self.tries[-1].ended - self.tries[0].asked


class Ledger:
    """Posts flows as a careful client does, and notes all of it.

    Each flow has an Idempotency-Key. A 503 and a lost connection are tried again with the same key,
    at the next process; any other answer is the last.
    """

    def __init__(
        self, doors: Mapping[str, httpx.AsyncClient], receiver: str, file: Path, name: str
    ) -> None:
        self._doors = doors
        self._receiver = receiver
        self._notes = Notes(file)
        self._name = name
        self._numbers = count(1)
        self._turns = count()
        self._answers: dict[str, Any] = {}
        self.entries: list[Entry] = []

    @property
    def file(self) -> Path:
        """Where all of it stands."""
        return self._notes.file

    async def post(self, plan: FlowPlan, round: int, door: str | None = None) -> Entry:
        """Post the flow until it is accepted, refused, or the client's patience is over.

        Begins at that process, or at the one whose turn it is.
        """
        entry = Entry(f"{self._name}-{next(self._numbers)}", round, plan)
        self.entries.append(entry)
        self._notes.add(flow=entry.key, round=round, plan=plan.written())
        names = list(self._doors)
        first = names.index(door) if door else next(self._turns)
        loop = asyncio.get_running_loop()
        ends = loop.time() + PATIENCE
        for turn in count(first):
            pause = await self._try(entry, names[turn % len(names)])
            if pause is None or loop.time() + pause > ends:
                break
            await asyncio.sleep(pause)
        if entry.flow and len(entry.tries) > 1:
            await self._ask_again(entry, names[turn % len(names)])
        return entry

    def adopt(self, plan: FlowPlan, round: int, door: str, flow: str) -> Entry:
        """Note a flow that was posted otherwise, and was accepted as that."""
        entry = Entry(f"{self._name}-{next(self._numbers)}", round, plan, flow=flow)
        self.entries.append(entry)
        self._notes.add(flow=entry.key, round=round, plan=plan.written())
        asked = self._notes.add(ask=entry.key, door=door)
        ended = self._notes.add(answer=entry.key, door=door, status=201, id=flow, body="")
        entry.tries.append(Try(door, asked, ended, 201))
        return entry

    async def _ask(self, entry: Entry, door: str) -> httpx.Response:
        headers = {"Idempotency-Key": entry.key}
        body = entry.plan.body(self._receiver)
        return await self._doors[door].post(entry.plan.door, json=body, headers=headers)

    async def _ask_again(self, entry: Entry, door: str) -> None:
        """Who was in doubt asks once more; the answer must be the same."""
        with suppress(httpx.TransportError):
            answer = await self._ask(entry, door)
            if answer.is_success:
                entry.differs = _differences(self._answers[entry.key], answer.json())
                self._notes.add(again=entry.key, differs=entry.differs)

    async def _try(self, entry: Entry, door: str) -> float | None:
        """Seconds after which it is to be tried again, if it is."""
        asked = self._notes.add(ask=entry.key, door=door)
        try:
            answer = await self._ask(entry, door)
        except httpx.TransportError as fault:
            ended = self._notes.add(lost=entry.key, door=door, fault=type(fault).__name__)
            entry.tries.append(Try(door, asked, ended, None))
            return PAUSE
        said: Any = answer.json() if answer.is_success else {}
        entry.flow = said.get("trackingId")
        self._answers[entry.key] = said
        told = "" if entry.flow else answer.text[:500]
        ended = self._notes.add(
            answer=entry.key, door=door, status=answer.status_code, id=entry.flow, body=told
        )
        entry.tries.append(Try(door, asked, ended, answer.status_code, told))
        if answer.status_code != 503:
            return None
        return float(answer.headers.get("retry-after", PAUSE))


def _differences(one: dict[str, Any], other: dict[str, Any]) -> str:
    names = sorted({*one, *other})
    return ", ".join(name for name in names if one.get(name) != other.get(name))


def entries(file: Path) -> Sequence[Entry]:
    """What stands there."""
    found: dict[str, Entry] = {}
    asked: dict[str, tuple[str, float]] = {}
    for line in read(file):
        if "plan" in line:
            found[line["flow"]] = Entry(line["flow"], line["round"], FlowPlan.read(line["plan"]))
        elif "ask" in line:
            asked[line["ask"]] = line["door"], line["at"]
        elif "lost" in line:
            door, at = asked[line["lost"]]
            found[line["lost"]].tries.append(Try(door, at, line["at"], None))
        elif "answer" in line:
            door, at = asked[line["answer"]]
            entry = found[line["answer"]]
            entry.tries.append(Try(door, at, line["at"], line["status"], line["body"]))
            entry.flow = line["id"]
        elif "again" in line:
            found[line["again"]].differs = line["differs"]
    return list(found.values())
