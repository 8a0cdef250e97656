"""A handful of flows through each that is compared: a benchmark that is broken measures nothing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bench import ground, histories
from bench.bench import Bench, Outside, Plan, two_steps
from bench.ground import Kind
from bench.sides import BARE, OURS
from tests import postgres

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]  # seven processes start


@pytest.fixture(scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench on the development server, with the smallest plan."""
    directory = tmp_path_factory.mktemp("bench")
    async with AsyncExitStack() as held:
        stands = await held.enter_async_context(ground.running(Kind.DEVELOPMENT, directory))
        outside = await held.enter_async_context(Outside.started())
        yield Bench(stands, outside, Plan(flows=2, rounds=1, in_flight=2), directory)


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
    """It fails over as the others do; its process takes flows and reports, too."""
    pytest.importorskip("dbos", reason="`make bench` installs it")
    try:
        postgres.programs()
    except postgres.Missing as fault:
        pytest.skip(str(fault))
    async with bench.dbos() as side:
        measured = await bench.load(side, body=two_steps(bench.outside.callbacks))
    assert len(measured.loaded.ended) == 2
    assert measured.used.roles["API and worker"] > 0
    assert measured.used.roles["PostgreSQL"] > 0
