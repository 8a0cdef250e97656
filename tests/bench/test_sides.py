"""A handful of flows through each that is compared: a benchmark that is broken measures nothing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench import ground, histories
from bench.bench import Bench, Outside, Plan
from bench.ground import Kind
from bench.sides import BARE, OURS
from tests import postgres

pytestmark = pytest.mark.server


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on the development server, with a small plan."""
    async with AsyncExitStack() as held:
        stands = await held.enter_async_context(ground.running(Kind.DEVELOPMENT, tmp_path))
        outside = await held.enter_async_context(Outside.started())
        yield Bench(stands, outside, Plan(flows=4, rounds=1, in_flight=2), tmp_path)


async def test_ours_and_the_barest_program_do_the_same(bench: Bench) -> None:
    """Both work off all flows at some cost, and ours has one event more in its histories."""
    found = await histories.measure(bench)
    assert [goal.middle for goal in found.goals] == [1, 1]
    assert len(bench.noise.used) == 4
    for used in bench.noise.used:
        assert used.roles["API"] > 0
        assert used.roles["worker"] > 0
        assert used.roles["engine"] > 0
    assert found.tables[0].header[1:3] == (OURS, BARE)


async def test_dbos_works_off_its_flows(bench: Bench) -> None:
    """In two processes, each of which takes flows and has its own reports."""
    pytest.importorskip("dbos", reason="`make bench` installs it")
    try:
        postgres.programs()
    except postgres.Missing as fault:
        pytest.skip(str(fault))
    async with bench.dbos(2) as side:
        measured = await bench.load(side)
    assert len(measured.loaded.ended) == 4
    assert measured.used.roles["API and worker"] > 0
    assert measured.used.roles["PostgreSQL"] > 0
