"""All rounds, played once on two installations, and the tables of how they went."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

from tests import tables
from tests.conftest import NewNamespace
from tests.databases import Databases
from tests.kills.checking import Seen, account, judged
from tests.kills.plan import Round, drawn
from tests.kills.rounds import Kill, Player
from tests.kills.site import sited
from tests.money import Books

ROW, LEFT = "kill rounds", "what kills at any moment left"
SEED = pytest.StashKey[str]()

TITLE = "workers killed with -9 in every phase of a send"
NOTES = """\
hit: kills whose victim's rows and requests prove the phase; max: the most messages of one step;
told: terminal callbacks, a repeated one counted once; next attempt: from the kill, median and max
"""

HEADINGS = (
    "provider",
    "worker killed",
    "rounds",
    "hit",
    "messages (max)",
    "flows",
    "ended",
    "told",
    "next attempt",
)


@dataclass(frozen=True)
class Played:
    """One installation's run: its kills, its flows at the end, its books, what must be left."""

    kills: Sequence[Kill]
    flows: Mapping[str, Seen]
    books: Books
    left: object


Plays = Mapping[bool, asyncio.Task[Played]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many kills, and which."""
    parser.addoption("--rounds", type=int, default=20, help="kills in all, on two installations")
    parser.addoption("--seed", default="", help="play the same rounds as a run of this seed")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none is given."""
    config.stash[SEED] = config.getoption("seed") or secrets.token_hex(4)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what plays these rounds again."""
    return _line(config)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the rounds."""
    tables.write(terminalreporter, ROW, TITLE, HEADINGS)
    terminalreporter.write(NOTES)
    tables.write(terminalreporter, LEFT, LEFT, ("provider", "left", "activities"))
    terminalreporter.write_line(_line(config))


def _line(config: pytest.Config) -> str:
    rounds, seed = config.getoption("rounds"), config.stash[SEED]
    return f"kills: ROUNDS={rounds} SEED={seed}"


@pytest.fixture(scope="package")
async def plays(
    new_namespace: NewNamespace,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> AsyncIterator[Plays]:
    """All rounds, by whether the provider dedupes; half of them each, both at once."""
    rounds, seed = pytestconfig.getoption("rounds"), pytestconfig.stash[SEED]
    modes = {True: ("dedupes", (rounds + 1) // 2), False: ("forgets", rounds // 2)}
    tasks = {
        dedupes: asyncio.create_task(
            _played(
                await new_namespace(f"kills-{name}"),
                databases,
                tmp_path_factory.mktemp(name),
                dedupes,
                drawn(f"{seed} {name}", count),
            )
        )
        for dedupes, (name, count) in modes.items()
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


async def _played(
    engine: Client, databases: Databases, directory: Path, dedupes: bool, plan: Sequence[Round]
) -> Played:
    async with databases.new() as url, sited(engine, url, directory, dedupes) as site:
        player = Player(site)
        await player.play(plan)
        flows = await judged(site)
        kept, left = await account(site, flows)
        return Played(player.kills, {each.flow: each for each in flows}, kept, left)
