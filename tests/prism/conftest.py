"""Prism, serving Twilio's own OpenAPI document: it refuses what the document does not allow."""

import asyncio
import json
from asyncio.subprocess import STDOUT
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import until
from tests.processes import HOST, STARTING, Child, free_port

MODULES = Path(__file__).parent / "node_modules"
PRISM = MODULES / "@stoplight/prism-cli/dist/index.js"
DOCUMENT = MODULES / "@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json"


@pytest.fixture(scope="session")
async def prism(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Its address."""
    log = tmp_path_factory.mktemp("prism") / "log"
    port = free_port()
    with log.open("wb") as printed:
        process = await asyncio.create_subprocess_exec(
            "node", PRISM, "mock", "--host", HOST, "--port", str(port), DOCUMENT,
            stdout=printed, stderr=STDOUT,
        )  # fmt: skip
    child = Child(process, log)
    try:
        await until(lambda: child.says("Prism is listening"), within=STARTING)
        yield f"http://{HOST}:{port}"
    finally:
        await child.killed()


@pytest.fixture(scope="session")
def document() -> Mapping[str, Any]:
    """Twilio's OpenAPI document."""
    read: Mapping[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))
    return read
