"""What recipients reply reaches the client through the whole service, also after the flow's end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.keys import Keyring
from tests.conftest import NewNamespace, until
from tests.money import customer, sender_of
from tests.samples import sms, viber, viber_message
from tests.sandbox.bench import Receiver, receiving
from tests.workflows.service import Whole, whole

pytestmark = pytest.mark.server


@pytest.fixture
async def service(
    new_namespace: NewNamespace, database: AsyncEngine, keys: Keyring
) -> AsyncIterator[Whole]:
    """The whole service in a part of the engine of its own."""
    async with whole(await new_namespace("replies"), database, keys) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Receiver]:
    """Where the client wants to hear what is replied."""
    async with receiving() as receiver:
        yield receiver


async def _reply(service: Whole, tracking_id: str, text: str) -> None:
    """Answer the flow's first message, once the sandbox has it."""
    reference = f"{tracking_id}.1"

    async def arrived() -> bool:
        return bool(await service.sandbox.inbox(reference))

    await until(arrived)
    ((message, *_),) = [await service.sandbox.inbox(reference)]
    address = f"/messages/{message['messageId']}/replies"
    assert (await service.sandbox.client.post(address, json={"text": text})).status_code == 202


async def _viber_id(service: Whole, tracking_id: str) -> str:
    told: dict[str, Any] = (await service.api.track(tracking_id)).json()
    return str(told["messages"][0]["trackingId"])


async def test_a_reply_is_told_in_routees_shape(
    service: Whole, client: Receiver, database: AsyncEngine
) -> None:
    """From the recipient, to the sender, about the message that tracking shows (contract.md §9)."""
    buyer = await customer(database, "1")
    sender = await sender_of(database, buyer)
    step = viber_message(
        senderInfoTrackingId=sender.id, inboundUrl=f"{client.origin}/in", label="pickup-7731"
    )
    service.api = service.api.acting_as(buyer)
    answer = await service.api.http.post(
        "/failover", json={"flow": [step, sms()]}, headers=service.api.bearer()
    )
    tracking_id = answer.json()["trackingId"]
    async with service.working():
        await service.ended(buyer)
        await _reply(service, tracking_id, "Thanks!")
        (told,) = await client.until("/in", 1, within=20)
    sent = told.body.pop("sentDate")
    assert sent.endswith("Z")
    assert told.body == {
        "from": "+306900000101",
        "to": sender.name,
        "message": "Thanks!",
        "campaignName": None,
        "campaignTrackingId": None,
        "referenceTrackingId": await _viber_id(service, tracking_id),
        "direction": "Inbound",
        "media": None,
        "filename": None,
        "label": "pickup-7731",
    }


async def test_replies_are_kept_while_nobody_works_and_hidden_from_operators(
    service: Whole, client: Receiver, database: AsyncEngine
) -> None:
    """The engine has them, sealed; each is told once."""
    buyer = await customer(database, "1")
    sender = await sender_of(database, buyer)
    service.api = service.api.acting_as(buyer)
    async with service.working():
        tracking_id = await service.create(
            buyer, viber(senderInfoTrackingId=sender.id, inboundUrl=f"{client.origin}/kept")
        )
        await service.ended(buyer)
    await _reply(service, tracking_id, "my pin is swordfish")
    await _reply(service, tracking_id, "never mind")

    async def waiting() -> list[str]:
        found = service.client.list_activities(f"FailoverAccount = '{buyer.account}'")
        return [each.activity_id async for each in found if each.activity_id.startswith("letter/")]

    async def both() -> bool:
        return len(await waiting()) == 2

    await until(both)
    for name in await waiting():
        described = await service.client.get_activity_handle(name).describe()
        seen = f"{described.raw_info} {described.raw_input}"
        assert tracking_id in seen
        assert "swordfish" not in seen
        assert client.origin not in seen
    assert client.got("/kept") == []
    async with service.working():
        told = await client.until("/kept", 2, within=20)
    assert {each.body["message"] for each in told} == {"my pin is swordfish", "never mind"}
