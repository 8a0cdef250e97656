"""One real cluster for all tests here, the service on it, and the run that kills every process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio.client import Client as Temporal
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts.demonstration import ACME, CALLBACK_KEYS
from cli.sink import Sink, listening
from tests import tables
from tests.cluster.client import Client
from tests.cluster.load import Load
from tests.cluster.outages import Play
from tests.cluster.service import Service, serving
from tests.cluster.transcript import HEADINGS, NOTES, Judged
from tests.conftest import NewNamespace
from tests.databases import Databases, on_postgres
from tests.engines import cluster
from tests.engines.cluster import Cluster
from tests.kills.conftest import plays as plays
from tests.kills.conftest import pytest_configure as pytest_configure
from tests.kills.conftest import pytest_report_header as pytest_report_header
from tests.kills.conftest import pytest_terminal_summary as kills_summary
from tests.processes import client_of
from workflows import namespace

RUN = pytest.StashKey[Judged]()

CALM = 8.0
"""Seconds in which flows are posted before anything is killed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many kills of workers within a send, which, and where the transcript is written."""
    parser.addoption("--rounds", type=int, default=20, help="kills of workers in a send, in all")
    parser.addoption("--seed", default="", help="play the same rounds as a run of this seed")
    parser.addoption("--transcript", type=Path, help="write the transcript to that document")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the transcript, and the rounds within a send."""
    if judged := config.stash.get(RUN, None):
        tables.show(terminalreporter, "every process killed with -9", HEADINGS, judged.rows, 140)
        terminalreporter.write(NOTES)
        terminalreporter.write_line(f"in all: {judged.sums}")
    kills_summary(terminalreporter, config)


Say = Callable[[str], None]


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Say:
    """Writes a line to the terminal as it happens: this takes minutes."""
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")
    assert reporter is not None
    assert capture is not None

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(line)

    return write


@pytest.fixture(scope="session")
async def engine(tmp_path_factory: pytest.TempPathFactory, say: Say) -> AsyncIterator[Cluster]:
    """The cluster, with nothing in it."""
    async with cluster.running(tmp_path_factory.mktemp("cluster"), say=say) as engine:
        yield engine


@pytest.fixture(scope="session")
async def databases(engine: Cluster) -> AsyncIterator[Databases]:
    """Makes databases on the cluster's own PostgreSQL server."""
    async with on_postgres(engine.socket) as databases:
        yield databases


@pytest.fixture(scope="session")
async def new_namespace(engine: Cluster) -> NewNamespace:
    """A client of a fresh namespace on the cluster."""

    async def make(name: str) -> Temporal:
        client = await Temporal.connect(
            engine.address, namespace=name, data_converter=pydantic_data_converter
        )
        await namespace.prepare(client)
        return client

    return make


@pytest.fixture(scope="package")
async def service(
    engine: Cluster, tmp_path_factory: pytest.TempPathFactory, say: Say
) -> AsyncIterator[Service]:
    """The whole service on it: two workers, two APIs, the sandbox."""
    async with serving(engine, tmp_path_factory.mktemp("service"), say=say) as service:
        yield service


@pytest.fixture(scope="package")
async def sink() -> AsyncIterator[Sink]:
    """The receiver of all callbacks, which checks their signatures."""
    async with listening(keys=[CALLBACK_KEYS[ACME.id]]) as sink:
        yield sink


@pytest.fixture(scope="package")
async def client(service: Service) -> AsyncIterator[Client]:
    """A client of both APIs."""
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(client_of(port)) for port in service.addresses.apis]
        client = Client(apis)
        await client.sign_in()
        yield client


@pytest.fixture(scope="package")
async def judged(
    service: Service, client: Client, sink: Sink, say: Say, pytestconfig: pytest.Config
) -> Judged:
    """The run: every process killed in its turn, and every flow judged."""
    async with client_of(service.addresses.sandbox) as sandbox:
        load = Load(client, sink, sandbox)
        play = Play(service, load, say)
        working = [asyncio.create_task(each) for each in (load.listen(), load.run())]
        try:
            await play.calm(CALM)
            for part in service.parts:
                load.silent = part != service.parts[-1]
                await play.kill(part)
            working[1].cancel()
            play.tell(f"no more flows; {load.in_flight} are in flight")
            await load.ended()
            play.tell("all flows have ended")
            judged = await _judged(play, load, sink)
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)
    pytestconfig.stash[RUN] = judged
    if document := pytestconfig.getoption("transcript"):
        judged.write(document)
    return judged


async def _judged(play: Play, load: Load, sink: Sink) -> Judged:
    seen = {each.flow: each for each in await load.judged()}
    faults = {
        name: [*each.faults(dedupes=True), *filter(None, [sink.unsigned.get(name)])]
        for name, each in seen.items()
    }
    return Judged(play, seen, faults)
