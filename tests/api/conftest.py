"""The application in process: on the run's engine, or on none at all."""

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts.ledger import Ledger
from accounts.records import Accounts
from accounts.tokens import AccessTokens
from api.dependencies import Services
from domain.flow import Flow
from providers.registry import Providers
from providers.sandbox import Sandbox
from providers.token import ReportTokens
from storage.engine import connect as open_database
from storage.keys import Keyring
from storage.seal import Sealer
from tests import tables
from tests.api.bench import Api, serving
from tests.conftest import NewNamespace
from tests.databases import Databases
from tracking.callbacks import CallbackRecords
from tracking.conversations import Conversations
from tracking.parts import Parts
from tracking.records import Tracking
from workflows.client import FlowClient

RECEIVERS = "receivers"
"""The property under which a test says what became of a callback."""

_HEADINGS = ("receiver", "at the API", "attempts", "in the end", "connections", "took")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what became of callbacks to every kind of receiver."""
    tables.write(terminalreporter, RECEIVERS, "receivers, and what became of callbacks", _HEADINGS)


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port on loopback that refuses every connection, held for the whole run."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
async def engine(new_namespace: NewNamespace) -> Client:
    """The run's engine, in a namespace in which no worker ever runs: flows stay as they began."""
    return await new_namespace("api")


async def without_engine(database: AsyncEngine, keys: Keyring, port: int) -> Services:
    """Everything real, but nobody listens at the engine's port."""
    nobody = await Client.connect(
        f"127.0.0.1:{port}", data_converter=pydantic_data_converter, lazy=True
    )
    sealer = Sealer(keys)
    return Services(
        flows=FlowClient(nobody, sealer, keys),
        tracking=Tracking(database, sealer),
        accounts=Accounts(database),
        ledger=Ledger(database),
        callbacks=CallbackRecords(database, sealer),
        parts=Parts(database),
        conversations=Conversations(database, keys),
        access_tokens=AccessTokens(keys),
        providers=Providers([Sandbox(f"http://127.0.0.1:{port}")]),
        report_tokens=ReportTokens(keys),
        sealer=sealer,
        keys=keys,
    )


@pytest.fixture
async def engineless(database: AsyncEngine, keys: Keyring, closed_port: int) -> Services:
    """Everything real, but nobody listens where the engine should be."""
    return await without_engine(database, keys, closed_port)


@pytest.fixture
async def alone(engineless: Services) -> AsyncIterator[Api]:
    """The API without an engine: enough for whatever is refused before a flow starts."""
    async with serving(engineless) as api:
        yield api


class Forgetful(FlowClient):
    """An engine that takes every flow and keeps none."""

    async def _start(self, flow: Flow, hashes: list[str]) -> None:
        return None


def forgetting(services: Services) -> Services:
    """The same, as far as the start: what is accepted is sealed and recorded, and never runs."""
    nobody = services.flows._client
    return replace(services, flows=Forgetful(nobody, services.sealer, services.keys))


@pytest.fixture
async def taking(engineless: Services) -> AsyncIterator[Api]:
    """The API as far as the start."""
    async with serving(forgetting(engineless)) as api:
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
async def unreadable(databases: Databases, sealer: Sealer) -> AsyncIterator[Tracking]:
    """The record in a database that cannot be reached."""
    database = open_database(databases.away)
    yield Tracking(database, sealer)
    await database.dispose()
