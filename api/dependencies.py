"""The annotated types that endpoints ask for: a signature is an endpoint's security."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from structlog.contextvars import bind_contextvars

from accounts.base import CHANNEL_ROLES, ROLE, SCOPE, Application
from accounts.ledger import Ledger
from accounts.records import Accounts
from accounts.tokens import AccessTokens
from api.gateway import Gateway
from api.rates import Rates
from domain.errors import Forbidden, InvalidRequest, Unauthenticated, UnknownCallback, UnknownFlow
from domain.status import Channel
from egress.reach import Reach
from providers.receipts import Receipts
from providers.registry import Providers
from providers.token import ReportTokens
from storage.keys import Keyring
from storage.seal import Sealer
from tracking.callbacks import CallbackRecords
from tracking.conversations import Conversations
from tracking.parts import Parts
from tracking.records import Tracked, Tracking
from tracking.reopening import UNKNOWN
from workflows.client import FlowClient


@dataclass(frozen=True)
class Services:
    """What the composition root hands to the endpoints.

    `public_url` is where providers reach us, without a final slash.
    """

    flows: FlowClient
    tracking: Tracking
    callbacks: CallbackRecords
    parts: Parts
    conversations: Conversations
    accounts: Accounts
    ledger: Ledger
    access_tokens: AccessTokens
    providers: Providers
    report_tokens: ReportTokens
    sealer: Sealer
    keys: Keyring
    gateway: Gateway | None = None
    rates: Rates = field(default_factory=Rates)
    receipts: Receipts = field(default_factory=Receipts)
    reach: Reach = field(default_factory=Reach)
    public_url: str = ""


async def services(request: Request) -> Services:
    """Those of the application that serves the request."""
    found: Services = request.app.state.services
    return found


@dataclass(frozen=True)
class Caller:
    """The application that sent the request, its token's scope and its role checked."""

    application: Application

    @property
    def account(self) -> str:
        """Whose flows it sees."""
        return self.application.account

    def may_use(self, channels: Iterable[Channel]) -> None:
        """Check the role of each channel.

        Raises:
            Forbidden: one is missing.
        """
        for channel in channels:
            if CHANNEL_ROLES[channel] not in self.application.roles:
                raise Forbidden(f"Access denied: {CHANNEL_ROLES[channel]} is missing")


_bearer = HTTPBearer(auto_error=False, description="An access token from POST /oauth/token")


async def caller(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    services: Annotated[Services, Depends(services)],
) -> Caller:
    """Who sent the request, by the trusted gateway's headers or by an access token.

    Raises:
        Unauthenticated: nobody that we know.
        TooManyRequests: an account that asks too often.
        Forbidden: somebody without the scope or the role.
    """
    if services.gateway and services.gateway.speaks(request.headers):
        integration = services.gateway.read(request.headers)
        application = integration.known_as(
            await services.accounts.application(integration.application_id)
        )
    else:
        application = await _bearing(given, services)
    await services.rates.check_account(application.account)
    if ROLE not in application.roles:
        raise Forbidden(f"Access denied: {ROLE} is missing")
    return Caller(application)


async def _bearing(given: HTTPAuthorizationCredentials | None, services: Services) -> Application:
    if given is None:
        raise Unauthenticated("Full authentication is required to access this resource")
    bearer = services.access_tokens.read(given.credentials)
    application = await services.accounts.application(bearer.application_id)
    if application is None or application.account != bearer.account:
        raise Unauthenticated("the access token's application is unknown")
    if SCOPE not in bearer.scopes or SCOPE not in application.scopes:
        raise Forbidden(f"Access denied: the token lacks the scope {SCOPE}")
    return application


LONGEST_HEADER = 257
"""Characters of an Idempotency-Key, quotes and all."""


async def idempotency_key(
    idempotency_key: Annotated[
        str,
        Header(
            description="The same key and body again get the same answer",
            json_schema_extra={"maxLength": LONGEST_HEADER},
        ),
    ] = "",
) -> str | None:
    """The key without the quotes of its structured form, if there is one."""
    bare = idempotency_key.strip().strip('"').strip()
    if len(bare) > 255 or len(idempotency_key) > LONGEST_HEADER:
        raise InvalidRequest({"Idempotency-Key": "Input should have at most 255 characters"})
    return bare or None


async def own_flow(
    caller: Annotated[Caller, Depends(caller)],
    services: Annotated[Services, Depends(services)],
    tracking_id: Annotated[str, Path(description="The flow's tracking id")],
) -> Tracked:
    """The caller's own flow that the path names, and where it stands.

    Raises:
        UnknownFlow: there is none, be it another account's or no id at all.
    """
    try:
        found = await services.tracking.find(caller.account, str(UUID(tracking_id)))
    except ValueError:
        found = None
    if found is None:
        raise UnknownFlow("No flow has this tracking id")
    bind_contextvars(tracking_id=found.flow.tracking_id)
    return found


async def callback_id(
    callback_id: Annotated[str, Path(description="The callback's id: its header `webhook-id`")],
) -> str:
    """The id in the path.

    Raises:
        UnknownCallback: it is none.
    """
    if not _CALLBACK_ID.fullmatch(callback_id):
        raise UnknownCallback(UNKNOWN)
    return callback_id


_CALLBACK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def raw_body(request: Request) -> bytes:
    """The body's bytes, which were read already."""
    return await request.body()


InService = Annotated[Services, Depends(services)]
Calling = Annotated[Caller, Depends(caller)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
RawBody = Annotated[bytes, Depends(raw_body)]
CallbackId = Annotated[str, Depends(callback_id)]
OwnFlow = Annotated[Tracked, Depends(own_flow)]
