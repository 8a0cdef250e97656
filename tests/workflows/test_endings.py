"""However a flow ends, its client is told so once, and of nothing after it (contract.md §6.2)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowHandle

from accounts.base import Application
from storage.keys import Keyring
from tests.activities.steps import unreported
from tests.conftest import NewNamespace, until
from tests.money import customer, sender_of
from tests.samples import sms, viber, voice
from tests.workflows.service import OVER, Whole, whole
from tracking.unfinished import Recorded
from workflows import names
from workflows.repair import Mended, Repair

pytestmark = pytest.mark.server

NOT_VIBER, UNKNOWN, SILENT = "+306900000102", "+306900000105", "+306900000106"

STRATEGIES = pytest.mark.parametrize("strategy", ["OnStep", "OnCompletion"])

Told = Sequence[dict[str, Any]]
End = tuple[str, str | None, str | None]
"""The last callback's status, statusCode and terminationChannel."""


@dataclass
class Client:
    """One client of the service, whose flows are all called back by one strategy."""

    service: Whole
    buyer: Application
    sender: str
    strategy: str

    async def create(self, *steps: dict[str, Any]) -> str:
        """Start a flow; returns its tracking id."""
        return await self.service.create(self.buyer, *steps, strategy=self.strategy)

    async def silent(self) -> str:
        """Start a flow that waits for a report which never comes, and wait until it does."""
        tracking_id = await self.create(sms(SILENT))
        reference = f"{tracking_id}.1"

        async def waits() -> bool:
            arrived = bool(await self.service.sandbox.inbox(reference))
            return arrived and (self.strategy != "OnStep" or bool(self.received(tracking_id)))

        await until(waits)
        return tracking_id

    def viber(self, to: str, **members: Any) -> dict[str, Any]:
        """A Viber step from the client's own sender."""
        return viber(to, senderInfoTrackingId=self.sender, **members)

    def handle(self, tracking_id: str) -> WorkflowHandle[Any, Any]:
        """The flow's workflow."""
        name = names.workflow_id(self.buyer.account, tracking_id)
        return self.service.client.get_workflow_handle(name)

    def received(self, tracking_id: str) -> Told:
        """What the client was told of the flow until now."""
        return self.service.sink.received.get(tracking_id, [])

    async def over(self, tracking_id: str) -> Told:
        """All that the client was told, once the workflow is over and can tell no more."""
        await asyncio.wait_for(self.handle(tracking_id).result(), 30)
        return self.received(tracking_id)

    async def tracked(self, tracking_id: str) -> Any:
        """What tracking says."""
        return (await self.service.api.acting_as(self.buyer).track(tracking_id)).json()

    async def cancelled(self) -> str:
        """A flow that its client cancels."""
        tracking_id = await self.silent()
        api = self.service.api.acting_as(self.buyer)

        async def done() -> bool:  # 409: the one before was done, though it took too long to say so
            return (await api.cancel(tracking_id)).status_code in {200, 409}

        await until(done)
        return tracking_id

    async def cancelled_by_an_operator(self) -> str:
        """A flow that somebody cancels in the Temporal UI."""
        tracking_id = await self.silent()
        await self.handle(tracking_id).cancel()
        return tracking_id

    async def repaired(self, database: AsyncEngine) -> str:
        """A flow whose workflow was terminated, once its repair has told of it."""
        tracking_id = await self.silent()
        await self.handle(tracking_id).terminate("by mistake")
        tracking = self.service.api.services.tracking
        repair = Repair(self.service.client, self.service.api.services.flows, database, tracking)
        known = await tracking.find(self.buyer.account, tracking_id)
        assert known is not None
        recorded = Recorded(self.buyer.account, tracking_id, known.flow.created_at)
        (gone,) = await repair.gone([recorded])
        assert await repair.end(gone) is Mended.ENDED
        name = names.repair_id(self.buyer.account, tracking_id)
        told = self.service.client.get_activity_handle(name)
        await asyncio.wait_for(told.result(), 30)
        return tracking_id


def assert_told_once(told: Told, strategy: str, end: End) -> None:
    """Fail unless the end was told once, by the last callback; by the only one OnCompletion."""
    *before, last = told
    assert (last["status"], last["statusCode"], last["terminationChannel"]) == end
    assert {each["status"] for each in before} <= {"InProgress"}
    assert {each["statusCode"] or each["terminationChannel"] for each in before} <= {None}
    assert not (before and strategy == "OnCompletion")


def assert_told_by_steps(told: Told, strategy: str, end: End) -> None:
    """Fail unless, besides, each callback tells of another step's change: so does the last one."""
    assert_told_once(told, strategy, end)
    assert all(one != following for one, following in pairwise(map(_names, told)))


def _names(callback: Mapping[str, Any]) -> list[str]:
    return [each["status"]["name"] for each in callback["messages"]]


@pytest.fixture
async def service(
    new_namespace: NewNamespace, database: AsyncEngine, keys: Keyring
) -> AsyncIterator[Whole]:
    """The whole service; its workers are the test's own."""
    async with whole(await new_namespace("endings"), database, keys) as running:
        yield running


async def a_client(service: Whole, database: AsyncEngine, strategy: str, money: str) -> Client:
    """A new client with that much money."""
    buyer = await customer(database, money)
    return Client(service, buyer, (await sender_of(database, buyer)).id, strategy)


@STRATEGIES
@pytest.mark.field("§6.2", "terminal", "OnCompletion")
async def test_an_end_by_reports_is_told_once(
    service: Whole, database: AsyncEngine, strategy: str
) -> None:
    """Delivered at once or by the second channel, failed on all, or on one that is not listed."""
    client = await a_client(service, database, strategy, "10")
    async with service.working():
        ids = {
            await client.create(sms()): ("Succeeded", None, "Sms"),
            await client.create(client.viber(NOT_VIBER), sms()): ("Succeeded", None, "Sms"),
            await client.create(voice()): ("Succeeded", None, "Voice"),
            await client.create(client.viber(NOT_VIBER), sms(UNKNOWN)): ("Failed", "2", "Sms"),
            await client.create(client.viber(NOT_VIBER, failoverOnStatuses=["EXPIRED"]), sms()): (
                "Failed",
                "3",
                "Viber",
            ),
        }
        for tracking_id, end in ids.items():
            assert_told_by_steps(await client.over(tracking_id), strategy, end)


@STRATEGIES
@pytest.mark.field("§6.2", "terminal", "OnCompletion")
async def test_an_end_for_want_of_money_is_told_once(
    service: Whole, database: AsyncEngine, strategy: str
) -> None:
    """statusCode 1: there was enough for the first step only."""
    client = await a_client(service, database, strategy, "0.02")
    async with service.working():
        told = await client.over(await client.create(client.viber(NOT_VIBER), sms()))
    assert_told_by_steps(told, strategy, ("Failed", "1", "Sms"))
    assert _names(told[-1]) == ["UNDELIVERED", "Unsent"]


@STRATEGIES
@pytest.mark.field("§6.2", "terminal", "OnCompletion")
async def test_an_end_by_a_fault_of_ours_is_told_once(
    service: Whole, database: AsyncEngine, strategy: str
) -> None:
    """statusCode 0. Steps that are refused at once were never under way: FAILED is told alone."""
    client = await a_client(service, database, strategy, "10")
    service.steps = unreported(service.steps)
    async with service.working():
        one = await client.over(await client.create(sms()))
        two = await client.over(await client.create(client.viber(NOT_VIBER), sms()))
    assert_told_by_steps(one, strategy, ("Failed", "0", "Sms"))
    assert_told_by_steps(two, strategy, ("Failed", "0", "Sms"))
    on_step = [["FAILED"], ["FAILED", "Failed"]]
    assert [_names(each) for each in two] == (on_step if strategy == "OnStep" else on_step[1:])


@STRATEGIES
@pytest.mark.field("§6.2", "terminal", "OnCompletion")
async def test_an_end_by_hand_is_told_once(
    service: Whole, database: AsyncEngine, strategy: str
) -> None:
    """Cancelled by its client or in the Temporal UI, or repaired: the step keeps its status."""
    client = await a_client(service, database, strategy, "10")
    async with service.working():
        by_client = await client.over(await client.cancelled())
        by_operator = await client.over(await client.cancelled_by_an_operator())
        repaired = client.received(await client.repaired(database))
    assert_told_once(by_client, strategy, ("Failed", "3", "Sms"))
    assert_told_once(by_operator, strategy, ("Failed", "3", "Sms"))
    assert_told_once(repaired, strategy, ("Failed", "0", "Sms"))
    for told in (by_client, by_operator, repaired):
        assert {tuple(_names(each)) for each in told} == {("Queued",)}
        assert len(told) == (2 if strategy == "OnStep" else 1)


@STRATEGIES
@pytest.mark.field("§6.2", "after the end")
async def test_what_comes_after_the_end_is_not_told(
    service: Whole, database: AsyncEngine, strategy: str
) -> None:
    """Delivered was the end; that it was read, tracking shows."""
    client = await a_client(service, database, strategy, "10")
    async with service.working():
        tracking_id = await client.create(client.viber("+306900000101"), sms())

        async def seen() -> bool:
            return _names(await client.tracked(tracking_id)) == ["SEEN"]

        await until(seen)
        told = await client.over(tracking_id)
    assert_told_by_steps(told, strategy, ("Succeeded", None, "Viber"))
    assert _names(told[-1]) == ["DELIVERED"]


@pytest.mark.field("§6.2", "no callback")
async def test_without_a_callback_nothing_is_told(service: Whole, database: AsyncEngine) -> None:
    """Neither of its steps nor of its end; a flow beside it is told of."""
    client = await a_client(service, database, "", "10")
    other = replace(client, strategy="OnStep")
    async with service.working():
        untold = await client.create(client.viber(NOT_VIBER), sms())
        told = await other.create(client.viber(NOT_VIBER), sms())
        await client.over(untold)
        await client.over(told)
    assert service.sink.received.keys() == {told}
    assert (await client.tracked(untold))["status"] in OVER
