"""Stories of money, through the whole service: ordered, charged, sent, told."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.ledger import Entry
from storage.keys import Keyring
from tests.activities.steps import unreported
from tests.conftest import NewNamespace
from tests.money import add, books, customer, sender_of
from tests.samples import sms, viber, voice
from tests.workflows.service import Whole, whole

pytestmark = pytest.mark.server

NOT_VIBER, UNKNOWN = "+306900000102", "+306900000105"
"""By the sandbox's script: Viber is undelivered; everything is."""

SMS, VIBER = (Entry.CHARGE, Decimal("-0.04")), (Entry.CHARGE, Decimal("-0.01"))
"""The demonstration's prices."""


@pytest.fixture
async def service(
    new_namespace: NewNamespace, database: AsyncEngine, keys: Keyring
) -> AsyncIterator[Whole]:
    """Nobody else's flows are in its part of the engine."""
    async with whole(await new_namespace("money"), database, keys) as running:
        yield running


async def shop(database: AsyncEngine, balance: str) -> tuple[Application, str]:
    """A customer with that balance, and the id of its Viber sender."""
    buyer = await customer(database, balance)
    return buyer, (await sender_of(database, buyer)).id


def standing(flow: dict[str, Any]) -> tuple[str, str | None, list[tuple[str, float]], float]:
    """How the flow stands: status, statusCode, each step's status and price, and their sum."""
    steps = [(each["status"]["name"], each["price"]) for each in flow["messages"]]
    return flow["status"], flow["statusCode"], steps, flow["totalPrice"]


async def test_of_two_hundred_flows_with_money_for_one_one_is_sent(
    service: Whole, database: AsyncEngine
) -> None:
    """All were accepted before any was paid; the others fail, and the provider never saw them."""
    buyer = await customer(database, "0.04")
    ids = await asyncio.gather(*(service.create(buyer, sms()) for _ in range(200)))
    async with service.working():
        flows = await service.ended(buyer, within=100)
    assert {flow["trackingId"] for flow in flows} == set(ids)
    sent = [flow for flow in flows if flow["status"] == "Succeeded"]
    assert [standing(flow) for flow in sent] == [("Succeeded", None, [("Delivered", 0.04)], 0.04)]
    assert await service.requests(flows) == [sent[0]["trackingId"]]
    unsent = [flow for flow in flows if flow not in sent]
    assert len(unsent) == 199
    for flow in unsent:
        assert standing(flow) == ("Failed", "1", [("Unsent", 0)], 0)
        assert flow["terminationChannel"] == "Sms"
    found = await books(database, buyer.account)
    found.check()
    assert found.kinds == [(Entry.TOP_UP, Decimal("0.04")), SMS]
    assert found.balance == 0


async def test_money_that_runs_out_later_ends_the_flow(
    service: Whole, database: AsyncEngine
) -> None:
    """The first step is paid, there is too little for the second, the third is not tried."""
    buyer, sender = await shop(database, "0.05")
    async with service.working():
        tracking_id = await service.create(
            buyer, viber(NOT_VIBER, senderInfoTrackingId=sender), voice(), sms(), strategy="OnStep"
        )
        told = await service.told(tracking_id)
        (flow,) = await service.ended(buyer)
    expected = ("Failed", "1", [("UNDELIVERED", 0.01), ("Unsent", 0)], 0.01)
    assert standing(flow) == standing(told[-1]) == expected
    assert flow["terminationChannel"] == "Voice"
    assert flow["messages"][1]["status"]["reason"]["detailedStatus"] == "Unsent"
    assert (await books(database, buyer.account)).kinds[1:] == [VIBER]


async def test_a_step_may_fail_over_when_it_is_unsent(
    service: Whole, database: AsyncEngine
) -> None:
    """Voice is the channel that may list it: the Sms that is cheaper goes out."""
    buyer, sender = await shop(database, "0.05")
    async with service.working():
        tracking_id = await service.create(
            buyer,
            viber(NOT_VIBER, senderInfoTrackingId=sender),
            voice(failoverOnStatuses=["Unsent"]),
            sms(),
            strategy="OnCompletion",
        )
        told = await service.told(tracking_id)
    steps = [("UNDELIVERED", 0.01), ("Unsent", 0), ("Delivered", 0.04)]
    assert [standing(each) for each in told] == [("Succeeded", None, steps, 0.05)]
    found = await books(database, buyer.account)
    found.check()
    assert found.kinds[1:] == [VIBER, SMS]
    assert found.balance == 0


async def test_an_unsent_viber_step_is_spelled_in_capitals(
    service: Whole, database: AsyncEngine
) -> None:
    """As Viber's statuses are; it cannot be listed, so that the flow ends."""
    buyer, sender = await shop(database, "0.01")
    await service.create(buyer, viber(senderInfoTrackingId=sender), sms())
    await add(database, buyer.account, "-0.01")
    async with service.working():
        (flow,) = await service.ended(buyer)
    assert standing(flow) == ("Failed", "1", [("UNSENT", 0)], 0)


async def test_each_callback_tells_what_was_charged_until_then(
    service: Whole, database: AsyncEngine
) -> None:
    """Three parts cost three; what was accepted stays charged, though it was not delivered."""
    buyer, sender = await shop(database, "1")
    async with service.working():
        tracking_id = await service.create(
            buyer,
            sms(UNKNOWN, message={"body": "x" * 400}),
            viber(senderInfoTrackingId=sender),
            strategy="OnStep",
        )
        told = await service.told(tracking_id)
        (flow,) = await service.ended(buyer)
    steps = [("Undelivered", 0.12), ("DELIVERED", 0.01)]
    assert standing(told[-1]) == ("Succeeded", None, steps, 0.13)
    for each in told:
        prices = [message["price"] for message in each["messages"]]
        assert prices == [0.12, 0.01][: len(prices)]
        assert each["totalPrice"] == (0.12 if len(prices) == 1 else 0.13)
    assert {len(each["messages"]) for each in told} == {1, 2}
    assert flow["totalPrice"] == 0.13


async def test_a_flow_whose_steps_were_refused_costs_nothing(
    service: Whole, database: AsyncEngine
) -> None:
    """Each was charged before it was sent, and refunded: so says every callback."""
    buyer, sender = await shop(database, "1")
    service.steps = unreported(service.steps)
    async with service.working():
        tracking_id = await service.create(
            buyer, viber(senderInfoTrackingId=sender), sms(), strategy="OnStep"
        )
        told = await service.told(tracking_id)
    assert standing(told[-1]) == ("Failed", "0", [("FAILED", 0), ("Failed", 0)], 0)
    assert {each["totalPrice"] for each in told} == {0}
    found = await books(database, buyer.account)
    found.check()
    assert found.balance == 1
    assert [kind for kind, _ in found.kinds[1:]] == [Entry.CHARGE, Entry.REFUND] * 2
