"""All that the judge looks at, gathered from outside: records, public API, exported histories."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import WorkflowHistory
from temporalio.service import RPCError

from accounts.demonstration import ACME
from tests.chaos.evidence import Receipt
from tests.chaos.evidence import gathered as receipts_in
from tests.conftest import until
from tests.proof import ledger, notes
from tests.proof.faults.base import Strike
from tests.proof.ledger import Entry
from tests.proof.site import Site
from workflows.names import workflow_id

OVER = ("Succeeded", "Failed")

GRACE = 240.0
"""Seconds after the last round within which every flow ends and is told: ttls, repeated callbacks.

A call that nobody reports on takes longer: those are begun only where nothing becomes uncertain.
"""

REPLAYING = 90.0
"""Seconds within which a replay delivers what was dead."""


@dataclass(frozen=True)
class Request:
    """A request to send, by the provider's record; without an answer `status` is None.

    Epoch seconds. `taken`: a message came of it.
    """

    at: float
    reference: str
    attempt: int
    status: int | None
    taken: bool


@dataclass(frozen=True)
class Reported:
    """A report that the provider sent; `settled`: it was answered, and not by a 5xx."""

    at: float
    reference: str
    status: str
    settled: bool


@dataclass(frozen=True)
class Callbacks:
    """A flow's callbacks as the API lists them: before the replay of dead ones, and after it."""

    first: Sequence[Mapping[str, Any]]
    last: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Records:
    """One installation's run.

    `requests` and `reports` are by reference, receipts by path, bodies by digest, the rest by
    tracking id. `texts` are places where no secret may stand, by name; `replayed_at` is when what
    was dead was asked for again (epoch seconds).
    """

    dedupes: bool
    entries: Sequence[Entry]
    strikes: Sequence[Strike]
    requests: Mapping[str, Sequence[Request]] = field(default_factory=dict)
    reports: Mapping[str, Sequence[Reported]] = field(default_factory=dict)
    receipts: Mapping[str, Sequence[Receipt]] = field(default_factory=dict)
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    callbacks: Mapping[str, Callbacks] = field(default_factory=dict)
    histories: Mapping[str, WorkflowHistory] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    replayed_at: float = 0.0

    @property
    def accepted(self) -> Mapping[str, Entry]:
        """The flows that the client was told are accepted, by tracking id."""
        return {entry.flow: entry for entry in self.entries if entry.flow}


async def gathered(site: Site, strikes: Sequence[Strike]) -> Records:
    """Wait until all is over or the grace is, have what is dead replayed, and gather."""
    entries = ledger.entries(site.ledger.file)
    flows = [entry.flow for entry in entries if entry.flow]
    with suppress(TimeoutError):
        await until(lambda: _is_over(site), GRACE, every=1.0)
    first = await _callbacks(site, flows)
    await site.receiver.calm()
    replayed_at = time.time()
    await _replay(site)
    last = await _callbacks(site, flows)
    requests, reports = provided(site.record)
    receiver = Path(site.receiver.post.file)
    return Records(
        dedupes=site.dedupes,
        entries=entries,
        strikes=strikes,
        requests=requests,
        reports=reports,
        receipts=receipts_in([receiver]),
        bodies=_bodies(receiver),
        shown=await _shown(site, flows),
        callbacks={flow: Callbacks(first.get(flow, ()), last.get(flow, ())) for flow in flows},
        histories=await _histories(site, flows),
        replayed_at=replayed_at,
    )


def provided(
    record: Path,
) -> tuple[Mapping[str, Sequence[Request]], Mapping[str, Sequence[Reported]]]:
    """What the provider's record says of requests and reports, by reference."""
    requests: dict[str, list[Request]] = defaultdict(list)
    reports: dict[str, list[Reported]] = defaultdict(list)
    for line in notes.read(record):
        if "request" in line:
            reference = line["request"]
            requests[reference].append(Request(line["at"], reference, line["attempt"], None, False))
        elif "report" in line:
            reference = line["reference"]
            reports[reference].append(
                Reported(line["at"], reference, line["report"], line["settled"])
            )
        elif "answer" in line:
            known = requests[line["reference"]]
            _change(known, line["attempt"], status=line["answer"])
        elif "channel" in line:
            known = requests[line["reference"]]
            _change(known, known[-1].attempt, taken=True)
    return requests, reports


def _change(requests: list[Request], attempt: int, **values: Any) -> None:
    place = next(i for i, each in enumerate(requests) if each.attempt == attempt)
    requests[place] = Request(**{**vars(requests[place]), **values})


async def _is_over(site: Site) -> bool:
    """Whether no flow runs: each has told what it had to, or given up."""
    with suppress(RPCError):
        running = await site.temporal.count_workflows("ExecutionStatus='Running'")
        return running.count == 0
    return False


async def _replay(site: Site) -> None:
    body = {"since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86400))}

    async def none_is_dead() -> bool:
        dead = await _page(site.api, state="Dead", size="1")
        waiting = await _page(site.api, state="Waiting", size="1")
        if dead and not waiting:
            (await site.api.post("/callbacks/replay", json=body)).raise_for_status()
        return not dead and not waiting

    with suppress(TimeoutError):
        await until(none_is_dead, REPLAYING, every=1.0)


async def _page(api: httpx.AsyncClient, **query: str) -> Sequence[Mapping[str, Any]]:
    answer = await api.get("/callbacks", params=query)
    answer.raise_for_status()
    content: Sequence[Mapping[str, Any]] = answer.json()["content"]
    return content


async def _callbacks(site: Site, flows: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    async def of(flow: str) -> Sequence[Mapping[str, Any]]:
        answer = await site.api.get(f"/failover/{flow}/callbacks")
        content: Sequence[Mapping[str, Any]] = answer.json()["content"] if answer.is_success else ()
        return content

    return {flow: await of(flow) for flow in flows}


async def _shown(site: Site, flows: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    shown: dict[str, Mapping[str, Any]] = {}
    for flow in flows:
        answer = await site.api.get(f"/failover/tracking/{flow}")
        if answer.is_success:
            shown[flow] = answer.json()
    return shown


async def _histories(site: Site, flows: Sequence[str]) -> Mapping[str, WorkflowHistory]:
    found: dict[str, WorkflowHistory] = {}
    for flow in flows:
        handle = site.temporal.get_workflow_handle(workflow_id(ACME.account, flow))
        with suppress(RPCError):
            found[flow] = await handle.fetch_history()
    return found


def _bodies(receiver: Path) -> Mapping[str, Mapping[str, Any]]:
    lines = (line for line in notes.read(receiver) if "body" in line)
    return {line["digest"]: json.loads(line["body"]) for line in lines}
