"""Flows whose contents the retention has taken: nothing fails, and nothing is made up."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import Kind
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from tests.api.bench import Api, a_request
from tests.samples import a_flow, request_step, sms, viber, viber_message, voice
from tracking.retention import Retention

URL = "https://hooks.acme.test/failover"


async def forgotten(database: AsyncEngine, api: Api, tracking_id: str) -> None:
    """End the flow by a report, and empty it."""
    tracked = await api.services.tracking.find("acme", tracking_id)
    assert tracked is not None
    flow = tracked.flow
    progress = tracked.progress.begun(flow.steps[0], flow.created_at)
    at = flow.created_at + timedelta(seconds=4)
    status = Status.COMPLETED if flow.steps[0].channel == "Voice" else Status.DELIVERED
    report = DeliveryReport(order=1, status=status, at=at, duration=12)
    await api.services.tracking.record(flow, progress.after(flow, report))
    emptied = [number async for number in Retention(database).empty(at + timedelta(days=30))]
    assert emptied == [1]


async def read(api: Api, tracking_id: str) -> Any:
    """Its one message."""
    answer = await api.track(tracking_id)
    assert answer.status_code == 200, answer.text
    (message,) = answer.json()["messages"]
    return message


@pytest.mark.parametrize(
    ("kind", "step", "empty"),
    [
        (Kind.TRANSACTIONAL, sms(label="pickup"), {"body": ""}),
        (Kind.TRANSACTIONAL, voice(), {"dialPlans": [], "duration": 12}),
        (
            Kind.TRANSACTIONAL,
            viber(inboundUrl="https://hooks.acme.test/in"),
            {"templateParams": {}, "templateId": "", "templateLang": "", "seq": 0},
        ),
        (Kind.STANDARD, viber_message(ttl=2.5, label="news"), {"body": {}}),
    ],
    ids=["Sms", "Voice", "Viber template", "Viber message"],
)
async def test_a_message_shows_what_is_left_of_it(
    alone: Api, database: AsyncEngine, kind: Kind, step: dict[str, Any], empty: dict[str, Any]
) -> None:
    """Its status, times, ids and charge are as before; its content is empty, its number masked."""
    numbered = request_step({"order": 1, **step}, kind).compiled(1, sender="AcmeShop")
    flow = a_flow(sms()).model_copy(update={"kind": kind, "steps": (numbered,)})
    sealed = alone.services.sealer.sealed(flow)
    begun = Progress.of(sealed).begun(sealed.steps[0], flow.created_at)
    await alone.services.tracking.record(sealed, begun)
    before = await read(alone, flow.tracking_id)

    await forgotten(database, alone, flow.tracking_id)

    after = await read(alone, flow.tracking_id)
    gone = {"country", "label", "inboundUrl"} & before.keys()
    assert after.keys() - {"latency"} == before.keys() - gone
    assert {name: after[name] for name in empty} == empty
    assert after["to"] in ("+3069****0101", {"phone": "+3069****0101"})
    same = {"type", "order", "createdAt", "ttl", "messageId", "smsId", "trackingId", "price"}
    for name in (same | {"failoverOnStatuses", "expireOnDelivery"}) & before.keys():
        assert after[name] == before[name], name
    assert after["status"]["name"].lower() in {"delivered", "completed"}
    assert "6900000101" not in str(after)
    assert after.get("latency", 4) == 4


@pytest.mark.parametrize("callback", [None, {"url": URL, "strategy": "OnStep"}])
async def test_the_same_key_and_body_still_get_the_same_answer(
    taking: Api, database: AsyncEngine, callback: dict[str, str] | None
) -> None:
    """The body says again what was forgotten, so the echo needs no record of it."""
    key = f"order-{uuid4()}"
    body = a_request(viber(), sms(order=7), **({"callback": callback} if callback else {}))
    first = await taking.create(body, key=key)
    assert first.status_code == 200
    await forgotten(database, taking, first.json()["trackingId"])

    again = await taking.create(body, key=key)

    assert (again.status_code, again.content) == (200, first.content)
    tracked = await taking.services.tracking.find("acme", first.json()["trackingId"])
    assert tracked is not None
    assert tracked.flow.is_emptied
    other = await taking.create(a_request(sms()), key=key)
    assert other.status_code == 422


async def test_a_key_whose_flow_was_deleted_is_a_new_key(
    taking: Api, database: AsyncEngine
) -> None:
    """A year later nobody knows that it was used."""
    key = f"order-{uuid4()}"
    first = await taking.create(a_request(sms()), key=key)
    await forgotten(database, taking, first.json()["trackingId"])
    tracked = await taking.services.tracking.find("acme", first.json()["trackingId"])
    assert tracked is not None
    moment = tracked.progress.updated_at + timedelta(days=365)
    assert [number async for number in Retention(database).delete(moment)] == [1]
    assert (await taking.track(first.json()["trackingId"])).status_code == 404
    again = await taking.create(a_request(voice()), key=key)
    assert again.status_code == 200
    assert again.json()["trackingId"] == first.json()["trackingId"]


@pytest.mark.server
async def test_an_emptied_flow_cannot_be_cancelled(api: Api, database: AsyncEngine) -> None:
    """It is over, as it was before."""
    flow = api.services.sealer.sealed(a_flow(sms()))
    await api.services.tracking.record(flow, Progress.of(flow))
    await forgotten(database, api, flow.tracking_id)
    assert (await api.cancel(flow.tracking_id)).status_code == 409
