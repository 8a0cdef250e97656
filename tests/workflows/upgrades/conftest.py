"""A stage whose flows the next release plays, in a namespace of their own."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import NewNamespace
from tests.replaying import Replays
from tests.workflows.conftest import Script, Stage
from tests.workflows.upgrades.stages import Patched
from workflows.client import FlowClient


@pytest.fixture(scope="package")
async def upgraded(new_namespace: NewNamespace, replays: Replays) -> Client:
    """Its client; what was played there by old code and new, the new must be able to replay."""
    client = await new_namespace("upgrades")
    replays.watch(client, Patched)
    return client


@pytest.fixture
async def next_stage(
    upgraded: Client,
    environment: WorkflowEnvironment,
    sealer: Sealer,
    keys: Keyring,
    replays: Replays,
) -> AsyncIterator[Stage]:
    """A stage on which the next release works, unless a test says who does."""
    flows = FlowClient(upgraded, sealer, keys)
    stage = Stage(upgraded, Script(flows), flows, environment, replays, code=Patched)
    yield stage
    await stage.leave()
