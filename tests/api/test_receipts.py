"""Where receipts never come, the API says so when the flow is created; Kannel reports by GET."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.intents import Intents
from domain.status import Channel
from providers.kannel import Config, Kannel
from providers.receipts import Receipts
from providers.registry import Providers
from providers.routes import Routes
from providers.sandbox import Sandbox
from tests.api.bench import Api, a_request, serving, signals
from tests.counting import counting
from tests.samples import sms, viber, voice

pytestmark = pytest.mark.server

KANNEL = Kannel(Config.model_validate({"url": "http://k", "username": "u", "password": "p"}))
SANDBOX = Sandbox("http://127.0.0.1:9")


@pytest.fixture
async def served(api: Api) -> AsyncIterator[Api]:
    """Sms by Kannel, of which nothing is heard from Greece; Viber by the sandbox, nobody calls."""
    routes = {
        Channel.SMS: Routes.read("kannel"),
        Channel.VIBER: Routes.read("sandbox"),
        Channel.VOICE: Routes({}),
    }
    services = replace(
        api.services,
        providers=Providers([KANNEL, SANDBOX], routes),
        receipts=Receipts.read("kannel GR: delivered"),
        public_url="https://failover.example.com",
    )
    async with serving(services) as served:
        yield served


async def test_a_step_without_receipts_is_warned_of(served: Api) -> None:
    """In the log and in the metrics, by provider and country; the flow is accepted."""
    labels = {"channel": "Sms", "provider": "kannel"}
    counting_them = counting("failover_steps_without_receipts_total", **labels)
    with counting_them as counted, capture_logs() as lines:
        answer = await served.create(a_request(viber(), sms()))
    assert answer.status_code == 200
    assert counted() == 1
    (line,) = [line for line in lines if line["event"] == "no receipts"]
    assert (line["provider"], line["country"], line["counts_as"]) == ("kannel", "GR", "delivered")


async def test_a_step_with_receipts_is_not(served: Api) -> None:
    """Kannel reports from Cyprus."""
    with capture_logs() as lines:
        assert (await served.create(a_request(sms("+35799123456")))).status_code == 200
    assert [line for line in lines if line["event"] == "no receipts"] == []


async def test_what_nobody_carries_is_refused_with_the_steps_path(served: Api) -> None:
    """At the door, not at its turn."""
    answer = await served.create(a_request(sms(), voice()))
    assert answer.status_code == 400
    assert answer.json()["properties"] == {"flow[1].type": "No provider here carries this: Voice"}


async def test_a_provider_that_was_passed_fails_nothing(served: Api, engine: Client) -> None:
    """Another one has the step; but what was delivered was delivered."""
    tracking_id = (await served.create(a_request(sms()))).json()["trackingId"]
    tracked = await served.services.tracking.find("acme", tracking_id)
    assert tracked is not None
    flow = tracked.flow
    progress = tracked.progress.begun(flow.steps[0], flow.created_at)
    content = served.services.sealer.content(flow, 1)
    intents = Intents(served.services.tracking._engine, served.services.tracking)
    token = served.report_token(tracking_id, order=1, provider="kannel")

    async def reported(status: int, holder: str) -> int:
        await intents.declare(flow, progress, content, holder)
        answer = await served.http.get(f"/reports/kannel/{token}?status={status}")
        assert answer.status_code == 200
        await intents.withdraw(flow.ref(1))
        return await signals(engine, tracking_id)

    assert await reported(16, "sandbox") == 0
    assert await reported(1, "sandbox") == 1
    assert await reported(16, "kannel") == 2


async def test_a_report_may_come_by_get(served: Api, engine: Client) -> None:
    """Kannel's does, with what happened in the query."""
    tracking_id = (await served.create(a_request(sms()))).json()["trackingId"]
    token = served.report_token(tracking_id, order=1, provider="kannel")
    address = f"/reports/kannel/{token}"
    for query, status in (("?status=8&answer=ACK", 200), ("?status=1&answer=", 200), ("", 400)):
        assert (await served.http.get(address + query)).status_code == status
    assert await signals(engine, tracking_id) == 1
    told = (await served.track(tracking_id)).json()
    assert [message["status"]["name"] for message in told["messages"]] == ["Delivered"]
