"""POST /reports/{provider}/{token}: what providers tell us."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from temporalio.client import Client

from providers.base import StatusWord
from providers.exchange import RawReport
from providers.registry import Providers
from providers.sandbox import Sandbox
from tests.api.bench import SIGNALED, Api, a_request, handle, serving, signals
from tests.samples import sms, viber

DELIVERED = {"status": "delivered", "messageId": "m-1", "reason": ""}


async def a_flow(api: Api, strategy: str = "OnCompletion", **members: Any) -> str:
    """A flow's tracking id; it runs nowhere, so it stays as it began."""
    callback = {"strategy": strategy, "url": "https://hooks.acme.test/failover"}
    answer = await api.create(a_request(viber(**members), sms(), callback=callback))
    assert answer.status_code == 200
    return str(answer.json()["trackingId"])


async def statuses(api: Api, tracking_id: str) -> list[str]:
    """The statuses in tracking, by order."""
    told = (await api.track(tracking_id)).json()
    return [message["status"]["name"] for message in told["messages"]]


@pytest.mark.server
async def test_a_delivery_is_signalled_and_in_tracking_at_once(api: Api, engine: Client) -> None:
    """2xx without a body, and the flow shows it before any worker moved."""
    tracking_id = await a_flow(api)
    answer = await api.report(api.report_token(tracking_id), DELIVERED)
    assert (answer.status_code, answer.content) == (200, b"")
    assert await signals(engine, tracking_id) == 1
    tracked = (await api.track(tracking_id)).json()
    assert (tracked["status"], tracked["terminationChannel"]) == ("Succeeded", "Viber")
    assert [message["status"]["name"] for message in tracked["messages"]] == ["DELIVERED"]


@pytest.mark.server
async def test_what_is_signalled_names_the_step_and_no_person(api: Api, engine: Client) -> None:
    """The report as the workflow reads it."""
    tracking_id = await a_flow(api)
    body = {"status": "undelivered", "reason": "Unknown Number", "to": "+306900000101"}
    await api.report(api.report_token(tracking_id, order=2), body)
    history = await handle(engine, tracking_id).fetch_history()
    (event,) = (each for each in history.events if each.event_type == SIGNALED)
    told = event.workflow_execution_signaled_event_attributes
    assert told.signal_name == "report"
    payload = told.input.payloads[0].data.decode()
    assert '"order":2' in payload
    assert '"status":"Undelivered"' in payload
    assert '"reason":"Unknown Number"' in payload
    assert "306900000101" not in payload


@pytest.mark.server
async def test_the_same_report_again_signals_once(api: Api, engine: Client) -> None:
    """Answered 200 each time, and in tracking once."""
    tracking_id = await a_flow(api)
    token = api.report_token(tracking_id)
    for _ in range(3):
        assert (await api.report(token, DELIVERED)).status_code == 200
    assert await signals(engine, tracking_id) == 1
    assert await statuses(api, tracking_id) == ["DELIVERED"]


@pytest.mark.server
async def test_another_status_or_step_is_another_report(api: Api, engine: Client) -> None:
    """Delivered, then seen, then the next step."""
    tracking_id = await a_flow(api)
    for order, status in ((1, "delivered"), (1, "seen"), (2, "delivered")):
        await api.report(api.report_token(tracking_id, order), {"status": status})
    assert await signals(engine, tracking_id) == 3
    assert await statuses(api, tracking_id) == ["SEEN", "Delivered"]


@pytest.mark.server
@pytest.mark.parametrize(("on_step", "signalled"), [(False, 0), (True, 1)])
async def test_sent_is_signalled_only_if_the_client_wants_every_step(
    api: Api, engine: Client, on_step: bool, signalled: int
) -> None:
    """It cannot move a flow of OnCompletion, and tracking shows it either way."""
    tracking_id = await a_flow(api, "OnStep" if on_step else "OnCompletion")
    token = api.report_token(tracking_id, on_step=on_step)
    assert (await api.report(token, {"status": "sent"})).status_code == 200
    assert await signals(engine, tracking_id) == signalled
    assert await statuses(api, tracking_id) == ["SENT"]


@pytest.mark.server
async def test_a_report_after_the_flow_ended_is_taken(api: Api, engine: Client) -> None:
    """200, or the provider would repeat it for days; tracking shows it."""
    tracking_id = await a_flow(api)
    await handle(engine, tracking_id).terminate()
    assert (await api.report(api.report_token(tracking_id), DELIVERED)).status_code == 200
    assert await signals(engine, tracking_id) == 0
    assert await statuses(api, tracking_id) == ["DELIVERED"]


@pytest.mark.server
async def test_a_report_on_a_flow_that_nobody_knows_is_taken(api: Api) -> None:
    """The engine forgets flows after days; a genuine token is no error of the provider's."""
    answer = await api.report(api.report_token(), DELIVERED)
    assert answer.status_code == 200


@pytest.mark.server
async def test_reports_in_any_order_end_alike(api: Api) -> None:
    """A sent that comes after the delivery moves nothing down."""
    tracking_id = await a_flow(api)
    for status in ("delivered", "sent", "undelivered"):
        assert (
            await api.report(api.report_token(tracking_id), {"status": status})
        ).status_code == 200
    assert await statuses(api, tracking_id) == ["DELIVERED"]


async def test_an_unknown_word_is_no_news(alone: Api) -> None:
    """200, and nothing: providers grow new words without asking."""
    token = alone.report_token()
    assert (await alone.report(token, {"status": "teleported"})).status_code == 200
    assert (await alone.report(token, {"status": ["delivered"]})).status_code == 200


MALFORMED = {
    "nothing": b"",
    "half": b'{"status":',
    "list": b"[]",
    "text": b'"delivered"',
    "null": b"null",
    "no status": b'{"messageId":"m-1"}',
    "not UTF-8": b'{"status":"\xff"}',
    "lone surrogate": rb'{"status":"\ud800"}',
    "too deep": b"[" * 60_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_a_body_that_is_no_report_is_refused(alone: Api, body: bytes) -> None:
    """400 in the contract's shape."""
    answer = await alone.report(alone.report_token(), body)
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "400000000",
        "developerMessage": "Validation Error!",
        "properties": {"body": "not a report of the sandbox"},
    }


async def assert_unknown(api: Api, token: str, provider: str = "sandbox") -> None:
    """404, whatever the body: nobody learns more than that."""
    for body in (DELIVERED, b"{"):
        answer = await api.report(token, body, provider)
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "404000000",
            "developerMessage": "no such report address",
        }


async def test_a_forged_token_is_unknown(alone: Api) -> None:
    """Any letter of it changed, its parts swapped, or made up."""
    token = alone.report_token()
    version, kid, payload, mac = token.split(".")
    other = alone.report_token(order=2).split(".")[2]
    for forged in (
        f"{version}.{kid}.{other}.{mac}",
        f"{version}.{kid}.{payload}.{mac[:-2]}AA",
        f"{version}.{kid}.{payload}.",
        f"{version}.k9.{payload}.{mac}",
        f"v2.{kid}.{payload}.{mac}",
        f"{kid}.{payload}.{mac}",
        f"{token}.x",
        "x",
        "v1.k1..",
        "v1.k1.%ff.%00",
        "¡.¡.¡.¡",
    ):
        await assert_unknown(alone, forged)


async def test_an_expired_token_is_unknown(alone: Api) -> None:
    """A second too late is too late."""
    await assert_unknown(alone, alone.report_token(valid=-2))


async def test_another_providers_token_is_unknown(alone: Api) -> None:
    """A provider speaks about the messages that it got."""
    await assert_unknown(alone, alone.report_token(provider="other"))


async def test_an_unknown_provider_is_unknown(alone: Api) -> None:
    """Even with a token that names it."""
    await assert_unknown(alone, alone.report_token(provider="other"), "other")


async def test_a_provider_that_signs_must_have_signed(alone: Api) -> None:
    """A genuine token with a wrong signature is as unknown as a forged one."""

    class Signing(Sandbox):
        def verify_report(self, report: Any) -> bool:
            return bool(report.headers.get("x-signature") == "right")

    signing = Providers([Signing("http://127.0.0.1:9")])
    services = replace(alone.services, providers=signing)
    async with serving(services) as api:
        await assert_unknown(api, api.report_token())


class InParts(Sandbox):
    """A provider that reports a long Sms part by part."""

    def read_reports(self, report: RawReport) -> list[StatusWord]:
        """The sandbox's words, with the part in the report."""
        told = report.json()
        return [
            replace(word, part=told["part"], parts=told["parts"])
            for word in super().read_reports(report)
        ]


@pytest.fixture
async def in_parts(api: Api) -> AsyncIterator[Api]:
    """The API of that provider's."""
    providers = Providers([InParts("http://127.0.0.1:9")])
    async with serving(replace(api.services, providers=providers)) as served:
        yield served


@pytest.mark.server
async def test_parts_make_one_delivery(in_parts: Api, engine: Client) -> None:
    """The flow hears of the whole message only."""
    tracking_id = await a_flow(in_parts)
    for part in (2, 1, 2):
        body = {**DELIVERED, "part": part, "parts": 2}
        answer = await in_parts.report(in_parts.report_token(tracking_id, order=2), body)
        assert answer.status_code == 200
    assert await signals(engine, tracking_id) == 1
    assert await statuses(in_parts, tracking_id) == ["Delivered"]


@pytest.mark.server
@pytest.mark.parametrize(("part", "parts"), [(0, 2), (3, 2), (-1, 2), (1, 0), (1, 300)])
async def test_a_part_that_cannot_be_is_refused(in_parts: Api, part: int, parts: int) -> None:
    """Nothing of it is kept."""
    tracking_id = await a_flow(in_parts)
    body = {**DELIVERED, "part": part, "parts": parts}
    answer = await in_parts.report(in_parts.report_token(tracking_id, order=2), body)
    assert answer.status_code == 400
    assert await statuses(in_parts, tracking_id) == []
