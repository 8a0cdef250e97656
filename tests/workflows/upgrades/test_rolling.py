"""A patched workflow is rolled out: old workers and new ones side by side, as processes."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from accounts.demonstration import ACME
from tests.conftest import NewNamespace, until
from tests.databases import Databases
from tests.faults.installation import Installation, installed
from tests.processes import Child
from tests.replaying import Replays
from tests.samples import sms, viber
from tests.workflows.upgrades.reading import builds, failures, marks
from tests.workflows.upgrades.rolling import NEXT, THIS, next_worker, this_worker
from tests.workflows.upgrades.stages import PATCH, Patched
from workflows.names import workflow_id

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

FLOWS = 4
"""How many are posted at each stage of the deploy."""

FAILS_OVER, SILENT = "+306900000102", "+306900000106"
OVER = 90.0


@pytest.fixture
async def site(
    new_namespace: NewNamespace, databases: Databases, tmp_path: Path, replays: Replays
) -> AsyncIterator[Installation]:
    """An installation without workers."""
    engine = await new_namespace("rolling")
    replays.watch(engine, Patched)
    async with databases.new() as url, installed(engine, url, tmp_path, dedupes=True) as made:
        yield made
        sys.stdout.write(made.processes.said)  # shown where the test failed


async def test_a_patched_workflow_is_rolled_out_without_one_failed_task(
    site: Installation,
) -> None:
    """First it is held everywhere, then begun everywhere; each flow ends once, whoever ran it.

    Two workers are told to stop, one of them in the middle of a send, and two are killed.
    """
    first = await this_worker(site.processes)
    before = await _posted(site)
    silent = [await site.post_flow(viber(SILENT, ttl=60)) for _ in range(FLOWS)]
    await _answered(site, [*before, *silent])
    second, third = await asyncio.gather(
        this_worker(site.processes), next_worker(site.processes, held=True)
    )
    before += await _stopped_while_sending(site, first)
    await _fail_over(site, before)

    between = await _posted(site)
    await _answered(site, between)
    fourth = await next_worker(site.processes, held=True)
    await second.killed()
    await _fail_over(site, between)

    fifth, sixth = await asyncio.gather(
        *(next_worker(site.processes, held=False) for _ in range(2))
    )
    begun = await _posted(site)
    await _answered(site, begun)
    third.process.send_signal(signal.SIGTERM)
    assert (await third.ended()).code == 0
    await fourth.killed()
    await _fail_over(site, begun)

    after = await _posted(site)
    await _fail_over(site, after)
    await _cancelled(site, silent)

    assert not fifth.is_over
    assert not sixth.is_over
    every = (*before, *between, *begun, *after, *silent)
    histories = {flow: await _handle(site, flow).fetch_history() for flow in every}
    assert [failures(each) for each in histories.values()] == [[]] * len(histories)
    for flow in (*before, *between):
        assert marks(histories[flow]) == []
    for flow in after:
        assert (marks(histories[flow]), set(builds(histories[flow]))) == ([PATCH], {NEXT})
    for flow in silent:
        assert {THIS, NEXT} == {builds(histories[flow])[0], builds(histories[flow])[-1]}


async def _posted(site: Installation) -> list[str]:
    """Flows whose reports, which make them fail over, are held back."""
    site.reports.requests.clear()
    steps = viber(FAILS_OVER, ttl=60), sms(FAILS_OVER, ttl=60)
    return [await site.post_flow(*steps) for _ in range(FLOWS)]


async def _answered(site: Installation, flows: Sequence[str]) -> None:
    """Wait until the provider's answer to each first send is kept."""

    async def kept() -> bool:
        return all([await site.intents(flow) == ["answered"] for flow in flows])

    await until(kept, OVER)


async def _stopped_while_sending(site: Installation, worker: Child) -> Sequence[str]:
    """Tell the worker to stop while the provider owes it an answer; the flows that were posted."""
    flows: list[str] = []
    site.provider.answers.clear()
    while (mine := await _sent_by(site, flows, worker)) is None:
        assert len(flows) < 50, "the worker gets nothing to send"
        flows += await _posted(site)
        await _begun(site, flows)
    told_at = datetime.now(UTC)
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: site.beaten_since(mine, told_at))
    assert not worker.is_over
    site.provider.answers.set()
    assert (await worker.ended()).code == 0
    await _answered(site, flows)
    return flows


async def _begun(site: Installation, flows: Sequence[str]) -> None:
    async def kept() -> bool:
        return all([await site.intents(flow) for flow in flows])

    await until(kept, OVER)


async def _sent_by(site: Installation, flows: Sequence[str], worker: Child) -> str | None:
    """The first of the flows whose send is in the hands of that worker."""
    for flow in flows:
        described = await _handle(site, flow).describe()
        for each in described.raw_description.pending_activities:
            if each.last_worker_identity.startswith(f"{worker.process.pid}@"):
                return flow
    return None


async def _fail_over(site: Installation, flows: Sequence[str]) -> None:
    """Let their reports come, and see each to its one end."""
    site.reports.requests.set()
    for flow in flows:
        assert await site.over(flow, OVER) == "Succeeded"
        assert await site.ends(flow) == ("Viber UNDELIVERED", "Sms Delivered")
        assert site.sink.faults(flow, "Succeeded") == []
        assert (await site.messages(flow)).count("Sms") == 1


async def _cancelled(site: Installation, flows: Sequence[str]) -> None:
    """End what nothing else ends: flows that this release began and the next goes on with."""
    for flow in flows:
        (await site.api.post(f"/failover/{flow}/cancel")).raise_for_status()
        assert await site.over(flow, OVER) == "Failed"
        assert site.sink.faults(flow, "Failed") == []
        assert await site.messages(flow) == ["Viber"]


def _handle(site: Installation, flow: str) -> WorkflowHandle[Any, Any]:
    return site.engine.get_workflow_handle(workflow_id(ACME.account, flow))
