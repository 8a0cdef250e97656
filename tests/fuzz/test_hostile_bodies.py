"""Requests that no honest client sends: never a 5xx, always the contract's shape."""

import asyncio
import time
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from accounts.demonstration import ACME, SECRETS
from api.app import create_app
from tests.api.bench import Api, a_request, basic
from tests.conftest import until
from tests.fuzz import envelopes, hostile
from tests.fuzz.asking import Asked, ask, check, strictly
from tests.fuzz.tally import Tally

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]

CREATING = (b"/failover", b"/failover/transactional")


@pytest.fixture
def app(api: Api) -> FastAPI:
    """The application itself, without a client that would refuse to send such things."""
    app = create_app(api.services)
    app.state.services = api.services
    return app


class Hostility:
    """Sends what a strategy makes up, and remembers which flows were accepted."""

    def __init__(self, api: Api, app: FastAPI, config: pytest.Config, tally: Tally) -> None:
        self._api = api
        self._app = app
        self._tally = tally
        self._examples = config.getoption("examples")
        self._seed = config.getoption("seed")
        self.accepted: list[str] = []

    async def put(self, label: str, requests: st.SearchStrategy[Asked], times: int) -> None:
        """Send so many times `--examples` requests, and check each answer."""
        loop = asyncio.get_running_loop()

        @settings(
            max_examples=times * self._examples,
            derandomize=self._seed is None,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(requests)
        def each(asked: Asked) -> None:
            asyncio.run_coroutine_threadsafe(self._send(label, asked), loop).result()

        started = time.monotonic()
        await asyncio.to_thread(each if self._seed is None else seed(self._seed)(each))
        self._tally.took("hostile", time.monotonic() - started)

    async def _send(self, label: str, asked: Asked) -> None:
        answer = await ask(self._app, asked)
        if answer is None:
            return
        self._tally.answered(label, "hostile", answer.status)
        check(asked, answer)
        if answer.status == 200 and asked.target in CREATING:
            await self._look(strictly(answer.body)["trackingId"], asked)

    async def _look(self, tracking_id: str, asked: Asked) -> None:
        tracked = await self._api.track(tracking_id)
        assert tracked.status_code == 200, asked.told()
        strictly(tracked.content)
        self.accepted.append(tracking_id)


@pytest.fixture
def hostility(api: Api, app: FastAPI, pytestconfig: pytest.Config, tally: Tally) -> Hostility:
    """Sends what a strategy makes up."""
    return Hostility(api, app, pytestconfig, tally)


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode()) for name, text in headers.items()]


def _posts(
    target: bytes, bodies: st.SearchStrategy[bytes], known: list[tuple[bytes, bytes]]
) -> st.SearchStrategy[Asked]:
    @st.composite
    def post(draw: st.DrawFn) -> Asked:
        body = draw(bodies)
        odd = draw(envelopes.headers()) if not draw(st.integers(0, 3)) else []
        kind = (b"content-type", draw(envelopes.KINDS))
        pieces = draw(envelopes.chunks(body))
        hangs_up = draw(st.integers(0, 19)) == 7
        return Asked("POST", target, [*known, kind, *odd], pieces, hangs_up)

    return post()


@pytest.mark.parametrize(
    ("target", "good"),
    [
        (b"/failover", hostile.STANDARD),
        (b"/failover/transactional", hostile.TRANSACTIONAL),
        (b"/failover/tracking", hostile.FILTERS),
    ],
)
async def test_no_body_breaks_the_api(
    hostility: Hostility, api: Api, target: bytes, good: Any
) -> None:
    """And each flow that was accepted all the same is begun."""
    await hostility.put(
        f"POST {target.decode()}",
        _posts(target, hostile.bodies(good), _raw(api.bearer())),
        times=20,
    )

    async def begun(tracking_id: str) -> bool:
        return bool((await api.track(tracking_id)).json()["messages"])

    for tracking_id in hostility.accepted:
        await until(partial(begun, tracking_id))


async def test_no_form_and_no_credentials_break_the_token_endpoint(hostility: Hostility) -> None:
    """Nor both at once."""
    good = basic(ACME.id, SECRETS[ACME.id])["Authorization"].encode()

    @st.composite
    def forms(draw: st.DrawFn) -> Asked:
        credentials = draw(st.just(good) | envelopes.CREDENTIALS)
        kind = draw(st.just(b"application/x-www-form-urlencoded") | envelopes.KINDS)
        known = [(b"authorization", credentials), (b"content-type", kind)]
        body = draw(envelopes.FORMS | hostile.VALUES)
        return Asked("POST", b"/oauth/token", [*known, *draw(envelopes.headers())], [body])

    await hostility.put("POST /oauth/token", forms(), times=10)


async def test_no_report_breaks_the_api(hostility: Hostility, api: Api) -> None:
    """A provider's answer is nobody's friend: bodies to a good address, and any address."""
    tracking_id = (await api.create(a_request())).json()["trackingId"]
    good = f"/reports/sandbox/{api.report_token(tracking_id, on_step=True)}".encode()
    await hostility.put(
        "POST /reports/sandbox/(token)", _posts(good, hostile.bodies(hostile.REPORT), []), times=10
    )

    @st.composite
    def addresses(draw: st.DrawFn) -> Asked:
        provider, token = draw(st.just("sandbox") | envelopes.SEGMENTS), draw(envelopes.SEGMENTS)
        body = draw(hostile.bodies(hostile.REPORT))
        return Asked("POST", f"/reports/{provider}/{token}".encode(), [], [body])

    await hostility.put("POST /reports/(any)/(any)", addresses(), times=5)


async def test_no_query_breaks_the_search(hostility: Hostility, api: Api) -> None:
    """Neither with a body nor without."""
    known = [*_raw(api.bearer()), (b"content-type", b"application/json")]

    @st.composite
    def searches(draw: st.DrawFn) -> Asked:
        target = b"/failover/tracking?" + draw(envelopes.QUERIES).encode()
        odd = [*known, *draw(envelopes.headers())]
        if draw(st.booleans()):
            return Asked("GET", target, odd)
        return Asked("POST", target, odd, [draw(hostile.bodies(hostile.FILTERS))])

    await hostility.put("GET and POST /failover/tracking?", searches(), times=20)


async def test_no_path_no_method_and_no_credentials_break_the_api(
    hostility: Hostility, api: Api
) -> None:
    """On every route there is, and on some that there are not."""
    good = api.bearer()["Authorization"].encode()

    @st.composite
    def visits(draw: st.DrawFn) -> Asked:
        word = draw(envelopes.SEGMENTS)
        target = draw(st.sampled_from(PATHS)).replace("@", word).encode()
        method = draw(
            st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "get", "\xff"])
        )
        credentials = (b"authorization", draw(st.just(good) | envelopes.CREDENTIALS))
        query = b"?" + draw(envelopes.QUERIES).encode() if draw(st.booleans()) else b""
        return Asked(method, target + query, [credentials, *draw(envelopes.headers())])

    await hostility.put("any method, any path", visits(), times=20)


PATHS = [
    "/",
    "/@",
    "//failover",
    "/failover",
    "/failover/@",
    "/failover/@/cancel",
    "/failover/transactional",
    "/failover/tracking",
    "/failover/tracking/@",
    "/failover/tracking/@/",
    "/failover/tracking/../@",
    "/oauth/token",
    "/reports/@/@",
    "/health/live",
    "/health/ready",
    "/docs",
    "/openapi.json",
    "/metrics",
]
