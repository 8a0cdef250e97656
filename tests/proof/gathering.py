"""Gathers the evidence once all is over, or the grace is."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from accounts.demonstration import ACME, CALLBACK_KEYS, SECRETS
from tests.chaos.evidence import Receipt
from tests.chaos.evidence import gathered as receipts_in
from tests.databases import KEYS
from tests.processes import HOST
from tests.proof import ledger
from tests.proof.evidence import Callbacks, Records
from tests.proof.faults.base import Strike
from tests.proof.forging import forgeries
from tests.proof.provider import provided
from tests.proof.scenes.clocks import excused
from tests.proof.scenes.telling import with_told
from tests.proof.settling import replayed, settled
from tests.proof.site import Site
from tests.proof.stories import Story, story
from tests.workflows.upgrades.reading import marks
from tests.workflows.upgrades.stages import PATCH, Patched
from workflows.failover import FailoverWorkflow
from workflows.names import workflow_id

T = TypeVar("T")

AT_ONCE = 6
"""Questions under way."""


async def gathered(
    site: Site, strikes: Sequence[Strike], hindered: Mapping[str, str] | None = None
) -> Records:
    """Wait until all is over, have what is dead replayed, and gather."""
    await settled(site)
    entries = ledger.entries(site.ledger.file)
    flows = [entry.flow for entry in entries if entry.flow]
    first = await _callbacks(site, flows)
    await site.receiver.calm()
    replayed_at = await replayed(site)
    dead = [flow for flow in flows if any(each["state"] == "Dead" for each in first[flow])]
    last = {**first, **await _callbacks(site, dead)}
    noted = provided(site.record)
    return Records(
        dedupes=site.dedupes,
        entries=entries,
        strikes=[replace(strike, posting=[]) for strike in strikes],
        hindered=hindered or {},
        requests=noted.requests,
        reports=with_told(noted.reports, site.told),
        receipts=_receipts(site, strikes),
        shown=await _shown(site, flows),
        callbacks={flow: Callbacks(first[flow], last[flow], replayed_at) for flow in flows},
        stories=await _stories(site, flows),
        forgeries=forgeries(site.forger.notes.file),
        workers={each: member.name for member in site.workers for each in member.identities},
        texts=await _texts(site),
        secrets=_secrets(site),
    )


async def _of_each(flows: Sequence[str], ask: Callable[[str], Awaitable[T]]) -> Mapping[str, T]:
    """What is answered for each flow, some at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def asked(flow: str) -> T:
        async with turns:
            return await ask(flow)

    answers = await asyncio.gather(*(asked(flow) for flow in flows))
    return dict(zip(flows, answers, strict=True))


def _receipts(site: Site, strikes: Sequence[Strike]) -> Mapping[str, Sequence[Receipt]]:
    notes = Path(site.receiver.post.file)
    return excused(receipts_in([notes]), notes, CALLBACK_KEYS[ACME.id], strikes)


async def _callbacks(site: Site, flows: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    async def in_full(flow: str) -> Sequence[Mapping[str, Any]]:
        listed = await site.api.get(f"/failover/{flow}/callbacks")
        return [
            (await site.api.get(f"/callbacks/{each['id']}")).raise_for_status().json()
            for each in (listed.json()["content"] if listed.is_success else ())
        ]

    return await _of_each(flows, in_full)


async def _shown(site: Site, flows: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    async def shown(flow: str) -> Mapping[str, Any] | None:
        answer = await site.api.get(f"/failover/tracking/{flow}")
        return dict(answer.json()) if answer.is_success else None

    found = await _of_each(flows, shown)
    return {flow: each for flow, each in found.items() if each is not None}


async def _stories(site: Site, flows: Sequence[str]) -> Mapping[str, Story]:
    async def told(flow: str) -> Story | None:
        handle = site.temporal.get_workflow_handle(workflow_id(ACME.account, flow))
        with suppress(RPCError):
            history = await handle.fetch_history()
            return story(history, await _replay(history))
        return None

    found = await _of_each(flows, told)
    return {flow: each for flow, each in found.items() if each is not None}


async def _replay(history: WorkflowHistory) -> str:
    """What is wrong with a replay by today's code, or tomorrow's; empty if nothing is."""
    replayer = Replayer(
        workflows=[Patched if PATCH in marks(history) else FailoverWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
        build_id="proof",
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return str(result.replay_failure or "")


async def _texts(site: Site) -> Mapping[str, bytes]:
    """The logs, the metrics, and the list of callbacks."""
    logs = [log for member in site.members for log in member.logs]
    texts = {str(log.relative_to(site.directory)): log.read_bytes() for log in logs}
    async with httpx.AsyncClient(trust_env=False) as client:
        for member in site.members:
            if member.metrics:
                answer = await client.get(f"http://{HOST}:{member.metrics}/metrics")
                texts[f"metrics of {member.name}"] = answer.content
    listing = await site.api.get("/callbacks", params={"size": "200"})
    return {**texts, "list of callbacks": listing.content}


def _secrets(site: Site) -> Mapping[str, bytes]:
    """What the whole installation must keep to itself."""
    key = KEYS.partition(":")[2]
    tokens = {
        f"access token of {name}": re.sub("Bearer ", "", door.headers["authorization"])
        for name, door in site.doors.items()
    }
    known = {
        "master key": key,
        "callback key": CALLBACK_KEYS[ACME.id],
        "client secret": SECRETS[ACME.id],
        "report address": "/reports/sandbox/v1.",
        **tokens,
    }
    return {name: secret.encode() for name, secret in known.items()}
