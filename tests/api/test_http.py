"""What every answer has in common: request ids, and errors in the contract's shape."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from accounts.base import SenderInfo
from accounts.records import Accounts
from api.app import create_app
from api.dependencies import Services
from tests.api.bench import CREATE, Api, a_request, serving
from tests.samples import sms

HEADER = "X-Request-Id"
LIVE = "/health/live"


@pytest.mark.parametrize("given", ["r-1", "a.b_c:D-9", "x" * 128])
async def test_a_request_id_is_given_back(alone: Api, given: str) -> None:
    """As the client or its proxy wrote it."""
    answer = await alone.http.get(LIVE, headers={HEADER: given})
    assert answer.headers[HEADER] == given


@pytest.mark.parametrize("garbage", ["", "x" * 129, "a b", 'a"b', "<script>", "ä", "{a}", "a,b"])
async def test_a_request_id_that_is_garbage_is_replaced(alone: Api, garbage: str) -> None:
    """It goes into logs."""
    raw = [(HEADER.encode(), garbage.encode("latin-1"))]
    answer = await alone.http.get(LIVE, headers=raw)
    assert UUID(answer.headers[HEADER]).version == 4


async def test_each_request_without_an_id_gets_its_own(alone: Api) -> None:
    """Also where nothing was found, or nobody was known."""
    answers = [await alone.http.get(path) for path in (LIVE, LIVE, "/nowhere", CREATE)]
    assert len({answer.headers[HEADER] for answer in answers}) == 4


async def test_a_request_is_logged_in_one_line_without_its_address(alone: Api) -> None:
    """The route, not the path: report addresses hold tokens."""
    token = alone.report_token()
    with capture_logs() as logs:
        await alone.report(token, {"status": "teleported"})
    (line,) = (each for each in logs if each["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == (
        "POST",
        "/reports/{provider}/{token}",
        200,
    )
    assert token not in str(logs)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/failover/nowhere", "/failover/tracking/a/b", "/", "//"]
)
async def test_an_unknown_path_is_not_found(alone: Api, path: str) -> None:
    """404 in the contract's shape (E1)."""
    answer = await alone.http.get(f"http://api.test{path}", headers=alone.bearer())
    assert answer.status_code == 404
    assert answer.json() == {"code": "404000000", "developerMessage": "Not Found"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/failover", "POST"),
        ("GET", CREATE, "POST"),
        ("DELETE", "/failover/tracking/x", "GET"),
        ("PUT", "/failover/x/cancel", "POST"),
        ("GET", "/oauth/token", "POST"),
        ("PUT", "/reports/sandbox/x", "GET, POST"),
        ("GET", "/inbound/sandbox/x", "POST"),
        ("POST", LIVE, "GET"),
    ],
)
async def test_another_method_is_not_allowed(
    alone: Api, method: str, path: str, allowed: str
) -> None:
    """405 in the contract's shape, with the methods that there are."""
    answer = await alone.http.request(method, path, headers=alone.bearer())
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.json() == {"code": "405000000", "developerMessage": "Method Not Allowed"}


class Broken(Accounts):
    """Accounts with a bug."""

    async def sender_info(self, account: str, sender_id: str) -> SenderInfo | None:
        raise KeyError("secret-7731")


async def test_a_bug_tells_the_client_nothing_but_its_request_id(
    engineless: Services, database: AsyncEngine
) -> None:
    """500 in the contract's shape; the log has the rest, under the same id."""
    app = create_app(replace(engineless, accounts=Broken(database)))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api.test") as http,
    ):
        headers = {**Api(http, engineless).bearer(), HEADER: "r-1"}
        with capture_logs() as logs:
            answer = await http.post(CREATE, json=a_request(), headers=headers)
    assert answer.status_code == 500
    assert answer.json() == {"code": "500000000", "developerMessage": "Internal error"}
    assert answer.headers[HEADER] == "r-1"
    (bug,) = (each for each in logs if each["event"] == "bug")
    assert bug["request_id"] == "r-1"
    assert isinstance(bug["exc_info"], KeyError)


async def test_a_request_survives_what_clients_add(taking: Api) -> None:
    """Expect, Accept, an unknown query: nothing of it matters."""
    answer = await taking.http.post(
        f"{CREATE}?debug=1",
        json=a_request(sms()),
        headers={**taking.bearer(), "Expect": "", "Accept": "text/html"},
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_has_any_case(alone: Api, scheme: str) -> None:
    """As clients write it."""
    header = alone.bearer()["Authorization"].replace("Bearer", scheme)
    path = "/failover/tracking/0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77"
    assert (await alone.http.get(path, headers={"Authorization": header})).status_code == 404


async def test_no_answer_names_the_machinery(alone: Api, engineless: Services) -> None:
    """No framework's, engine's or database's name in any refusal."""
    answers: list[Any] = [
        await alone.create("{"),
        await alone.create({"flow": [{}]}),
        await alone.track("x"),
        await alone.cancel("0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77"),
        await alone.http.get("/nowhere"),
    ]
    async with serving(engineless) as api:
        answers.append(await api.report(api.report_token(), {"status": "delivered"}))
    names = re.compile("temporal|pydantic|fastapi|starlette|sqlite|sqlalchemy|grpc|tuple", re.I)
    assert [answer.text for answer in answers if names.search(answer.text)] == []


async def test_a_sender_that_hangs_up_in_mid_body_is_no_bug(alone: Api) -> None:
    """A provider's broken connection: one line in the log, and no traceback."""
    app = create_app(alone.services)
    app.state.services = alone.services
    path = f"/reports/sandbox/{alone.report_token()}"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http",
        "server": ("test", 80), "client": ("test", 1), "root_path": "",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    with capture_logs() as logs:
        await app(scope, receive, send)

    assert sent[0]["status"] == 400
    assert [line["event"] for line in logs] == ["request"]
