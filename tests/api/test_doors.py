"""Who is let in: 401 without a token, 403 without a role, and nobody else's flows."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route

from accounts.demonstration import ACME, GLOBEX, SMS_ONLY
from api.app import create_app
from api.dependencies import Services
from domain.progress import Progress
from tests.api.bench import CREATE, Api, Changed, a_request, serving
from tests.samples import a_flow, sms, viber, voice

OPEN = {
    "/health/live",
    "/health/ready",
    "/oauth/token",
    "/reports/{provider}/{token}",
    "/inbound/{provider}/{token}",
    "/inbound/{provider}",
}
"""What needs no token: the rest must."""


def routes(owner: Any) -> Iterator[Route]:
    """Every route of an application or router, those of included routers too."""
    for each in owner.routes:
        if isinstance(each, Route):
            yield each
        else:
            yield from routes(each.original_router)


DOORS = [
    (method, route.path)
    for route in routes(create_app())
    for method in sorted((route.methods or set()) - {"HEAD"})
    if route.path not in OPEN
]


def test_the_walker_finds_what_the_document_lists() -> None:
    """Every documented operation that is not open; else the next test would prove nothing."""
    documented = {
        (method.upper(), path)
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations
        if path not in OPEN
    }
    assert documented == set(DOORS)
    assert ("POST", CREATE) in documented


def assert_unknown(answer: Any) -> None:
    """401 in the resource server's shape (E4)."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    body = answer.json()
    assert body.pop("error_description")
    assert body == {"error": "invalid_token"}


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_every_other_route_needs_a_token(alone: Api, method: str, path: str) -> None:
    """401 whatever the path and the body say."""
    address = path.format(tracking_id="x", callback_id="x")
    for body in (None, {"flow": "no list"}):
        assert_unknown(await alone.http.request(method, address, json=body))


GARBAGE = ("", "x", "a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", "x" * 10_000)


@pytest.mark.parametrize("token", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_no_token(alone: Api, token: str) -> None:
    """Nothing, noise, an unsigned JWT, a very long one."""
    header = {"Authorization": f"Bearer {token}"}
    assert_unknown(await alone.http.post(CREATE, json=a_request(), headers=header))


async def test_an_expired_token_is_none(alone: Api) -> None:
    """Half a minute of clocks that differ is forgiven, not more."""
    long_ago = alone.bearer(at=time.time() - ACME.token_lifetime - 60)
    answer = await alone.http.post(CREATE, json=a_request(), headers=long_ago)
    assert_unknown(answer)
    assert answer.json()["error_description"] == "the access token has expired"


async def test_a_token_in_other_hands_than_bearer_is_none(alone: Api) -> None:
    """The scheme must be Bearer."""
    token = alone.bearer()["Authorization"].replace("Bearer", "Basic")
    assert_unknown(
        await alone.http.post(CREATE, json=a_request(), headers={"Authorization": token})
    )


@pytest.mark.parametrize("step", [sms(), viber(), voice()])
async def test_an_application_without_the_failover_role_sends_nothing(
    alone: Api, step: dict[str, Any]
) -> None:
    """403, also for the channel whose role it has."""
    answer = await alone.acting_as(SMS_ONLY).create(a_request(step))
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "403000000",
        "developerMessage": "Access denied: MT_ROLE_FAILOVER is missing",
    }


@pytest.mark.parametrize(
    ("step", "role"),
    [(viber(), "MT_ROLE_VIBER"), (voice(), "MT_ROLE_VOICE"), (sms(), "MT_ROLE_SMS")],
)
async def test_every_channel_needs_its_role(
    engineless: Services, database: AsyncEngine, step: dict[str, Any], role: str
) -> None:
    """403 names the one that is missing, be it the second step's."""
    less = replace(ACME, roles=tuple(each for each in ACME.roles if each != role))
    other = sms() if step["type"] != "Sms" else voice()
    async with serving(replace(engineless, accounts=Changed(less, database))) as api:
        answer = await api.create(a_request(other, step))
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "403000000",
        "developerMessage": f"Access denied: {role} is missing",
    }


@pytest.mark.parametrize(
    "sender", ["9c1f4d63-0a5f-4b81-9b40-1a9f4b2d0e22", "8c1f4d63-0a5f-4b81-9b40-1a9f4b2d0e22"]
)
async def test_an_unknown_sender_is_not_found(alone: Api, sender: str) -> None:
    """404 with the module of sender infos; another account's is as unknown as nobody's."""
    step = viber(senderInfoTrackingId=sender)
    answer = await alone.create(a_request(sms(), step))
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "404020000",
        "developerMessage": "Sender info not found: flow[1].senderInfoTrackingId",
    }


UNKNOWN = ("71d0c1a2-52bb-4a0f-9ef1-6e0cbb0f7d3e", "x", "x" * 400, "%00", "%ff")


@pytest.mark.parametrize("tracking_id", UNKNOWN, ids=range(len(UNKNOWN)))
async def test_an_unknown_flow_is_not_found(alone: Api, tracking_id: str) -> None:
    """404 for reading and for cancelling, whatever stands in the path."""
    for answer in (await alone.track(tracking_id), await alone.cancel(tracking_id)):
        assert answer.status_code == 404
        assert answer.json()["code"] == "404000000"


async def test_another_accounts_flow_is_not_found(alone: Api) -> None:
    """404 for reading and for cancelling; its owner reads it."""
    flow = alone.services.sealer.sealed(a_flow())
    await alone.services.tracking.record(flow, Progress.of(flow))
    stranger = alone.acting_as(GLOBEX)
    for answer in (await stranger.track(flow.tracking_id), await stranger.cancel(flow.tracking_id)):
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "404000000",
            "developerMessage": "No flow has this tracking id",
        }
    assert (await alone.track(flow.tracking_id.upper())).status_code == 200
