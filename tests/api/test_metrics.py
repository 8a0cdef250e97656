"""What the API counts of its requests."""

import pytest
from prometheus_client import generate_latest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from metrics import catalogue
from tests.api.bench import CREATE, Api, a_request
from tests.counting import count, counting
from tests.samples import sms

TRACK = "/failover/tracking/{tracking_id}"
UNKNOWN = "71d0c1a2-52bb-4a0f-9ef1-6e0cbb0f7d3e"


async def test_a_request_is_counted_by_its_route(alone: Api) -> None:
    """The template, never the path: a series for each flow would be one for ever."""
    with (
        counting("failover_requests_total", route=TRACK, method="GET", status="404") as counted,
        counting("failover_request_seconds_count", route=TRACK, method="GET") as timed,
        counting("failover_request_seconds_sum", route=TRACK, method="GET") as seconds,
    ):
        for _ in range(3):
            await alone.track(UNKNOWN)
    assert (counted(), timed()) == (3, 3)
    assert 0 < seconds() < 30


async def test_what_has_no_route_is_one_series(alone: Api) -> None:
    """Whatever strangers try."""
    with counting("failover_requests_total", route="none", method="GET", status="404") as counted:
        for path in ("/nowhere", "/wp-login.php", f"/{UNKNOWN}"):
            await alone.http.get(path)
    assert counted() == 3


async def test_an_accepted_flow_is_counted_once(taking: Api) -> None:
    """By its kind; a repetition of its Idempotency-Key is no new one."""
    with counting("failover_flows_accepted_total", kind="transactional") as counted:
        for _ in range(3):
            assert (await taking.create(key="one")).status_code == 200
        assert (await taking.create(a_request(sms(ttl=0)))).status_code == 400
    assert counted() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "400000000"),
        (a_request(sms(ttl=0)), "400000000"),
        (a_request(sms()) | {"x": "x" * 70_000}, "413000000"),
    ],
)
async def test_a_refusal_is_counted_by_its_code(alone: Api, body: object, code: str) -> None:
    """One that stands before the routing has no route."""
    route = CREATE if code != "413000000" else "none"
    with counting("failover_refusals_total", route=route, code=code) as counted:
        await alone.create(body)
    assert counted() == 1


async def test_a_stranger_is_counted_by_its_code(alone: Api) -> None:
    """Whose answer has another shape, without it."""
    with counting("failover_refusals_total", route=CREATE, code="401000000") as counted:
        await alone.http.post(CREATE, json=a_request())
    assert counted() == 1


async def test_a_report_is_counted_by_its_status(alone: Api) -> None:
    """And by who reported it."""
    with counting("failover_reports_total", provider="sandbox", status="Sent") as counted:
        await alone.report(alone.report_token(), {"status": "sent"})
        await alone.report("x", {"status": "sent"})
    assert counted() == 1


async def test_a_request_survives_its_count(alone: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting must never be what fails."""
    monkeypatch.setattr(catalogue, "REQUESTS", None)
    assert (await alone.http.get("/health/live")).status_code == 200


async def test_nothing_of_a_caller_stands_in_the_metrics(taking: Api) -> None:
    """No account, no number, no id."""
    tracking_id = (await taking.create()).json()["trackingId"]
    await taking.track(tracking_id)
    told = generate_latest().decode()
    assert count("failover_flows_accepted_total", kind="transactional") > 0
    assert [word for word in ("acme", "3069", tracking_id) if word in told] == []


async def test_a_line_tells_whose_request_it_was(taking: Api) -> None:
    """Each has the request's id, and the flow's where there is one."""
    with capture_logs(processors=[merge_contextvars]) as logs:
        tracking_id = (await taking.create()).json()["trackingId"]
        await taking.track(tracking_id)
        await taking.cancel(tracking_id.upper())
        await taking.report(taking.report_token(tracking_id), {"status": "sent"})
        await taking.track(UNKNOWN)
    lines = [line for line in logs if line["event"] == "request"]
    assert len({line["request_id"] for line in lines}) == 5
    assert [line.get("tracking_id") for line in lines] == [tracking_id] * 4 + [None]
