"""The contract's worked examples of callbacks, played by the whole service (contract.md §6.4)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.testing import WorkflowEnvironment

from accounts.demonstration import ACME
from domain.status import Channel
from storage.keys import Keyring
from tests.conftest import until
from tests.money import price
from tests.samples import sms, viber_message, voice
from tests.workflows.printed import assert_same, example
from tests.workflows.service import Beside, Whole, whole
from workflows import names

pytestmark = pytest.mark.server

NOT_VIBER, BUSY = "+306900000102", "+306900000103"
SILENT_ON_VIBER, UNKNOWN = "+306900000104", "+306900000105"

Told = Sequence[dict[str, Any]]


@dataclass
class Gate:
    """Holds the provider's reports back, so that none overtakes the answer to its send."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def watch(self, app: FastAPI) -> None:
        """Stand before everything else of it."""
        app.add_middleware(_Door, gate=self)


class _Door:
    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/reports/"):
            await self._gate.opened.wait()
        await self._app(scope, receive, send)


@dataclass
class Theatre:
    """The whole service on an engine whose clock a test may move."""

    service: Whole
    environment: WorkflowEnvironment
    gate: Gate

    async def create(self, strategy: str, *steps: dict[str, Any]) -> str:
        """Start a flow of acme's on /failover, in plain time; returns its tracking id."""
        callback = {"url": self.service.sink.url, "strategy": strategy}
        api = self.service.api
        with self.environment.with_time_skipping_disabled():
            answer = await api.http.post(
                "/failover", json={"flow": steps, "callback": callback}, headers=api.bearer()
            )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["trackingId"])

    async def told(self, tracking_id: str, number: int) -> None:
        """Wait until the client was told so many times."""
        await until(lambda: len(self.service.sink.received.get(tracking_id, ())) >= number)

    async def pass_time(self, tracking_id: str, time: timedelta) -> None:
        """Move the flow's clock once nothing is under way."""
        handle = self.service.client.get_workflow_handle(
            names.workflow_id(ACME.account, tracking_id)
        )

        async def idle() -> bool:
            raw = (await handle.describe()).raw_description
            return not raw.pending_activities and not raw.HasField("pending_workflow_task")

        await until(idle)
        await self.environment.fast_forward(handle, time)

    async def every_callback(self, tracking_id: str) -> Told:
        """All that the client was told, once the flow is over and nothing can follow."""
        workflow_id = names.workflow_id(ACME.account, tracking_id)
        await asyncio.wait_for(self.service.client.get_workflow_handle(workflow_id).result(), 30)
        told = self.service.sink.received[tracking_id]
        for each in told:
            del each["sequence"]  # of the sink, which reads it in a header
        return told


@pytest.fixture
async def theatre(
    environment: WorkflowEnvironment, database: AsyncEngine, keys: Keyring
) -> AsyncIterator[Theatre]:
    """With the examples' price list: only an Sms costs something."""
    for channel, amount in ((Channel.SMS, "0.042"), (Channel.VIBER, 0), (Channel.VOICE, 0)):
        await price(database, channel, amount, account=ACME.account)
    gate = Gate()
    async with (
        whole(environment.client, database, keys, Beside(watch=gate.watch)) as service,
        service.working(),
    ):
        yield Theatre(service, environment, gate)


EXPIRES = (
    viber_message(
        SILENT_ON_VIBER,
        order=1,
        ttl=2.5,
        label="pickup-7731",
        inboundUrl="https://hooks.acme.test/in",
        message={
            "text": "Parcel 7731 is ready",
            "imageUrl": "https://cdn.acme.test/p.png",
            "action": {"caption": "Track", "targetUrl": "https://acme.test/t/7731"},
        },
        failoverOnStatuses=["EXPIRED", "FAILED", "UNDELIVERED"],
    ),
    sms(
        SILENT_ON_VIBER,
        order=2,
        ttl=60,
        message={"body": "Parcel 7731 is ready", "label": "pickup-7731"},
    ),
)


async def expired(theatre: Theatre, strategy: str) -> Told:
    """Viber is silent for its two and a half minutes, then the Sms is delivered."""
    tracking_id = await theatre.create(strategy, *EXPIRES)
    reference = f"{tracking_id}.1"

    async def sent() -> bool:
        return bool(await theatre.service.sandbox.inbox(reference))

    await until(sent)
    await theatre.pass_time(tracking_id, timedelta(minutes=2.5))
    if strategy == "OnStep":
        await theatre.told(tracking_id, 3)
    theatre.gate.opened.set()
    return await theatre.every_callback(tracking_id)


@pytest.mark.field("§6.4", "A")
@pytest.mark.field("§6.3", "Sms", "Viber", "totalPrice")
async def test_viber_expired_and_the_sms_was_delivered(theatre: Theatre) -> None:
    """Example A, OnCompletion: one POST."""
    (told,) = await expired(theatre, "OnCompletion")
    assert_same(told, example("a", SILENT_ON_VIBER, SILENT_ON_VIBER))


@pytest.mark.field("§6.4", "A, OnStep")
@pytest.mark.field("§6.2", "handed over", "a step's status changed", "the next step", "terminal")
async def test_each_step_of_the_same_flow_is_told_in_the_documented_order(
    theatre: Theatre,
) -> None:
    """Five POSTs, each the whole flow as it then stood; the last is the one of OnCompletion."""
    told = await expired(theatre, "OnStep")
    stood = [[each["status"]["name"] for each in callback["messages"]] for callback in told]
    assert stood == [
        ["QUEUED"],
        ["EXPIRED"],
        ["EXPIRED", "Queued"],
        ["EXPIRED", "Sent"],
        ["EXPIRED", "Delivered"],
    ]
    assert [callback["totalPrice"] for callback in told] == [0, 0, 0.042, 0.042, 0.042]
    assert_same(told[-1], example("a", SILENT_ON_VIBER, SILENT_ON_VIBER))
    for callback in told[:-1]:
        assert callback["status"] == "InProgress"
        assert callback["terminationChannel"] is callback["statusCode"] is None
        assert callback.keys() == told[-1].keys()
        assert all("latency" not in each for each in callback["messages"])


@pytest.mark.field("§6.4", "B")
async def test_all_steps_failed(theatre: Theatre) -> None:
    """Example B: statusCode 2, by the last channel tried; a text alone is all of the body."""
    theatre.gate.opened.set()
    tracking_id = await theatre.create(
        "OnCompletion",
        viber_message(NOT_VIBER, message={"text": "Hello"}),
        sms(UNKNOWN, message={"body": "Hello"}),
    )
    (told,) = await theatre.every_callback(tracking_id)
    assert_same(told, example("b", NOT_VIBER, UNKNOWN))


@pytest.mark.field("§6.4", "C")
@pytest.mark.field("§6.3", "Voice")
async def test_the_line_was_busy_and_the_sms_was_delivered(theatre: Theatre) -> None:
    """Example C: what was said, however its client spelt the dial plan."""
    theatre.gate.opened.set()
    say = {"type": "SAY", "repeat": 1, "message": {"language": "en-GB", "text": "Pickup reminder"}}
    tracking_id = await theatre.create(
        "OnCompletion",
        voice(BUSY, dialPlan={"verbs": [say]}),
        sms(BUSY, ttl=120, message={"body": "Pickup reminder"}),
    )
    (told,) = await theatre.every_callback(tracking_id)
    assert_same(told, example("c", BUSY, BUSY))
