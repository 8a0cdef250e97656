"""A step is charged in the transaction that claims it, refunded in the one that gives it up."""

import asyncio
import dataclasses
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError

from accounts.base import Application
from accounts.ledger import Entry
from activities.intents import Intents
from domain.flow import Flow
from domain.progress import Progress
from domain.status import Channel, Status
from storage.keys import Keyring
from storage.seal import Sealer
from tests.activities.conftest import Sending
from tests.activities.shop import (
    STEPS,
    AtOnce,
    Declare,
    End,
    Move,
    Reprice,
    Shop,
    TopUp,
    crashing_commits,
)
from tests.activities.steps import unreported
from tests.money import add, books, customer, ordered_by, price
from tests.samples import a_flow, sms, viber
from tracking.records import Tracking

rarely = st.sampled_from([False, False, False, True])
declare = st.builds(Declare, st.integers(0, STEPS - 1), rarely)
end = st.builds(
    End, st.integers(0, 9), st.sampled_from(["accepted", "refused", "not sent", "died"]), rarely
)
accounts = st.sampled_from([0, 2])
amounts = st.sampled_from(["0", "0.000001", "0.01", "0.05", "0.12"]).map(Decimal)
moves = st.one_of(
    declare,
    declare,
    end,
    end,
    st.builds(AtOnce, st.lists(st.one_of(declare, end), min_size=2, max_size=5).map(tuple)),
    st.builds(TopUp, accounts, st.one_of(amounts, amounts.map(Decimal.__neg__))),
    st.builds(Reprice, accounts, st.sampled_from(Channel), st.sampled_from(["", "GR"]), amounts),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(history=[Declare(1), Declare(1), End(0, "not sent"), End(0, "accepted")])
@example(history=[Declare(1), Declare(1), End(0, "refused"), End(0, "accepted"), Declare(1)])
@example(history=[Declare(1), Declare(1), End(0, "accepted"), End(0, "refused")])
@example(history=[Declare(1), Declare(2), End(0, "refused"), Declare(2)])
@example(history=[Declare(1), End(0, "not sent"), Declare(1), End(0, "died"), Declare(1)])
@example(history=[Declare(1), AtOnce((End(0, "not sent"), Declare(1), Declare(1)))] * 3)
@given(history=st.lists(moves, min_size=10, max_size=25))
async def test_the_books_are_right_whatever_happens(
    database: AsyncEngine, sealer: Sealer, history: Sequence[Move]
) -> None:
    """After every move, with crashes before each commit, repetitions, and attempts at once."""
    shop = await Shop.opened(database, sealer)
    with crashing_commits(database):
        for move in history:
            await shop.play(move)
            await shop.check()


CHARGE, REFUND = (Entry.CHARGE, Decimal("-0.04")), (Entry.REFUND, Decimal("0.04"))
"""An Sms at the demonstration's price."""


@pytest.fixture
async def buyer(database: AsyncEngine) -> Application:
    """It has money for 25 Sms."""
    return await customer(database, "1")


def to(buyer: Application, digits: str) -> Flow:
    """The buyer's Sms to a number with the sandbox's script."""
    return ordered_by(buyer, a_flow(sms(f"+30690000{digits}")))


async def movements(database: AsyncEngine, buyer: Application) -> Sequence[tuple[str, Decimal]]:
    """What the ledger says after the first top-up, once all its sums were found right."""
    found = await books(database, buyer.account)
    found.check()
    return found.kinds[1:]


async def test_an_accepted_step_is_charged_once(
    sending: Sending, database: AsyncEngine, buyer: Application
) -> None:
    """However often it is attempted."""
    flow = to(buyer, "0106")
    for number in (1, 2, 3):
        assert await sending.attempt(flow, number=number)
    assert await movements(database, buyer) == [CHARGE]


async def test_a_refused_step_costs_nothing(
    sending: Sending, database: AsyncEngine, buyer: Application
) -> None:
    """Charged before it was sent, refunded with the answer."""
    elsewhere = unreported(sending.steps)
    refused = dataclasses.replace(sending, steps=elsewhere)
    flow = to(buyer, "0101")
    for number in (1, 2):
        answer = await refused.attempt(flow, number=number)
        assert answer is not None
        assert answer.status is Status.FAILED
    assert await movements(database, buyer) == [CHARGE, REFUND]


async def test_what_was_not_sent_is_charged_anew(
    sending_blindly: Sending, database: AsyncEngine, buyer: Application
) -> None:
    """429 twice, then it is taken: at the end it was paid for once."""
    flow = to(buyer, "0111")
    for number in (1, 2):
        with pytest.raises(ApplicationError):
            await sending_blindly.attempt(flow, number=number)
        assert (await movements(database, buyer))[-1] == REFUND
    assert await sending_blindly.attempt(flow, number=3)
    assert await movements(database, buyer) == [CHARGE, REFUND, CHARGE, REFUND, CHARGE]


async def test_the_money_may_be_gone_when_a_step_is_charged_anew(
    sending_blindly: Sending, database: AsyncEngine, buyer: Application
) -> None:
    """Others spent it meanwhile: Unsent, and nothing is owed."""
    flow = to(buyer, "0111")
    with pytest.raises(ApplicationError):
        await sending_blindly.attempt(flow)
    await add(database, buyer.account, "-0.99")
    answer = await sending_blindly.attempt(flow, number=2)
    assert answer is not None
    assert answer.status is Status.UNSENT
    assert await sending_blindly.inbox(flow) == []
    assert (await books(database, buyer.account)).net(flow.ref(1)) == 0


@pytest.mark.parametrize("digits", ["0110", "0113"])
async def test_what_may_have_been_sent_is_owed(
    sending_blindly: Sending, database: AsyncEngine, buyer: Application, digits: str
) -> None:
    """500, a closed connection: nobody knows, so it is paid for, once."""
    flow = to(buyer, digits)
    for number in (1, 2):
        assert await sending_blindly.attempt(flow, number=number) is None
    assert await movements(database, buyer) == [CHARGE]


async def test_a_step_without_money_is_unsent(sending: Sending, database: AsyncEngine) -> None:
    """The provider hears nothing of it, and money that comes later changes no answer."""
    poor = await customer(database, "0.039999")
    flow = to(poor, "0101")
    first = await sending.attempt(flow)
    assert first is not None
    assert (first.status, first.reason, first.our_fault) == (Status.UNSENT, "Unsent", False)
    await add(database, poor.account, "1")
    assert await sending.attempt(flow, number=2) == first
    assert await sending.inbox(flow) == []
    assert await movements(database, poor) == [(Entry.TOP_UP, Decimal(1))]


async def test_a_step_over_the_days_cap_is_unsent(sending: Sending, database: AsyncEngine) -> None:
    """As without money, which there is."""
    capped = await customer(database, "1", cap="0.05")
    answers = [await sending.attempt(to(capped, "0106")) for _ in range(2)]
    assert [answer and answer.status for answer in answers] == [Status.QUEUED, Status.UNSENT]
    assert await movements(database, capped) == [CHARGE]


async def test_a_free_step_needs_no_money(sending: Sending, database: AsyncEngine) -> None:
    """Nor a line in the ledger, nor an account."""
    await price(database, Channel.SMS, 0)
    for buyer in (await customer(database), Application("stranger", "nobody-s")):
        answer = await sending.attempt(to(buyer, "0106"))
        assert answer is not None
        assert answer.status is Status.QUEUED


async def test_a_content_that_cannot_be_opened_costs_nothing(
    sending: Sending, database: AsyncEngine, buyer: Application
) -> None:
    """Nothing was sent, by our fault."""
    blind = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    steps = dataclasses.replace(sending.steps, sealer=blind)
    assert await dataclasses.replace(sending, steps=steps).attempt(to(buyer, "0101"))
    assert await movements(database, buyer) == []


async def declared(
    database: AsyncEngine, sealer: Sealer, flows: Sequence[Flow]
) -> Sequence[tuple[bool, Status | None]]:
    """What attempts at the flows' first steps find, all at once: fresh, or the answer."""
    intents = Intents(database, Tracking(database, sealer))

    async def one(flow: Flow) -> tuple[bool, Status | None]:
        sealed = sealer.sealed(flow)
        progress = Progress.of(sealed).begun(sealed.steps[0], sealed.created_at)
        intent = await intents.declare(sealed, progress, sealer.content(sealed, 1), "sandbox")
        return intent.fresh, intent.answer.status if intent.answer else None

    return await asyncio.gather(*map(one, flows))


async def test_of_many_attempts_at_once_one_pays(
    database: AsyncEngine, sealer: Sealer, buyer: Application
) -> None:
    """They are one step's."""
    found = await declared(database, sealer, [to(buyer, "0101")] * 16)
    assert sorted(found) == [(False, None)] * 15 + [(True, None)]
    assert await movements(database, buyer) == [CHARGE]


async def test_of_many_steps_at_once_the_money_pays_for_one(
    database: AsyncEngine, sealer: Sealer
) -> None:
    """Fifty flows with money for one Viber message: the others are Unsent."""
    poor = await customer(database, "0.01")
    flows = [ordered_by(poor, a_flow(viber())) for _ in range(50)]
    found = await declared(database, sealer, flows)
    assert found.count((True, None)) == 1
    assert found.count((False, Status.UNSENT)) == 49
    assert await movements(database, poor) == [(Entry.CHARGE, Decimal("-0.01"))]
    assert (await books(database, poor.account)).balance == 0
