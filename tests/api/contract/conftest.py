"""The endpoints of the contract, in process; what they accept is recorded and never runs.

One API and one database serve the whole folder: no test looks at another's flows.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from accounts.demonstration import ACME
from storage.engine import connect
from storage.keys import Keyring
from tests.api.bench import Api, Changed, serving
from tests.api.conftest import forgetting, without_engine
from tests.api.contract.bench import STANDARD, TRANSACTIONAL, Door
from tests.conftest import KEYS
from tests.databases import Databases


@asynccontextmanager
async def recording(databases: Databases, port: int) -> AsyncIterator[Api]:
    """The API as far as the start, on a database of its own."""
    async with databases.new() as url:
        database = connect(url)
        services = await without_engine(database, Keyring.parse(KEYS), port)
        async with serving(forgetting(services)) as api:
            yield api
        await database.dispose()


@pytest.fixture(scope="package")
async def shared(databases: Databases, closed_port: int) -> AsyncIterator[Api]:
    """The folder's API."""
    async with recording(databases, closed_port) as api:
        yield api


@pytest.fixture
def standard(shared: Api) -> Door:
    """POST /failover."""
    return Door(shared, STANDARD)


@pytest.fixture
def transactional(shared: Api) -> Door:
    """POST /failover/transactional."""
    return Door(shared, TRANSACTIONAL)


@pytest.fixture(params=[STANDARD, TRANSACTIONAL])
def door(shared: Api, request: pytest.FixtureRequest) -> Door:
    """Each of the two: what must hold of both."""
    return Door(shared, request.param)


WithSettings = Callable[..., Awaitable[Door]]


@pytest.fixture
async def with_settings(door: Door) -> AsyncIterator[WithSettings]:
    """Makes each endpoint as an application with other settings holds it."""
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> Door:
            accounts = Changed(replace(ACME, **settings), door.api.services.tracking._engine)
            services = replace(door.api.services, accounts=accounts)
            return Door(await stack.enter_async_context(serving(services)), door.path)

        yield make
