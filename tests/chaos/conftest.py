"""The run, played once, and the table of how it went."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from tests import tables
from tests.chaos import report
from tests.chaos.plan import drawn
from tests.chaos.playing import Played, play
from tests.conftest import NewNamespace
from tests.databases import Databases

SEED = pytest.StashKey[str]()
PLAYED = pytest.StashKey[Played]()

Play = asyncio.Task[Played]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many flows, which, and how fast."""
    parser.addoption("--flows", type=int, default=300, help="flows in all")
    parser.addoption("--seed", default="", help="play the same as a run of this seed")
    parser.addoption("--rate", type=float, default=8.0, help="flows started in a second")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none is given."""
    config.stash[SEED] = config.getoption("seed") or secrets.token_hex(4)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what plays this again."""
    return _line(config)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the receivers saw."""
    played = config.stash.get(PLAYED, None)
    if played is not None:
        title = "callbacks amid chaos"
        tables.show(terminalreporter, title, report.HEADINGS, report.rows(played))
        terminalreporter.write(report.NOTES)
        for line in report.lines(played):
            terminalreporter.write_line(line)
    terminalreporter.write_line(_line(config))


def _line(config: pytest.Config) -> str:
    return f"callbacks: FLOWS={config.getoption('flows')} SEED={config.stash[SEED]}"


@pytest.fixture(scope="package")
async def running(
    new_namespace: NewNamespace,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> AsyncIterator[Play]:
    """The run, under way."""
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    assert reporter is not None
    assert capture is not None

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(line)

    async def run() -> Played:
        plan = drawn(pytestconfig.stash[SEED], pytestconfig.getoption("flows"))
        client, notes = await new_namespace("chaos"), tmp_path_factory.mktemp("chaos")
        rate = pytestconfig.getoption("rate")
        async with databases.new() as url:
            played = await play(client, url, notes, plan, rate, say)
        pytestconfig.stash[PLAYED] = played
        return played

    task = asyncio.create_task(run())
    yield task
    task.cancel()
    await asyncio.wait({task})


@pytest.fixture
async def played(running: Play) -> Played:
    """The run, once it is over."""
    return await running
