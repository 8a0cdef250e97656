"""The application in process: on the run's engine, or on none at all."""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts.demonstration import DemonstrationAccounts
from accounts.tokens import AccessTokens
from api.dependencies import Services
from domain.flow import Flow
from providers.registry import Providers, sandboxed
from providers.token import ReportTokens
from storage import schema
from storage.engine import connect as open_database
from storage.keys import Keyring
from storage.seal import Sealer
from tests.api.bench import Api, serving
from tests.conftest import NewNamespace
from tracking.records import Tracking
from workflows.client import FlowClient


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port on loopback that refuses every connection, held for the whole run."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file of the newest schema, to be copied: each test here wants its own."""
    file = tmp_path_factory.mktemp("empty") / "failover.db"
    database = open_database(f"sqlite+aiosqlite:///{file}")
    await schema.upgrade(database)
    await database.dispose()
    return file


@pytest.fixture
async def database(empty: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A copy of it."""
    file = shutil.copy(empty, tmp_path)
    database = open_database(f"sqlite+aiosqlite:///{file}")
    yield database
    await database.dispose()


@pytest.fixture(scope="session")
async def engine(new_namespace: NewNamespace) -> Client:
    """The run's engine, in a namespace in which no worker ever runs: flows stay as they began."""
    return await new_namespace("api")


@pytest.fixture
async def engineless(
    keys: Keyring, sealer: Sealer, tracking: Tracking, closed_port: int
) -> Services:
    """Everything real, but nobody listens where the engine should be."""
    nobody = await Client.connect(
        f"127.0.0.1:{closed_port}", data_converter=pydantic_data_converter, lazy=True
    )
    return Services(
        flows=FlowClient(nobody, sealer, keys),
        tracking=tracking,
        accounts=DemonstrationAccounts(),
        access_tokens=AccessTokens(keys),
        providers=Providers(sandboxed(f"http://127.0.0.1:{closed_port}", deduplicates=True)),
        report_tokens=ReportTokens(keys),
        sealer=sealer,
        keys=keys,
    )


@pytest.fixture
async def alone(engineless: Services) -> AsyncIterator[Api]:
    """The API without an engine: enough for whatever is refused before a flow starts."""
    async with serving(engineless) as api:
        yield api


class Forgetful(FlowClient):
    """An engine that takes every flow and keeps none."""

    async def _start(self, flow: Flow, hashes: list[str]) -> None:
        return None


@pytest.fixture
async def taking(engineless: Services, sealer: Sealer, keys: Keyring) -> AsyncIterator[Api]:
    """The API as far as the start: what is accepted is sealed and recorded, and never runs."""
    nobody = engineless.flows._client
    async with serving(replace(engineless, flows=Forgetful(nobody, sealer, keys))) as api:
        yield api


@pytest.fixture
def services(engineless: Services, engine: Client, sealer: Sealer, keys: Keyring) -> Services:
    """Everything real."""
    return replace(engineless, flows=FlowClient(engine, sealer, keys))


@pytest.fixture
async def api(services: Services) -> AsyncIterator[Api]:
    """The API on the engine."""
    async with serving(services) as api:
        yield api


@pytest.fixture
async def unreadable(tmp_path: Path, sealer: Sealer) -> AsyncIterator[Tracking]:
    """The record in a database that cannot be opened."""
    database = open_database(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'failover.db'}")
    yield Tracking(database, sealer)
    await database.dispose()
