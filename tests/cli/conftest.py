"""Commands to run, each test's in a data directory of its own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import KEYS
from tests.processes import HOST, Processes, free_port


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[Processes]:
    """Runs `failover …` with all that it needs but an engine: at its address nobody listens."""
    environment = {
        "FAILOVER_DATA_DIR": str(tmp_path),
        "FAILOVER_KEYS": KEYS,
        "FAILOVER_DEMONSTRATION": "true",
        "TEMPORAL_ADDRESS": f"{HOST}:{free_port()}",
    }
    async with Processes(tmp_path / "logs", environment) as processes:
        yield processes
        sys.stdout.write(processes.said)  # shown where the test failed


@pytest.fixture
def installed(commands: Processes, database_url: str) -> Processes:
    """The same, on a database of the newest schema."""
    commands.environment["FAILOVER_DATABASE_URL"] = database_url
    return commands
