"""Workers of this release and of the next, as processes, for a deploy that is rolled out."""

from collections.abc import Mapping

from tests.conftest import until
from tests.processes import STARTING, Child, Processes
from tests.workflows.upgrades.stages import PATCH

THIS, NEXT = "0.1.0", "0.2.0"
"""Their builds."""

NEXT_WORKER = "tests.workflows.upgrades.worker"
"""The next release's worker: a module to start with `python -m`, or whose `main` to call."""


def next_environment(*, held: bool) -> Mapping[str, str]:
    """What its environment has besides; `held`: it begins no flow with the patch.

    What it played, only `tests.workflows.upgrades.stages.Patched` replays.
    """
    return {"FAILOVER_BUILD": NEXT, "FAILOVER_HELD_PATCHES": PATCH if held else ""}


async def this_worker(processes: Processes) -> Child:
    """A worker of this release, at work."""
    return await _at_work(await processes.start("worker", FAILOVER_BUILD=THIS))


async def next_worker(processes: Processes, *, held: bool) -> Child:
    """A worker of the next release, at work."""
    return await _at_work(await processes.module(NEXT_WORKER, **next_environment(held=held)))


async def _at_work(child: Child) -> Child:
    await until(lambda: child.says("worker ready"), STARTING)
    return child
