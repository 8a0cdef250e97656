"""Real activities over a real database, sandbox and receiver, all on loopback."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.chain import Chain
from activities.intents import Intents
from activities.steps import Steps
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from providers.http import ProviderClient
from providers.registry import Providers
from providers.sandbox import Sandbox
from providers.token import ReportTokens
from storage.keys import Keyring
from storage.seal import Sealer
from tests.sandbox.bench import Receiver, Service, receiving, serving
from tracking.conversations import Conversations
from tracking.records import Tracking


@dataclass
class Sending:
    """Runs `send_step` as a worker would, against a sandbox."""

    steps: Steps
    sealer: Sealer
    service: Service

    async def attempt(
        self, flow: Flow, order: int = 1, number: int = 1, **info: Any
    ) -> DeliveryReport | None:
        """One attempt at the step in that place of the (unsealed) flow."""
        environment = ActivityEnvironment()
        now = flow.created_at
        environment.info = dataclasses.replace(
            environment.info, attempt=number, **{"current_attempt_scheduled_time": now, **info}
        )
        progress = Progress.of(flow)
        for step in flow.steps[:order]:
            progress = progress.begun(step, flow.created_at)
        sealed = self.sealed(flow)
        answer: DeliveryReport | None = await environment.run(
            self.steps.send_step, sealed, progress
        )
        return answer

    def sealed(self, flow: Flow) -> Flow:
        """The flow as it travels."""
        return self.sealer.sealed(flow)

    async def inbox(self, flow: Flow, order: int = 1) -> list[dict[str, Any]]:
        """What the sandbox took of the step."""
        return await self.service.inbox(flow.ref(order).reference)


@pytest.fixture(scope="package")
async def receiver() -> AsyncIterator[Receiver]:
    """Takes the sandbox's reports."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="package")
async def deduplicating(receiver: Receiver) -> AsyncIterator[Service]:
    """A sandbox that takes a repeated reference for one message."""
    async with serving(receiver, dedupes=True) as service:
        yield service


@pytest.fixture(scope="package")
async def forgetful(receiver: Receiver) -> AsyncIterator[Service]:
    """A sandbox that does not."""
    async with serving(receiver, dedupes=False) as service:
        yield service


SendingTo = Callable[[Service, bool], AbstractAsyncContextManager[Sending]]


@pytest.fixture
def sending_to(
    receiver: Receiver,
    database: AsyncEngine,
    tracking: Tracking,
    sealer: Sealer,
    keys: Keyring,
) -> SendingTo:
    """Sends to a sandbox, believing of it that it deduplicates, or not."""

    @asynccontextmanager
    async def sending(service: Service, dedupes: bool) -> AsyncIterator[Sending]:
        providers = Providers([Sandbox(str(service.client.base_url), dedupes)])
        async with ProviderClient(providers.all()[0], deadline=1.0) as client:
            chain = Chain(
                providers=providers,
                clients={"sandbox": client},
                intents=Intents(database, tracking),
                tokens=ReportTokens(keys),
                conversations=Conversations(database, keys),
                report_url=receiver.origin,
            )
            steps = Steps(chain, sealer)
            yield Sending(steps, sealer, service)

    return sending


@pytest.fixture
async def sending(sending_to: SendingTo, deduplicating: Service) -> AsyncIterator[Sending]:
    """Sends to the sandbox that deduplicates."""
    async with sending_to(deduplicating, True) as sending:
        yield sending


@pytest.fixture
async def sending_blindly(sending_to: SendingTo, forgetful: Service) -> AsyncIterator[Sending]:
    """Sends to the sandbox that does not."""
    async with sending_to(forgetful, False) as sending:
        yield sending
