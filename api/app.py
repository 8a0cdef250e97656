"""Composition root of the API process: no logic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from accounts.ledger import Ledger
from accounts.records import Accounts
from accounts.tokens import AccessTokens
from api import callbacks, errors, flows, health, inbound, oauth, reports, tracking
from api.dependencies import Services
from api.document import Documented
from api.gateway import Gateway
from api.limits import BodyLimit
from api.rates import Rates
from api.requests import RequestIds
from providers.token import ReportTokens
from settings import Settings
from storage import schema
from storage.seal import Sealer
from tracking.callbacks import CallbackRecords
from tracking.conversations import Conversations
from tracking.parts import Parts
from tracking.records import Tracking
from workflows.client import FlowClient, connect

TITLE = "Failover"
DESCRIPTION = (
    "Multi-channel failover messaging: post a flow of Sms, Viber and Voice steps; each is sent "
    "when its predecessor fails or its ttl runs out, until one is delivered."
)


def create_app(services: Services | None = None, *, docs: bool = False) -> FastAPI:
    """The application; without services it makes its own, by the environment, when it starts.

    `docs` serves the API's document and its reader.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if services:
            app.state.services = services
            yield
            return
        async with running(Settings()) as own:
            app.state.services = own
            yield

    app = Documented(
        title=TITLE,
        description=DESCRIPTION,
        version="0.1.0",
        lifespan=lifespan,
        openapi_url="/openapi.json" if docs else None,
        docs_url="/docs" if docs else None,
        redoc_url=None,
        redirect_slashes=False,  # clients do not repeat their token where they are sent to
    )
    for module in (oauth, flows, tracking, callbacks, reports, inbound, health):
        app.include_router(module.router)
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestIds)
    return app


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services by the settings.

    Raises:
        WrongSchema: the database has another version.
        BadKeys: there are no keys.
        Refusal: there is no such storage of rates.
        OSError: the address of the engine's metrics cannot be listened on.
    """
    keys = settings.keyring()
    sealer = Sealer(keys)
    async with schema.opened(settings.database) as engine:
        yield Services(
            flows=FlowClient(
                await connect(lazy=True, metrics=settings.temporal_metrics), sealer, keys
            ),
            tracking=Tracking(engine, sealer),
            callbacks=CallbackRecords(engine, sealer),
            parts=Parts(engine),
            conversations=Conversations(engine, keys),
            accounts=Accounts(engine),
            ledger=Ledger(engine),
            access_tokens=AccessTokens(keys),
            providers=settings.providers(),
            receipts=settings.receipts(),
            reach=settings.reach(),
            public_url=settings.public_url,
            report_tokens=ReportTokens(keys),
            sealer=sealer,
            keys=keys,
            gateway=_gateway(settings),
            rates=Rates(
                settings.rate_limit, settings.token_rate_limit, settings.rate_limit_storage
            ),
        )


def _gateway(settings: Settings) -> Gateway | None:
    if settings.gateway_secret is None:
        return None
    return Gateway(
        secret=settings.gateway_secret.get_secret_value(),
        account_header=settings.gateway_account_header,
        application_header=settings.gateway_application_header,
        roles_header=settings.gateway_roles_header,
    )
