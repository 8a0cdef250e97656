"""What every test may ask for: one engine for the whole run, a database and keys for each test."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from cli import engine as embedded
from storage.engine import connect
from storage.keys import Keyring
from storage.seal import Sealer
from tests import postgres, releases
from tests.databases import KEYS as KEYS
from tests.databases import Databases, on_postgres, on_sqlite
from tests.forking import Forks, Said, forking
from tests.replaying import Replays
from tracking.records import Tracking
from workflows import namespace
from workflows.names import DYNAMIC_CONFIG

REPLAYS = pytest.StashKey[Replays]()
REPLAYING = 600.0
"""Seconds that the replays at the end of a run may take."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record-histories` writes the corpus that the replay tests read."""
    parser.addoption("--record-histories", action="store_true", help="write histories anew")
    parser.addoption("--postgres", action="store_true", help="run on PostgreSQL, not on SQLite")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C be heard: a run in a script's background inherits that it is ignored."""
    if config.getoption("postgres"):
        try:
            postgres.programs()
        except postgres.Missing as fault:
            raise pytest.UsageError(str(fault)) from None
    if config.getoption("record_histories"):
        try:
            releases.to_record(releases.version(), releases.changelog())
        except releases.AlreadyReleased as refused:
            raise pytest.UsageError(str(refused)) from None
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[REPLAYS] = Replays()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many flows were replayed."""
    done = terminalreporter.config.stash[REPLAYS]
    if done.count:
        terminalreporter.write_line(
            f"replayed {done.count:,} histories; sweeping took {done.seconds:.1f} s"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Give the last test's time back: what the run ends with is not its fault."""
    if nextitem is None:
        item.config.hook.pytest_timeout_cancel_timer(item=item)
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what asks for no database: it would be the same test again."""
    if not config.getoption("postgres"):
        return
    others = [each for each in items if "databases" not in getattr(each, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [each for each in items if each not in set(others)]


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def keys() -> Keyring:
    """Keys that are no secret."""
    return Keyring.parse(KEYS)


@pytest.fixture
def sealer(keys: Keyring) -> Sealer:
    """Seals with those keys."""
    return Sealer(keys)


@pytest.fixture(scope="session")
def database_server(pytestconfig: pytest.Config) -> Iterator[Path | None]:
    """The run's PostgreSQL server, by its socket's directory; None on SQLite."""
    with ExitStack() as stack:
        wanted = pytestconfig.getoption("postgres")
        yield stack.enter_context(postgres.running()) if wanted else None


@pytest.fixture(scope="session")
async def databases(
    database_server: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Databases]:
    """Makes databases of the kind that the run is on."""
    files = tmp_path_factory.mktemp("databases")
    made = on_postgres(database_server) if database_server else on_sqlite(files)
    async with made as databases:
        yield databases


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """The address of a database that holds nothing but the demonstration's accounts."""
    async with databases.new() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on it."""
    engine = connect(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def tracking(database: AsyncEngine, sealer: Sealer) -> Tracking:
    """The record, in that database."""
    return Tracking(database, sealer)


@pytest.fixture(scope="session")
async def forks() -> AsyncIterator[Forks]:
    """Runs commands without loading everything anew for each."""
    async with forking() as forks:
        yield forks


Operate = Callable[..., Awaitable[Said]]


@pytest.fixture
def operate(forks: Forks, database_url: str) -> Operate:
    """`failover accounts …` on the test's database."""
    environment = {"FAILOVER_DATABASE_URL": database_url, "FAILOVER_KEYS": KEYS}

    async def run(*arguments: str, **more: str) -> Said:
        return await forks.run(("accounts", *arguments), {**environment, **more})

    return run


@pytest.fixture(scope="session")
def replays(pytestconfig: pytest.Config) -> Replays:
    """The run's replays: at its end those of all flows on the run's engine."""
    return pytestconfig.stash[REPLAYS]


@pytest.fixture(scope="session")
async def environment(
    tmp_path_factory: pytest.TempPathFactory, replays: Replays
) -> AsyncIterator[WorkflowEnvironment]:
    """The run's one engine: the development server, able to skip time."""
    cli = await embedded.resolve(None, tmp_path_factory.mktemp("engine"))
    settings = {**DYNAMIC_CONFIG, "frontend.WorkflowTimeSkippingEnabled": "true"}
    flags = [
        flag for item in settings.items() for flag in ("--dynamic-config-value", "=".join(item))
    ]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=True, max_session_skip_count=5000),
        dev_server_existing_path=str(cli.path),
        dev_server_extra_args=flags,
        dev_server_log_level="error",
        dev_server_startup_timeout=timedelta(seconds=30),
        data_converter=pydantic_data_converter,
    ) as running:
        await namespace.prepare(running.client)
        replays.watch(running.client)
        yield running
        async with asyncio.timeout(REPLAYING):
            await replays.finish(tmp_path_factory.mktemp("diverged"))


NewNamespace = Callable[[str], Awaitable[Client]]


@pytest.fixture(scope="session")
async def new_namespace(environment: WorkflowEnvironment, replays: Replays) -> NewNamespace:
    """A client of a fresh namespace on that engine, in plain time: nobody else's flows."""

    async def make(name: str) -> Client:
        client = await Client.connect(
            environment.client.service_client.config.target_host,
            namespace=name,
            data_converter=pydantic_data_converter,
        )
        await namespace.prepare(client)
        replays.watch(client)
        return client

    return make


@pytest.fixture(scope="session")
async def plain(environment: WorkflowEnvironment) -> Client:
    """A client of the engine in which time passes as it does."""
    return await Client.connect(
        environment.client.service_client.config.target_host,
        data_converter=pydantic_data_converter,
    )


async def until(
    condition: Callable[[], Awaitable[bool] | bool], within: float = 15.0, every: float = 0.02
) -> None:
    """Wait for the condition, at most so many seconds; `every` so many it is looked at.

    Raises:
        TimeoutError: it never held.
    """
    async with asyncio.timeout(within):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(every)
