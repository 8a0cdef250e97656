"""The development server that faults are tried on."""

from pathlib import Path

import pytest
from temporalio.client import Client

from tests.engines import development
from tests.engines.base import Engine
from tests.engines.development import SERVER

pytestmark = pytest.mark.server


async def _namespaces(engine: Engine) -> str:
    return (await Client.connect(engine.address)).namespace


async def test_a_killed_server_comes_back_at_its_address(tmp_path: Path) -> None:
    """Its clients have that address in their settings."""
    async with development.running(tmp_path) as engine:
        first = list(engine.pids(SERVER))
        await engine.kill(SERVER)
        assert engine.pids(SERVER) == []
        await engine.start(SERVER)

        assert len(first) == 1
        assert engine.pids(SERVER) != first
        assert await _namespaces(engine) == "default"
