"""The kills, played in the background from the start, and the table of how they went."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

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
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == ROW
    ]
    if not rows:
        return
    table = Table(*HEADINGS, box=box.MARKDOWN)
    for row in rows:
        table.add_row(*map(str, row))
    terminalreporter.section("workers killed with -9 during a send")
    console = Console(width=120, color_system=None)
    with console.capture() as printed:
        console.print(table)
    terminalreporter.write(printed.get())
