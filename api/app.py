"""Composition root of the API process: no logic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from accounts.demonstration import DemonstrationAccounts
from accounts.tokens import AccessTokens
from api import errors, flows, health, oauth, reports, tracking
from api.dependencies import Services
from api.requests import RequestIds
from domain.errors import Refusal
from providers.registry import Providers, sandboxed
from providers.token import ReportTokens
from settings import Settings
from storage import schema
from storage.engine import connect as open_database
from storage.seal import Sealer
from tracking.records import Tracking
from workflows.client import FlowClient, connect

TITLE = "Failover"
DESCRIPTION = (
    "Multi-channel failover messaging: post a flow of Sms, Viber and Voice steps; each is sent "
    "when its predecessor fails or its ttl runs out, until one is delivered."
)


def create_app(services: Services | None = None) -> FastAPI:
    """The application; without services it makes its own, by the environment, when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services:
            app.state.services = services
            yield
            return
        async with running(Settings()) as own:
            app.state.services = own
            yield

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="0.1.0",
        lifespan=lifespan,
        redoc_url=None,
        # Without it the document promises the framework's own 422, which nobody gets.
        responses={"default": {"model": errors.Problem, "description": "An error"}},
    )
    for module in (oauth, flows, tracking, reports, health):
        app.include_router(module.router)
    errors.install(app)
    app.add_middleware(RequestIds)
    return app


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services by the settings.

    Raises:
        WrongSchema: the database has another version.
        BadKeys: there are no keys.
        Refusal: there are no accounts.
    """
    if not settings.demonstration:
        raise Refusal("no accounts: set FAILOVER_DEMONSTRATION=true for the demonstration's")
    keys = settings.keyring()
    sealer = Sealer(keys)
    engine = open_database(settings.database)
    try:
        await schema.check(engine)
        yield Services(
            flows=FlowClient(await connect(lazy=True), sealer, keys),
            tracking=Tracking(engine, sealer),
            accounts=DemonstrationAccounts(),
            access_tokens=AccessTokens(keys),
            providers=Providers(sandboxed(settings.sandbox_url, settings.sandbox_dedupes)),
            report_tokens=ReportTokens(keys),
            sealer=sealer,
            keys=keys,
        )
    finally:
        await engine.dispose()
