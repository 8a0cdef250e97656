"""The whole service in this process: API, workers and sandbox, over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import worker
from accounts.base import Application
from accounts.ledger import Ledger
from accounts.records import Accounts
from accounts.tokens import AccessTokens
from activities.callbacks import Callbacks
from activities.chain import Chain
from activities.intents import Intents
from activities.letters import Letters
from activities.steps import Steps
from api.app import create_app
from api.dependencies import Services
from api.server import Server, config
from cli.sink import Sink, listening
from domain.status import Channel
from egress.deliver import Deliverer
from providers.base import Provider
from providers.http import ProviderClient
from providers.registry import Providers
from providers.routes import Routes
from providers.sandbox import Sandbox
from providers.token import ReportTokens
from settings import Settings
from storage.keys import Keyring
from storage.seal import Sealer
from tests.api.bench import Api, serving
from tests.conftest import until
from tests.egress.reaching import LOOPBACK
from tests.sandbox.bench import Receiver, Service, free_port
from tests.sandbox.bench import serving as sandbox_serving
from tests.telling import publishing
from tracking.callbacks import CallbackRecords
from tracking.conversations import Conversations
from tracking.parts import Parts
from tracking.records import Tracking
from workflows.client import FlowClient

OVER = ("Succeeded", "Failed")


@dataclass
class Whole:
    """Everything but the workers, which a test starts when it wants them."""

    api: Api
    client: Client
    steps: Steps
    callbacks: Callbacks
    letters: Letters
    sandbox: Service
    sink: Sink

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Workers for all queues, for as long as the block lasts."""
        grace = timedelta(seconds=5)
        async with AsyncExitStack() as stack:
            for each in worker.workers(
                self.client, self.steps, self.callbacks, self.letters, grace=grace
            ):
                await stack.enter_async_context(each)
            yield

    async def create(self, buyer: Application, *steps: dict[str, Any], strategy: str = "") -> str:
        """Start the buyer's flow, its callbacks going to the sink; returns its tracking id."""
        body: dict[str, Any] = {"flow": list(steps)}
        if strategy:
            body["callback"] = {"url": self.sink.url, "strategy": strategy}
        answer = await self.api.acting_as(buyer).create(body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["trackingId"])

    async def ended(self, buyer: Application, within: float = 30) -> Sequence[dict[str, Any]]:
        """All flows of the buyer as tracking shows them, once they are over."""

        async def over() -> bool:
            pages = [await self._page(buyer, status=status, size=1) for status in OVER]
            every = await self._page(buyer, size=1)
            return bool(sum(page["totalElements"] for page in pages) == every["totalElements"])

        await until(over, within)
        content: list[dict[str, Any]] = (await self._page(buyer, size=2000))["content"]
        return content

    async def _page(self, buyer: Application, **query: Any) -> Any:
        api = self.api.acting_as(buyer)
        answer = await api.http.get("/failover/tracking", params=query, headers=api.bearer())
        return answer.json()

    async def told(self, tracking_id: str) -> Sequence[dict[str, Any]]:
        """What the client was told of the flow, once it was told of its end."""

        def last() -> bool:
            received = self.sink.received.get(tracking_id)
            return received is not None and received[-1]["status"] in OVER

        await until(last)
        return self.sink.received[tracking_id]

    async def requests(self, flows: Sequence[dict[str, Any]]) -> list[str]:
        """Of which of these flows the provider has seen a request, by their tracking ids."""
        known = {flow["trackingId"] for flow in flows}
        seen = (await self.sandbox.client.get("/requests")).json()
        ids = [each["reference"].rpartition(".")[0] for each in seen]
        return [each for each in ids if each in known]


@dataclass(frozen=True)
class Beside:
    """What a test wants beside the sandbox.

    With more providers each channel needs its route. `watch` is handed the API that takes reports.
    """

    providers: Sequence[Provider] = ()
    routes: Mapping[Channel, Routes] | None = None
    watch: Callable[[FastAPI], None] = lambda _: None


@asynccontextmanager
async def whole(
    client: Client, database: AsyncEngine, keys: Keyring, beside: Beside | None = None
) -> AsyncIterator[Whole]:
    """The service in the client's namespace, on that database."""
    beside = beside or Beside()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        reports = Receiver()  # only its address: the API is where reports go
        reports.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sandbox = await stack.enter_async_context(sandbox_serving(reports, dedupes=True))
        own = Sandbox(str(sandbox.client.base_url))
        providers = Providers([own, *beside.providers], beside.routes)
        sealer = Sealer(keys)
        services = Services(
            flows=FlowClient(client, sealer, keys),
            tracking=Tracking(database, sealer),
            accounts=Accounts(database),
            ledger=Ledger(database),
            callbacks=CallbackRecords(database, sealer),
            parts=Parts(database),
            conversations=Conversations(database, keys),
            access_tokens=AccessTokens(keys),
            providers=providers,
            report_tokens=ReportTokens(keys),
            sealer=sealer,
            keys=keys,
            reach=LOOPBACK,
        )
        app = create_app(services)
        beside.watch(app)
        await stack.enter_async_context(_listening(app, listener))
        clients = {
            each.name: await stack.enter_async_context(ProviderClient(each))
            for each in providers.all()
        }
        chain = Chain(
            providers=providers,
            clients=clients,
            intents=Intents(database, services.tracking),
            tokens=ReportTokens(keys),
            conversations=services.conversations,
            report_url=reports.origin,
        )
        steps = Steps(chain, sealer)
        deliverer = await stack.enter_async_context(Deliverer(LOOPBACK))
        callbacks, letters = publishing(database, sealer, deliverer)
        yield Whole(
            api=await stack.enter_async_context(serving(services)),
            client=client,
            steps=steps,
            callbacks=callbacks,
            letters=letters,
            sandbox=sandbox,
            sink=await stack.enter_async_context(listening(free_port())),
        )


@asynccontextmanager
async def _listening(app: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    server = Server(config(app, Settings()), passive=True)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    yield
    server.should_exit = True
    await running
