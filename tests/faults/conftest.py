"""The kills, played in the background from the start, and the table of how they went."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from tests import tables
from tests.conftest import NewNamespace
from tests.databases import Databases
from tests.faults.kills import Cases, play

ROW = "killed worker"
HEADINGS = (
    "worker killed",
    "recipient",
    "provider dedupes",
    "messages",
    "flow",
    "kill to next attempt",
)


@pytest.fixture(scope="package")
async def plays(
    new_namespace: NewNamespace, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[bool, asyncio.Task[Cases]]]:
    """All cases, by whether the provider dedupes."""
    turn = asyncio.Lock()
    tasks = {
        dedupes: asyncio.create_task(
            play(
                await new_namespace(f"faults-{name}"),
                databases,
                tmp_path_factory.mktemp(name),
                dedupes,
                turn,
            )
        )
        for dedupes, name in ((True, "dedupes"), (False, "forgets"))
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the kills that were tried, as a table for a note."""
    tables.write(terminalreporter, ROW, "workers killed with -9 during a send", HEADINGS)
