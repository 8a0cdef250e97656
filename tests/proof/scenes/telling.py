"""Reports that a provider might have sent, on record like those that it did."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx

from accounts.demonstration import ACME
from domain.flow import StepRef
from providers.token import Addressed, ReportTokens
from storage.keys import Keyring
from tests.databases import KEYS
from tests.proof import notes
from tests.proof.ledger import Entry
from tests.proof.notes import Notes
from tests.proof.provider import Reported

LIFETIME = 3600.0
"""Seconds for which the addresses are good."""

PROVIDER = "sandbox"


def token(flow: str, order: int = 1, *, on_step: bool = True) -> str:
    """The genuine token of a step of acme's, as a worker makes it."""
    ref = StepRef(account=ACME.account, tracking_id=flow, order=order)
    tokens = ReportTokens(Keyring.parse(KEYS))
    return tokens.make(PROVIDER, Addressed(ref, on_step), time.time() + LIFETIME)


def report(flow: str, order: int, status: object) -> dict[str, object]:
    """A report of the sandbox's."""
    return {
        "messageId": str(uuid4()),
        "reference": f"{flow}.{order}",
        "status": status,
        "reason": None,
        "at": "2026-09-01T08:18:06.000Z",
    }


@dataclass(frozen=True)
class Teller:
    """Tells of steps in the provider's name, and notes it where the judge reads it."""

    notes: Notes
    _numbers: "count[int]" = field(default_factory=count)

    async def tell(self, door: httpx.AsyncClient, entry: Entry, order: int, status: str) -> int:
        """Report that; returns the answer's status, 0 if there was none."""
        assert entry.flow
        number, reference = next(self._numbers), f"{entry.flow}.{order}"
        on_step = entry.plan.strategy == "OnStep"
        address = f"/reports/{PROVIDER}/{token(entry.flow, order, on_step=on_step)}"
        self.notes.add(told=status, reference=reference, number=number)
        answered = 0
        try:
            with suppress(httpx.TransportError):
                answer = await door.post(address, json=report(entry.flow, order, status))
                answered = answer.status_code
        finally:
            self.notes.add(number=number, answered=answered)
        return answered


def told(file: Path) -> Mapping[str, Sequence[Reported]]:
    """What was told so, by reference, in the order in which it was answered."""
    asked: dict[int, tuple[str, str, float]] = {}
    found: dict[str, list[Reported]] = defaultdict(list)
    for line in notes.read(file):
        if "told" in line:
            asked[line["number"]] = line["reference"], line["told"], line["at"]
        else:
            reference, status, at = asked[line["number"]]
            settled = 0 < line["answered"] < 500
            found[reference].append(Reported(at, reference, status, settled, line["at"]))
    return found


def with_told(
    reported: Mapping[str, Sequence[Reported]], file: Path
) -> Mapping[str, Sequence[Reported]]:
    """Both, by reference."""
    more = told(file)
    return {name: [*reported.get(name, ()), *more.get(name, ())] for name in {**reported, **more}}
