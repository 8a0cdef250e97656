"""A walk through every route: a stranger learns nothing anywhere, whatever it asks and how."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from accounts.demonstration import ACME
from api.app import create_app
from api.guarded import Guarded
from domain.progress import Progress
from tests.api.bench import Api, a_request, basic
from tests.api.test_doors import DOORS, OPEN, assert_unknown, routes
from tests.samples import a_flow

DEVELOPMENT = {"/openapi.json", "/docs", "/docs/oauth2-redirect"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")

BODIES: Mapping[str, dict[str, Any]] = {
    "nothing": {},
    "a flow": {"json": a_request()},
    "another's": {"json": {**a_request(), "accountId": "acme", "applicationId": ACME.id}},
    "filters": {"json": [{"fieldName": "status", "searchTerm": "Queued"}]},
    "a list": {"json": []},
    "null": {"json": None, "headers": {"Content-Type": "application/json"}},
    "no JSON": {"content": b'{"flow":', "headers": {"Content-Type": "application/json"}},
    "a form": {"data": {"grant_type": "client_credentials", "access_token": "x"}},
    "a file": {"files": {"flow": b"\xff\x00"}},
    "XML": {"content": b"<flow/>", "headers": {"Content-Type": "text/xml"}},
    "64 kB": {"content": b" " * 65536},
}
QUERIES = (
    "",
    "?access_token=x&accountId=acme&applicationId=" + ACME.id,
    "?size=1&page=0&status=Queued",
    "?size=-1&page=x&dateStart=never&sort=%00",
    "?%ff=%00&=&&",
)
STRANGERS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer null"},
    {"Authorization": "Bearer e30.e30.e30"},
    {"Authorization": f"Bearer {ACME.id}"},
    basic(ACME.id, "demo-secret"),
    {"X-Access-Token": "x", "Cookie": "access_token=x", "Proxy-Authorization": "Bearer x"},
    {"X-Account-Id": "acme", "X-Application-Id": ACME.id, "X-Roles": "MT_ROLE_FAILOVER"},
    {"X-Gateway-Secret": "", "X-Account-Id": "acme", "X-Application-Id": ACME.id},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-User": "acme", "X-Original-URL": "/health/live"},
    {"X-HTTP-Method-Override": "GET", "Idempotency-Key": "order-1"},
)


@pytest.fixture
async def known(alone: Api) -> str:
    """The tracking id of a flow of acme's: there is something to learn."""
    flow = alone.services.sealer.sealed(a_flow())
    await alone.services.tracking.record(flow, Progress.of(flow))
    return flow.tracking_id


def every(owner: Any) -> Iterator[Any]:
    """All that an application or router serves, of whatever kind."""
    for each in owner.routes:
        included = getattr(each, "original_router", None)
        if included is None:
            yield each
        else:
            yield from every(included)


@pytest.mark.parametrize("docs", [False, True])
def test_the_walk_misses_nothing(docs: bool) -> None:
    """No mounted application, no websocket, no route that is no endpoint of ours."""
    app: FastAPI = create_app(docs=docs)
    found = list(every(app))
    by_kind = {
        kind: {route.path for route in found if type(route) is kind}
        for kind in (Guarded, APIRoute, Route)
    }
    assert {type(route) for route in found} <= set(by_kind)
    assert by_kind[Guarded] == {path for _, path in DOORS}
    assert by_kind[APIRoute] == OPEN
    assert by_kind[Route] == (DEVELOPMENT if docs else set())
    assert list(routes(app)) == found


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_a_stranger_gets_401_whatever_it_asks(
    alone: Api, known: str, method: str, path: str
) -> None:
    """Every body with every query, for a flow that exists as for one that does not."""
    for tracking_id, query, body in product((known, "x"), QUERIES, BODIES.values()):
        address = path.format(tracking_id=tracking_id, callback_id=f"msg_{tracking_id}-1") + query
        assert_unknown(await alone.http.request(method, address, **body))


@pytest.mark.parametrize("stranger", STRANGERS, ids=range(len(STRANGERS)))
async def test_a_stranger_gets_401_whatever_it_calls_itself(
    alone: Api, known: str, stranger: dict[str, str]
) -> None:
    """At every door: nothing but an access token says who somebody is."""
    for method, path in DOORS:
        address = path.format(tracking_id=known, callback_id=f"msg_{known}-1")
        assert_unknown(await alone.http.request(method, address, headers=stranger))
    assert (await alone.track(known)).status_code == 200


async def test_a_method_that_a_door_does_not_have_opens_nothing(alone: Api, known: str) -> None:
    """405 with no more than the methods that there are; nobody's rules for other origins."""
    for path in sorted({path for _, path in DOORS}):
        served = {method for method, each in DOORS if each == path}
        address = path.format(tracking_id=known, callback_id="x")
        # What one door spells out may be another's parameter: /callbacks/replay, /callbacks/{id}.
        matching = {method for method, each in DOORS if _matches(each, address)}
        for method in set(METHODS) - matching:
            headers = {"Origin": "https://shop.test", "Access-Control-Request-Method": "POST"}
            answer = await alone.http.request(method, address, headers=headers)
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) == served
            assert_says_nothing(answer, known)


def _matches(template: str, address: str) -> bool:
    return re.fullmatch(re.sub(r"{[a-z_]+}", "[^/]+", template), address) is not None


async def test_a_path_that_is_no_door_opens_nothing(alone: Api, known: str) -> None:
    """404, however near to one it comes."""
    for each in (
        f"/failover/tracking/{known}/",
        f"/failover/tracking/{known}/messages",
        f"/failover/tracking//{known}",
        f"//failover/tracking/{known}",
        f"/Failover/tracking/{known}",
        f"/failover/tracking/..%2f{known}%2fx",
        f"/failover/{known}",
        "/failover/tracking/",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/redoc",
    ):
        answer = await alone.http.get(httpx.URL("http://api.test", raw_path=each.encode()))
        assert answer.status_code in {404, 405}, each
        assert_says_nothing(answer, known)


async def test_what_is_open_says_nothing_of_flows(alone: Api, known: str) -> None:
    """Health answers anybody; the others want a secret, or an address that we gave out."""
    expected = {
        "/health/live": ("GET", {200}),
        "/health/ready": ("GET", {503}),  # nobody is where the engine should be
        "/oauth/token": ("POST", {401}),
        "/reports/{provider}/{token}": ("POST", {404}),
        "/inbound/{provider}/{token}": ("POST", {404}),
        "/inbound/{provider}": ("POST", {404}),
    }
    assert set(expected) == OPEN
    for path, (method, statuses) in expected.items():
        for provider, token in (("sandbox", known), ("sandbox", "v1.k1.x"), ("other", "x")):
            address = path.format(provider=provider, token=token)
            for body in BODIES.values():
                answer = await alone.http.request(method, address, **body)
                assert answer.status_code in statuses
                assert_says_nothing(answer, known)


def assert_says_nothing(answer: httpx.Response, known: str) -> None:
    """No more than that it was refused."""
    for secret in (known, "acme", ACME.id):
        assert secret not in answer.text
    assert not [name for name in answer.headers if name.startswith("access-control")]
