"""The whole service with a real Kannel for its Sms, and the table of what Kannel said."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts.base import Application
from domain.status import Channel
from providers.routes import Routes
from providers.token import ReportTokens
from storage.keys import Keyring
from tests import tables
from tests.conftest import NewNamespace, until
from tests.kannel.gateway import Gateway, running
from tests.kannel.install import Missing, programs
from tests.kannel.reports import Reports, Seen
from tests.money import customer, sender_of
from tests.samples import viber
from tests.workflows.service import Beside, Whole, whole

ROW = "kannel story"
HEADINGS = ("story", "parts", "Kannel's reports, in order", "steps", "flow")


def pytest_configure() -> None:
    """Say at once what is missing."""
    try:
        programs()
    except Missing as fault:
        raise pytest.UsageError(str(fault)) from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the stories as a table for a note."""
    tables.write(terminalreporter, ROW, "through a real Kannel", HEADINGS)


@pytest.fixture(scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """The run's Kannel: nobody breaks it."""
    async with running(tmp_path_factory.mktemp("kannel")) as gateway:
        yield gateway


@dataclass(frozen=True)
class Site:
    """The whole service, a customer of it with a Viber sender, and what Kannel reported."""

    service: Whole
    client: Client
    reports: Reports
    buyer: Application
    sender: str

    def viber(self, to: str) -> dict[str, Any]:
        """A Viber step of the customer's; the sandbox carries it."""
        return viber(to, senderInfoTrackingId=self.sender)

    async def create(self, *steps: dict[str, Any]) -> str:
        """Start a flow of these steps; its client is told of its end."""
        return await self.service.create(self.buyer, *steps, strategy="OnCompletion")

    async def play(self, *steps: dict[str, Any]) -> dict[str, Any]:
        """The same, to its end, as tracking shows it."""
        async with self.service.working():
            await self.create(*steps)
            (flow,) = await self.service.ended(self.buyer)
        return flow

    async def reported(self, flow: dict[str, Any], number: int) -> Sequence[Seen]:
        """Kannel's reports on the flow, once there are that many."""
        await until(lambda: len(self.reports.of(flow["trackingId"])) >= number)
        return self.reports.of(flow["trackingId"])


Opening = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def opening(new_namespace: NewNamespace, database: AsyncEngine, keys: Keyring) -> Opening:
    """Opens the service on a gateway: Sms go to that SMSC, or to the providers of the route."""

    @asynccontextmanager
    async def opened(gateway: Gateway, smsc: str, route: str = "kannel") -> AsyncIterator[Site]:
        reports = Reports(ReportTokens(keys))
        sandbox = Routes.read("sandbox")
        beside = Beside(
            providers=[gateway.provider(smsc)],
            routes={
                Channel.SMS: Routes.read(route),
                Channel.VIBER: sandbox,
                Channel.VOICE: sandbox,
            },
            watch=reports.watch,
        )
        client = await new_namespace("kannel")
        buyer = await customer(database, "10")
        sender = (await sender_of(database, buyer)).id
        async with whole(client, database, keys, beside) as service:
            yield Site(service, client, reports, buyer, sender)

    return opened


Recorded = Callable[[str, int, Sequence[Seen], dict[str, Any]], None]


@pytest.fixture
def recorded(record_property: Callable[[str, object], None]) -> Recorded:
    """Keeps a story for the table."""

    def keep(story: str, parts: int, reports: Sequence[Seen], flow: dict[str, Any]) -> None:
        said = ", ".join(map(str, reports)) or "none"
        steps = [f"{each['type']} {standing(each)}" for each in flow["messages"]]
        record_property(ROW, (story, parts, said, "; ".join(steps), flow["status"]))

    return keep


def standing(message: dict[str, Any]) -> str:
    """How a step stands, with the reason where it has one of its own."""
    name = message["status"]["name"]
    reason = message["status"]["reason"]["detailedStatus"]
    return str(name if reason.lower() == name.lower() else f"{name} ({reason})")
