"""Workers that are not there, and workers that leave as they should."""

import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.conftest import NewNamespace, until
from tests.databases import Databases
from tests.faults.installation import Installation, installed

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
async def installation(
    new_namespace: NewNamespace, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """An installation with a provider that sends twice what it is told twice."""
    engine = await new_namespace("faults-stops")
    directory = tmp_path_factory.mktemp("stops")
    async with (
        databases.new() as url,
        installed(engine, url, directory, dedupes=False) as made,
    ):
        yield made


@pytest.fixture
async def site(installation: Installation) -> AsyncIterator[Installation]:
    """The same with its wires open and without workers."""
    others = len(installation.processes.children)
    yield installation
    sys.stdout.write(installation.processes.said)  # shown where the test failed
    for gate in (installation.provider.answers, installation.reports.requests):
        gate.set()
    for worker in installation.processes.children[others:]:
        await worker.killed()


async def test_a_worker_told_to_stop_finishes_its_send(site: Installation) -> None:
    """SIGTERM: its heart beats on, the answer is awaited and kept, and nobody sends again."""
    worker = await site.worker()
    site.provider.answers.clear()
    site.reports.requests.clear()
    flow = await site.post("0101")

    async def arrived() -> bool:
        return await site.messages(flow) == ["Viber"]

    await until(arrived)

    told_at = datetime.now(UTC)
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: site.beaten_since(flow, told_at))
    assert not worker.is_over
    site.provider.answers.set()

    assert (await worker.ended(within=15)).code == 0
    assert await site.intents(flow) == ["answered"]
    await site.worker()
    site.reports.requests.set()
    assert await site.over(flow, within=30) == "Succeeded"
    assert await site.messages(flow) == ["Viber"]
    assert await site.requests(flow) == 1
    assert await site.attempts(flow) == 1
    assert site.sink.faults(flow, "Succeeded") == []


async def test_a_flow_waits_for_a_worker(site: Installation) -> None:
    """The only worker is dead when the flow is created: it is accepted, and runs with the next."""
    await (await site.worker()).killed()

    flow = await site.post("0101")

    assert await site.status(flow) == "Queued"
    assert await site.intents(flow) == []
    await site.worker()
    assert await site.over(flow, within=40) == "Succeeded"
    assert await site.messages(flow) == ["Viber"]
    assert site.sink.faults(flow, "Succeeded") == []
