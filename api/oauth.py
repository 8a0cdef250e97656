"""Access tokens by client credentials (contract.md §1.2)."""

import base64
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from pydantic import Field, JsonValue

from accounts.base import Application
from api.dependencies import InService
from api.document import READING, answers
from domain.errors import BadCredentials, InvalidRequest, TooManyRequests, Unavailable
from domain.wire import Wire

router = APIRouter(tags=["oauth"])

GRANT: dict[str, JsonValue] = {"enum": ["client_credentials"]}


class AccessToken(Wire):
    """A token for `expires_in` seconds."""

    access_token: str = Field(alias="access_token")
    token_type: str = Field(default="bearer", alias="token_type")
    expires_in: int = Field(alias="expires_in")
    scope: str
    permissions: tuple[str, ...]


async def application(request: Request, services: InService) -> Application:
    """The application whose id and secret the Basic header holds.

    Raises:
        TooManyRequests: the address asked too often.
        BadCredentials: none.
    """
    await services.rates.check_address(request.client.host if request.client else "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except ValueError:  # no ASCII, no base64, no UTF-8
        decoded = ""
    name, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise BadCredentials("Full authentication is required to access this resource")
    found = await services.accounts.authenticated(name, secret)
    if found is None:
        raise BadCredentials("Bad credentials")
    return found


@router.post(
    "/oauth/token",
    responses=answers(*READING, BadCredentials, TooManyRequests, Unavailable),
    openapi_extra={"security": [{"HTTPBasic": []}]},
)
async def issue_token(
    application: Annotated[Application, Depends(application)],
    services: InService,
    grant_type: Annotated[str, Form(json_schema_extra=GRANT)] = "",
    scope: Annotated[str, Form(description="Narrows the token; separated by spaces")] = "",
) -> AccessToken:
    """An access token for the application that the Basic header names."""
    if grant_type != "client_credentials":
        raise InvalidRequest({"grant_type": "Input should be client_credentials"})
    wanted = tuple(dict.fromkeys(scope.split())) or application.scopes
    if not set(wanted) <= set(application.scopes):
        raise InvalidRequest({"scope": f"This application has: {' '.join(application.scopes)}"})
    return AccessToken(
        access_token=services.access_tokens.issue(application, wanted, time.time()),
        expires_in=application.token_lifetime,
        scope=" ".join(wanted),
        permissions=application.roles,
    )
