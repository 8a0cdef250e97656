"""What every test may ask for: one engine for the whole run, a database and keys for each test."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from cli import engine as embedded
from storage import schema
from storage.engine import connect
from storage.keys import Keyring
from storage.seal import Sealer
from tracking.records import Tracking
from workflows import namespace
from workflows.names import DYNAMIC_CONFIG

KEYS = "k1:" + "A" * 43 + "="


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record-histories` writes the corpus that the replay tests read."""
    parser.addoption("--record-histories", action="store_true", help="write histories anew")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C be heard: a run in a script's background inherits that it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty database of the newest schema."""
    engine = connect(f"sqlite+aiosqlite:///{tmp_path / 'failover.db'}")
    await schema.upgrade(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def tracking(database: AsyncEngine, sealer: Sealer) -> Tracking:
    """The record, in that database."""
    return Tracking(database, sealer)


@pytest.fixture(scope="session")
async def environment(
    tmp_path_factory: pytest.TempPathFactory,
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
        yield running


NewNamespace = Callable[[str], Awaitable[Client]]


@pytest.fixture(scope="session")
async def new_namespace(environment: WorkflowEnvironment) -> NewNamespace:
    """A client of a fresh namespace on that engine, in plain time: nobody else's flows."""

    async def make(name: str) -> Client:
        client = await Client.connect(
            environment.client.service_client.config.target_host,
            namespace=name,
            data_converter=pydantic_data_converter,
        )
        await namespace.prepare(client)
        return client

    return make


@pytest.fixture(scope="session")
async def plain(environment: WorkflowEnvironment) -> Client:
    """A client of the engine in which time passes as it does."""
    return await Client.connect(
        environment.client.service_client.config.target_host,
        data_converter=pydantic_data_converter,
    )


async def until(condition: Callable[[], Awaitable[bool] | bool], within: float = 15.0) -> None:
    """Wait for the condition, at most so many seconds.

    Raises:
        TimeoutError: it never held.
    """
    async with asyncio.timeout(within):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.02)
