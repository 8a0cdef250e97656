"""Reports that nobody of right sends: each must be turned away, and none may change anything."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx

from accounts.demonstration import ACME, GLOBEX
from domain.flow import StepRef
from providers.token import Addressed, ReportTokens
from storage.keys import Keyring
from tests.databases import KEYS
from tests.proof import notes
from tests.proof.ledger import Ledger
from tests.proof.notes import Notes

DOOMED = ("0105", "0106")
"""Recipients with whom nothing ever succeeds: a forged success would be seen."""

STRANGE = "k1:" + "B" * 43 + "="
"""Keys of somebody else."""

FOREIGN = "of another account"


@dataclass(frozen=True)
class Forgery:
    """A forged report and its answer; None if the connection was lost."""

    at: float
    kind: str
    flow: str
    status: int | None


def _strange(flow: str) -> str:
    return _token(flow, keys=STRANGE)


def _expired(flow: str) -> str:
    return _token(flow, expires=time.time() - 60)


def _of_another_provider(flow: str) -> str:
    return _token(flow, provider="twilio")


def _of_another_account(flow: str) -> str:
    return _token(flow, account=GLOBEX.account)


def _tampered(flow: str) -> str:
    """Another flow's, with this one's payload."""
    version, kid, payload, _ = _token(flow).split(".")
    return ".".join((version, kid, payload, _token(str(uuid4())).rpartition(".")[2]))


def _token(
    flow: str,
    *,
    keys: str = KEYS,
    provider: str = "sandbox",
    account: str = ACME.account,
    expires: float | None = None,
) -> str:
    tokens = ReportTokens(Keyring.parse(keys))
    ref = StepRef(account=account, tracking_id=flow, order=1)
    return tokens.make(provider, Addressed(ref, on_step=True), expires or time.time() + 3600)


KINDS: Mapping[str, Callable[[str], str]] = {
    "by strange keys": _strange,
    "expired": _expired,
    "of another provider": _of_another_provider,
    FOREIGN: _of_another_account,
    "tampered with": _tampered,
}
"""Makes a token of that kind for the first step of a flow."""


@dataclass(frozen=True)
class Forger:
    """Reports that steps were delivered, whose flows cannot succeed."""

    ledger: Ledger
    doors: Mapping[str, httpx.AsyncClient]
    notes: Notes

    async def forge(self, random: Random) -> None:
        """One of each kind, where there is a flow to aim at."""
        aims = [
            entry.flow
            for entry in self.ledger.entries[-60:]
            if entry.flow and entry.plan.digits in DOOMED
        ]
        for kind, make in KINDS.items() if aims else ():
            flow = random.choice(aims)
            door = random.choice(list(self.doors.values()))
            await self._report(door, kind, flow, make(flow))

    async def _report(self, door: httpx.AsyncClient, kind: str, flow: str, token: str) -> None:
        report = {
            "messageId": str(uuid4()),
            "reference": f"{flow}.1",
            "status": "delivered",
            "reason": None,
            "at": "2026-09-01T08:18:06.000Z",
        }
        status: int | None = None
        with suppress(httpx.TransportError):
            status = (await door.post(f"/reports/sandbox/{token}", json=report)).status_code
        self.notes.add(forged=kind, flow=flow, status=status)


def forgeries(file: Path) -> Sequence[Forgery]:
    """What was forged, by the forger's notes."""
    return [
        Forgery(line["at"], line["forged"], line["flow"], line["status"])
        for line in notes.read(file)
    ]
