"""Money at the door, which only looks, and in what clients read (contract.md §6.4, §7.1)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import ledger
from accounts.demonstration import BROKE, BROKE_SHOP
from domain.channels import opened
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from storage.engine import writing
from tests.api.bench import Api, Changed, a_request, serving
from tests.money import add, books, customer, ordered_by, price, sender_of
from tests.samples import a_flow, sms, viber, voice

SHORT = {"code": "400001009", "developerMessage": "Insufficient Balance"}
THREE_PARTS = sms(message={"body": "x" * 400})


def is_short(answer: httpx.Response) -> bool:
    """Whether the answer is that there is too little money; else it must be a flow."""
    if answer.status_code == 400:
        assert answer.json() == SHORT
        return True
    assert answer.status_code == 200, answer.text
    return False


async def having(api: Api, database: AsyncEngine, balance: str, **settings: Any) -> Api:
    """The API as called by a new customer with that balance."""
    return api.acting_as(await customer(database, balance, **settings))


@pytest.mark.parametrize("step", [sms(), viber(senderInfoTrackingId=BROKE_SHOP.id), voice()])
async def test_without_money_nothing_is_accepted(taking: Api, step: dict[str, Any]) -> None:
    """400001009 with the sentence that clients know, and nothing else in it."""
    answer = await taking.acting_as(BROKE).create(a_request(step))
    assert (answer.status_code, answer.json()) == (400, SHORT)


@pytest.mark.parametrize(
    ("balance", "step", "short"),
    [
        ("0.04", sms(), False),
        ("0.039999", sms(), True),
        ("0.12", THREE_PARTS, False),
        ("0.119999", THREE_PARTS, True),
        ("0.05", voice(), False),
        ("0.049999", voice(), True),
    ],
)
async def test_the_first_step_must_be_affordable(
    taking: Api, database: AsyncEngine, balance: str, step: dict[str, Any], short: bool
) -> None:
    """To the millionth; an Sms of three parts costs three."""
    poor = await having(taking, database, balance)
    assert is_short(await poor.create(a_request(step, voice()))) is short


async def test_the_first_step_is_the_first_by_order(taking: Api, database: AsyncEngine) -> None:
    """Not the one that was written first."""
    poor = await having(taking, database, "0.04")
    assert not is_short(await poor.create(a_request(voice(order=2), sms(order=1))))
    assert is_short(await poor.create(a_request(sms(order=2), voice(order=1))))
    assert not is_short(await poor.create(a_request(sms(order=7), voice(order=7))))


async def test_the_parts_are_those_that_will_be_sent(taking: Api, database: AsyncEngine) -> None:
    """An application that transcodes pays for one part where another one pays for two."""
    poor = await having(taking, database, "0.04")
    greek = sms(message={"body": "Α" * 71})  # each looks like a Latin A
    assert is_short(await poor.create(a_request(greek)))
    accounts = Changed(replace(poor.application, transcode=True), database)
    async with serving(replace(poor.services, accounts=accounts)) as transcoding:
        answer = await transcoding.acting_as(poor.application).create(a_request(greek))
    assert not is_short(answer)


async def test_a_free_first_step_needs_no_money(taking: Api, database: AsyncEngine) -> None:
    """What the later ones cost is asked when their turn comes."""
    await price(database, Channel.SMS, 0)
    broke = taking.acting_as(BROKE)
    assert not is_short(await broke.create(a_request(sms(), voice())))
    assert is_short(await broke.create(a_request(voice(), sms())))


async def test_the_days_cap_is_money_too(taking: Api, database: AsyncEngine) -> None:
    """The application has spent what it may; another one of the account may go on."""
    capped = await having(taking, database, "1", cap="0.05")
    other = taking.acting_as(await customer(database, account=capped.application.account))
    assert not is_short(await capped.create(a_request(sms())))
    await charged(database, ordered_by(capped.application, a_flow(sms())))
    assert is_short(await capped.create(a_request(sms())))
    assert not is_short(await other.create(a_request(sms())))


async def test_the_door_keeps_nothing_aside(taking: Api, database: AsyncEngine) -> None:
    """Any number of flows is accepted on money for one: paying is the sender's affair."""
    poor = await having(taking, database, "0.04")
    before = await books(database, poor.application.account)
    assert not any([is_short(await poor.create(a_request(sms()))) for _ in range(5)])
    assert await books(database, poor.application.account) == before


async def test_what_is_wrong_comes_before_what_is_short(taking: Api) -> None:
    """A client mends its request first."""
    broke = taking.acting_as(BROKE)
    assert (await broke.create(a_request(sms(ttl=0)))).json()["code"] == "400000000"
    assert (await broke.create(a_request(viber()))).json()["code"] == "404020000"


async def test_a_repetition_is_answered_as_before_when_the_money_is_gone(
    taking: Api, database: AsyncEngine
) -> None:
    """It is the same flow: nothing new is bought."""
    poor = await having(taking, database, "0.04")
    body, key = a_request(sms()), str(uuid4())
    first = await poor.create(body, key=key)
    await add(database, poor.application.account, "-0.04")
    again = await poor.create(body, key=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert is_short(await poor.create(body, key=str(uuid4())))


async def test_a_key_is_not_used_up_by_too_little_money(taking: Api, database: AsyncEngine) -> None:
    """After a top-up the very same request is accepted."""
    poor = await having(taking, database, "0.03")
    body, key = a_request(sms()), str(uuid4())
    assert is_short(await poor.create(body, key=key))
    await add(database, poor.application.account, "0.01")
    assert not is_short(await poor.create(body, key=key))


async def charged(database: AsyncEngine, flow: Flow, *refunded: int) -> None:
    """Charge all steps of the (unsealed) flow, and give some back, by their places."""
    async with writing(database) as connection:
        for step in flow.steps:
            content = opened(step.content, flow.kind)
            assert await ledger.charge(connection, flow.application, flow.ref(step.order), content)
        for order in refunded:
            await ledger.refund(connection, flow.ref(order))


async def told(api: Api, flow: Flow, *reports: Sequence[Status]) -> Any:
    """What tracking says of the flow, each step having had those reports."""
    sealed = api.services.sealer.sealed(flow)
    progress = Progress.of(sealed)
    for step, statuses in zip(sealed.steps, reports, strict=False):
        progress = progress.begun(step, flow.created_at)
        for status in statuses:
            report = DeliveryReport(order=step.order, status=status, at=flow.created_at)
            progress = progress.after(sealed, report)
    await api.services.tracking.record(sealed, progress)
    answer = await api.track(flow.tracking_id)
    assert answer.status_code == 200
    return answer.json()


async def test_a_flow_shows_what_its_steps_were_charged(taking: Api, database: AsyncEngine) -> None:
    """Three parts, an undelivered message that was accepted, and a refused one."""
    payer = await having(taking, database, "1")
    flow = ordered_by(payer.application, a_flow(THREE_PARTS, viber(), voice()))
    await charged(database, flow, 3)
    undelivered = (Status.QUEUED, Status.UNDELIVERED)
    found = await told(payer, flow, undelivered, undelivered, (Status.FAILED,))
    assert [message["price"] for message in found["messages"]] == [0.12, 0.01, 0]
    assert found["totalPrice"] == 0.13


async def test_the_total_is_of_the_steps_shown(taking: Api, database: AsyncEngine) -> None:
    """A callback about the first step may go out when the second one is charged already."""
    payer = await having(taking, database, "1")
    flow = ordered_by(payer.application, a_flow(viber(), sms()))
    await charged(database, flow)
    found = await told(payer, flow, (Status.QUEUED,))
    assert [message["price"] for message in found["messages"]] == [0.01]
    assert found["totalPrice"] == 0.01


async def test_a_page_shows_the_same_prices(taking: Api, database: AsyncEngine) -> None:
    """Each flow its own."""
    payer = await having(taking, database, "1")
    flows = [
        ordered_by(payer.application, a_flow(step)) for step in (THREE_PARTS, voice(), viber())
    ]
    for flow in flows:
        await charged(database, flow)
        await told(payer, flow, (Status.QUEUED,))
    page = await payer.http.get("/failover/tracking", headers=payer.bearer())
    found = {each["trackingId"]: each["totalPrice"] for each in page.json()["content"]}
    assert found == dict(zip([flow.tracking_id for flow in flows], [0.12, 0.05, 0.01], strict=True))


async def test_sums_are_of_amounts_not_of_floats(taking: Api, database: AsyncEngine) -> None:
    """Ten times a tenth is one."""
    await price(database, Channel.SMS, "0.1")
    payer = await having(taking, database, "1")
    flow = ordered_by(payer.application, a_flow(*[sms()] * 10))
    await charged(database, flow)
    found = await told(payer, flow, *[(Status.QUEUED,)] * 10)
    assert found["totalPrice"] == 1
    assert (await books(database, payer.application.account)).balance == Decimal(0)


async def test_prices_never_cross_accounts(taking: Api, database: AsyncEngine) -> None:
    """An account's own price is what its door asks for, and nobody else's."""
    cheap, other = [await having(taking, database, "0.02") for _ in range(2)]
    await price(database, Channel.VIBER, "0.03")
    await price(database, Channel.VIBER, "0.02", account=cheap.application.account)
    for buyer, short in ((cheap, False), (other, True)):
        sender = await sender_of(database, buyer.application)
        step = viber(senderInfoTrackingId=sender.id)
        assert is_short(await buyer.create(a_request(step))) is short
