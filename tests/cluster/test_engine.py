"""The cluster that flows are tried on: its parts, and what makes it ready for us."""

from pathlib import Path

import pytest
from temporalio.client import Client

from tests.databases import KEYS
from tests.engines.cluster import Cluster
from tests.postgres import DURABLE
from tests.processes import Ended, Processes
from workflows import namespace

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

EVERY_PART = ("postgres", "frontend", "history", "matching", "worker")


@pytest.mark.parametrize("part", EVERY_PART)
async def test_a_killed_part_comes_back_alone(engine: Cluster, part: str) -> None:
    """Each is a process of its own: the others live on, and it is found where it was."""
    before = {each: list(engine.pids(each)) for each in engine.parts}
    await engine.kill(part)
    gone = engine.pids(part)
    await engine.start(part)
    after = {each: list(engine.pids(each)) for each in engine.parts}

    assert gone == []
    assert after[part]
    assert after[part][0] != before[part][0]
    assert all(after[each][0] == before[each][0] for each in engine.parts if each != part)
    assert (await Client.connect(engine.address)).namespace == "default"


async def test_its_parts_are_five(engine: Cluster) -> None:
    """A transcript that names them all has killed all."""
    assert tuple(engine.parts) == EVERY_PART


async def test_bootstrap_makes_it_ready_and_then_changes_nothing(
    engine: Cluster, tmp_path: Path
) -> None:
    """An operator repeats it at every release."""
    environment = {
        "TEMPORAL_ADDRESS": engine.address,
        "TEMPORAL_NAMESPACE": "bootstrapped",
        "FAILOVER_DATABASE_URL": engine.database_url,
        "FAILOVER_KEYS": KEYS,
    }
    async with Processes(tmp_path, environment) as processes:
        first = await processes.run("bootstrap")
        client = await Client.connect(engine.address, namespace="bootstrapped")
        made = await namespace.missing(client)
        second = await processes.run("bootstrap")

    assert (first.code, second.code) == (0, 0), first.output + second.output
    assert made == {}
    assert "namespace bootstrapped made" in first.output
    assert "search attributes added" in first.output
    assert _lines(second) == [line for line in _lines(first) if _says_what_is(line)]


async def test_nothing_that_is_confirmed_can_be_lost(engine: Cluster) -> None:
    """What is measured on it holds for production, where a power cut loses nothing."""
    assert DURABLE["fsync"] == DURABLE["synchronous_commit"] == "on"
    assert dict(engine.server.settings) == DURABLE


def _lines(ended: Ended) -> list[str]:
    return ended.output.splitlines()


def _says_what_is(line: str) -> bool:
    return "added" not in line and not line.endswith("made")
