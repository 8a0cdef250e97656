"""One real cluster for all tests here."""

from collections.abc import AsyncIterator

import pytest

from tests.engines import cluster
from tests.engines.cluster import Cluster


@pytest.fixture(scope="session")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """The cluster, with nothing in it."""
    async with cluster.running(tmp_path_factory.mktemp("cluster")) as engine:
        yield engine
