"""What a step costs: the account's own price first, then the country's, times the parts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import PRICES
from accounts.ledger import terms
from domain.flow import Kind
from domain.status import Channel
from storage.engine import reading, writing
from storage.tables import prices
from tests.money import price
from tests.samples import request_step, sms, viber, viber_message, voice

GREEK, BRITISH = "+306900000101", "+447700900123"
SIP = {"sip": "pbx@acme.test"}


@pytest.fixture
async def priceless(database: AsyncEngine) -> AsyncEngine:
    """A database without a price."""
    async with writing(database) as connection:
        await connection.execute(prices.delete())
    return database


async def costs(database: AsyncEngine, step: dict[str, Any], account: str = "acme") -> Decimal:
    """What the account pays for the step."""
    kind = Kind.STANDARD if step["type"] == "Viber" and "message" in step else Kind.TRANSACTIONAL
    async with reading(database) as connection:
        found = await terms(connection, account, "", request_step(step, kind), datetime.now(UTC))
    return found.price


async def test_each_channel_has_its_price(database: AsyncEngine) -> None:
    """The demonstration's, for every account and everywhere; a template is a Viber message, too."""
    steps = {Channel.SMS: [sms()], Channel.VOICE: [voice()]}
    steps[Channel.VIBER] = [viber(), viber_message()]
    for each in PRICES:
        for step in steps[each.channel]:
            for account in ("acme", "globex", "nobody"):
                assert await costs(database, step, account) == each.price


@pytest.mark.parametrize(
    ("body", "parts"),
    [("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("ж" * 71, 2)],
)
async def test_an_sms_costs_for_each_part(database: AsyncEngine, body: str, parts: int) -> None:
    """By the rules of its alphabet; the sum is exact."""
    assert await costs(database, sms(message={"body": body})) == parts * Decimal("0.04")


async def test_what_has_no_price_is_free(priceless: AsyncEngine) -> None:
    """And a price of zero is one: it comes before everybody's."""
    assert await costs(priceless, sms()) == 0
    await price(priceless, Channel.SMS, "0.04")
    await price(priceless, Channel.SMS, "0", account="acme")
    assert await costs(priceless, sms()) == 0
    assert await costs(priceless, sms(), "globex") == Decimal("0.04")
    assert await costs(priceless, viber()) == 0


async def test_the_nearest_price_counts(priceless: AsyncEngine) -> None:
    """The account's own for the country, its own, the country's, everybody's: in this order."""
    await price(priceless, Channel.SMS, "0.01")
    await price(priceless, Channel.SMS, "0.02", "GR")
    assert await costs(priceless, sms(GREEK)) == Decimal("0.02")
    assert await costs(priceless, sms(BRITISH)) == Decimal("0.01")
    await price(priceless, Channel.SMS, "0.03", account="acme")
    assert await costs(priceless, sms(GREEK)) == Decimal("0.03")
    await price(priceless, Channel.SMS, "0.04", "GR", "acme")
    assert await costs(priceless, sms(GREEK)) == Decimal("0.04")
    assert await costs(priceless, sms(BRITISH)) == Decimal("0.03")
    assert await costs(priceless, sms(GREEK), "globex") == Decimal("0.02")


async def test_a_sip_call_is_in_no_country(priceless: AsyncEngine) -> None:
    """Only a price for everywhere holds for it."""
    await price(priceless, Channel.VOICE, "0.07", "GR")
    assert await costs(priceless, voice(GREEK)) == Decimal("0.07")
    assert await costs(priceless, {**voice(), "to": SIP}) == 0
    await price(priceless, Channel.VOICE, "0.05")
    assert await costs(priceless, {**voice(), "to": SIP}) == Decimal("0.05")


async def test_a_price_may_be_changed(priceless: AsyncEngine) -> None:
    """What is asked from now on costs that much; a millionth is not lost."""
    for amount in ("0.04", "0.000001", "12345.678901"):
        await price(priceless, Channel.VIBER, amount)
        assert await costs(priceless, viber()) == Decimal(amount)
