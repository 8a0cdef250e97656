"""POST /oauth/token (contract.md §1.2)."""

import base64
import time
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import ACME, GLOBEX, SMS_ONLY
from accounts.tokens import AccessTokens
from api.dependencies import Services
from storage.keys import Keyring
from tests.api.bench import Api, Changed, basic, serving
from tests.conftest import KEYS

ANYWHERE = "/failover/tracking/0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77"
NOBODY = "Full authentication is required to access this resource"
GRANT = {"grant_type": "client_credentials"}


async def test_a_token_names_its_kind_its_seconds_its_scope_and_its_permissions(alone: Api) -> None:
    """Exactly the members that clients read."""
    answer, token = await alone.token()
    assert answer.status_code == 200
    assert token.pop("access_token")
    assert token == {
        "token_type": "bearer",
        "expires_in": 3600,
        "scope": "failover",
        "permissions": list(ACME.roles),
    }


async def test_a_token_opens_the_api(alone: Api) -> None:
    """Past the 401: with it an unknown flow is only unknown."""
    _, token = await alone.token()
    header = {"Authorization": f"Bearer {token['access_token']}"}
    assert (await alone.http.get(ANYWHERE, headers=header)).status_code == 404


async def test_a_token_survives_a_restart(alone: Api, engineless: Services) -> None:
    """Another process with the same keys believes it; one with others does not."""
    _, token = await alone.token()
    header = {"Authorization": f"Bearer {token['access_token']}"}
    async with serving(engineless) as restarted:
        assert (await restarted.http.get(ANYWHERE, headers=header)).status_code == 404
    others = AccessTokens(Keyring.parse(KEYS.replace("AAAA", "BBBB")))
    stranger = others.issue(ACME, ACME.scopes, time.time())
    refused = await alone.http.get(ANYWHERE, headers={"Authorization": f"Bearer {stranger}"})
    assert refused.status_code == 401


@pytest.mark.parametrize("asked", ["failover", " failover  failover ", ""])
async def test_a_scope_that_the_application_has_is_granted(alone: Api, asked: str) -> None:
    """Once each; none asked means all."""
    _, token = await alone.token(scope=asked)
    assert token["scope"] == "failover"


async def test_a_scope_narrows_the_token(engineless: Services, database: AsyncEngine) -> None:
    """What was not asked for is not granted, and what needs it answers 403."""
    wider = replace(ACME, scopes=("failover", "report"))
    services = replace(engineless, accounts=Changed(wider, database))
    async with serving(services) as api:
        _, every = await api.token()
        _, one = await api.token(scope="report")
        header = {"Authorization": f"Bearer {one['access_token']}"}
        refused = await api.http.get(ANYWHERE, headers=header)
    assert every["scope"] == "failover report"
    assert one["scope"] == "report"
    assert refused.status_code == 403
    assert refused.json() == {
        "code": "403000000",
        "developerMessage": "Access denied: the token lacks the scope failover",
    }


async def test_a_scope_that_the_application_lacks_is_refused(alone: Api) -> None:
    """400, with the scopes that there are."""
    answer, problem = await alone.token(scope="failover billing")
    assert answer.status_code == 400
    assert problem["properties"] == {"scope": "This application has: failover"}


@pytest.mark.parametrize("grant", ["password", "", "CLIENT_CREDENTIALS"])
async def test_another_grant_type_is_refused(alone: Api, grant: str) -> None:
    """400: client_credentials is all there is."""
    answer, problem = await alone.token(grant_type=grant)
    assert answer.status_code == 400
    assert problem == {
        "code": "400000000",
        "developerMessage": "Validation Error!",
        "properties": {"grant_type": "Input should be client_credentials"},
    }


async def test_a_body_that_is_no_form_has_no_grant_type(alone: Api) -> None:
    """JSON, or nothing at all."""
    header = basic(ACME.id, "demo-secret")
    for json in (GRANT, None):
        assert (await alone.http.post("/oauth/token", json=json, headers=header)).status_code == 400


def encoded(text: str) -> dict[str, str]:
    """A Basic header of any text."""
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (basic(ACME.id, "wrong"), "Bad credentials"),
        (basic(ACME.id, ""), "Bad credentials"),
        (basic(ACME.id, "globex-secret"), "Bad credentials"),
        (basic("64d0f2a1c9e77b0012ab3fff", "demo-secret"), "Bad credentials"),
        (basic("64d0f2a1c9e77b0012ab3fff", ""), "Bad credentials"),
        ({}, NOBODY),
        (encoded("no colon"), NOBODY),
        ({"Authorization": "Basic ¡"}, NOBODY),
        (
            {"Authorization": "Basic /w=="},
            NOBODY,
        ),
        ({"Authorization": "Basic"}, NOBODY),
        (
            {"Authorization": basic(ACME.id, "demo-secret")["Authorization"].replace("B", "M", 1)},
            NOBODY,
        ),
    ],
)
async def test_bad_credentials_get_the_frameworks_old_body(
    alone: Api, headers: dict[str, str], message: str
) -> None:
    """401 in the shape that clients of the token endpoint test for (E5)."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = await alone.http.post("/oauth/token", data=GRANT, headers=raw)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    body = answer.json()
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "status": 401,
        "error": "Unauthorized",
        "message": message,
        "path": "/oauth/token",
    }


async def test_each_application_has_its_own_permissions(alone: Api) -> None:
    """As the accounts say."""
    for application in (SMS_ONLY, GLOBEX):
        _, token = await alone.token(application)
        assert token["permissions"] == list(application.roles)
