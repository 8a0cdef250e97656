"""Callbacks that were given up reach their client after all, through the whole service."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from domain.errors import Unavailable
from domain.wire import iso, milliseconds
from storage.keys import Keyring
from tests.conftest import NewNamespace, until
from tests.egress.receivers import Receiver, answering, receiving
from tests.keeping import a_letter, kept
from tests.money import customer, sender_of
from tests.samples import sms, viber
from tests.workflows.service import Whole, whole
from tracking.reopening import FlowKey
from workflows.client import FlowClient
from workflows.names import replay_id
from workflows.replaying import AT_ONCE, handed_over

Told = tuple[str, str | None, bytes]
"""A request's webhook-id, its sequence, and its bytes."""


@pytest.fixture
async def service(
    new_namespace: NewNamespace, database: AsyncEngine, keys: Keyring
) -> AsyncIterator[Whole]:
    """The whole service in a part of the engine of its own."""
    async with whole(await new_namespace(f"replays-{uuid4()}"), database, keys) as running:
        yield running


class Shop:
    """A client's receiver, which answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.receiver = Receiver()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The status of the moment."""
        await answering(self.status)(reader, writer)

    @property
    def told(self) -> Sequence[Told]:
        """What it was told, in the order of arrival."""
        return [_told(head, body) for head, body in self.receiver.requests]

    async def hears(self, number: int) -> Sequence[Told]:
        """The same, once there are so many."""
        await until(lambda: len(self.receiver.requests) >= number, 20)
        return self.told


def _told(head: str, body: bytes) -> Told:
    lines = (line.partition(": ") for line in head.splitlines()[1:] if line)
    headers = {name.lower(): value for name, _, value in lines}
    return headers["webhook-id"], headers.get("x-failover-sequence"), body


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """The receiver, listening."""
    made = Shop()
    async with receiving(made.answer) as made.receiver:
        yield made


class Owner:
    """A customer of the service, as it asks for its callbacks."""

    def __init__(self, service: Whole, buyer: Application) -> None:
        self.api = service.api.acting_as(buyer)
        self.account = buyer.account

    async def ask(self, method: str, path: str, **request: Any) -> Any:
        """The answer's JSON."""
        answer = await self.api.http.request(method, path, headers=self.api.bearer(), **request)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    async def replay(self, days: float = 1) -> Any:
        """Ask for all that is dead."""
        since = iso(datetime.now(UTC) - timedelta(days=days))
        return await self.ask("POST", "/callbacks/replay", json={"since": since})

    async def settled(self, state: str, number: int) -> None:
        """Wait until so many callbacks are in that state."""

        async def are() -> bool:
            found = await self.ask("GET", "/callbacks", params={"state": state})
            return bool(found["totalElements"] == number)

        await until(are, 20)


@pytest.fixture
async def owner(service: Whole, database: AsyncEngine) -> Owner:
    """A new customer."""
    return Owner(service, await customer(database, "1"))


async def _keep(
    owner: Owner, database: AsyncEngine, shop: Shop, seq: int | None, **members: Any
) -> str:
    """A dead callback of two days ago for the shop: whatever schedule it had is over."""
    at = milliseconds(datetime.now(UTC) - timedelta(days=2))
    known = {"account": owner.account, "at": at, "url": shop.receiver.url}
    letter = a_letter(seq, **{**known, **members})
    return (await kept(database, owner.api.services.sealer, letter)).event


@pytest.mark.server
async def test_what_a_receiver_did_not_want_is_told_in_order_when_it_does(
    service: Whole, owner: Owner, shop: Shop, database: AsyncEngine
) -> None:
    """After a 410 the rest of the flow is dead untold; replayed, each has its id and its bytes."""
    shop.status = 410
    sender = await sender_of(database, owner.api.application)
    steps = [viber("+306900000102", senderInfoTrackingId=sender.id), sms("+306900000102")]
    callback = {"url": shop.receiver.url, "strategy": "OnStep"}
    created = await owner.api.create({"flow": steps, "callback": callback})
    path = f"/failover/{created.json()['trackingId']}/callbacks"
    async with service.working():
        await service.ended(owner.api.application)
        (refused,) = await shop.hears(1)
        listed: list[dict[str, Any]] = (await owner.ask("GET", path))["content"]
        await owner.settled("Dead", len(listed))
        assert len(listed) > 2
        shop.status = 200
        assert await owner.replay() == {
            "callbacks": len(listed), "flows": 1, "more": False,
        }  # fmt: skip
        await owner.settled("Delivered", len(listed))
    told = shop.told[1:]
    assert told[0] == refused
    assert [(id, int(seq or 0)) for id, seq, _ in told] == [
        (each["id"], each["sequence"]) for each in listed
    ]
    for each, (_, _, body) in zip(listed, told, strict=True):
        shown = await owner.ask("GET", f"/callbacks/{each['id']}")
        assert shown["body"] == json.loads(body)
    after = (await owner.ask("GET", path))["content"]
    assert [each["attempts"][-1]["status"] for each in after] == [200] * len(listed)
    assert [len(each["attempts"]) for each in after] == [2] + [1] * (len(listed) - 1)


@pytest.mark.server
async def test_a_receiver_that_is_down_meanwhile_has_a_new_schedule(
    service: Whole, owner: Owner, shop: Shop, database: AsyncEngine
) -> None:
    """Half a minute to the next attempt, however old the event; the flow's next one waits."""
    tracking_id = str(uuid4())
    first, second = [
        await _keep(owner, database, shop, seq, tracking_id=tracking_id) for seq in (1, 2)
    ]
    shop.status = 503
    async with service.working():
        assert (await owner.replay(3))["callbacks"] == 2
        await shop.hears(1)

        async def is_noted() -> bool:
            return len((await owner.ask("GET", f"/callbacks/{first}"))["attempts"]) == 2

        await until(is_noted)
        handle = service.client.get_activity_handle(replay_id(owner.account, tracking_id))

        async def is_waiting() -> bool:
            return (await handle.describe()).raw_info.attempt == 2

        await until(is_waiting)
        info = (await handle.describe()).raw_info
    assert 26 <= info.current_retry_interval.ToTimedelta().total_seconds() <= 34
    entries = [await owner.ask("GET", f"/callbacks/{id}") for id in (first, second)]
    assert [(each["state"], each["replays"]) for each in entries] == [("Waiting", 1)] * 2
    assert [len(each["attempts"]) for each in entries] == [2, 1]
    assert [id for id, _, _ in shop.told] == [first]


@pytest.mark.server
async def test_a_reply_is_replayed_like_a_callback(
    service: Whole, owner: Owner, shop: Shop, database: AsyncEngine
) -> None:
    """It has no number in its flow; delivered, it may be asked for once more."""
    body = '{"message":"Thanks!","media":null}'
    event = await _keep(owner, database, shop, None, body=body)
    async with service.working():
        for number in (1, 2):
            taken = await owner.ask("POST", f"/callbacks/{event}/replay")
            assert taken["replays"] == number
            await shop.hears(number)
            await owner.settled("Delivered", 1)
    assert shop.told == [(event, None, body.encode())] * 2


@pytest.mark.server
async def test_what_is_dead_again_lets_the_next_one_through(
    service: Whole, owner: Owner, shop: Shop, database: AsyncEngine
) -> None:
    """A receiver that is gone ends each at its first attempt, and may be asked for once more."""
    tracking_id = str(uuid4())
    events = [await _keep(owner, database, shop, seq, tracking_id=tracking_id) for seq in (1, 2)]
    shop.status = 410
    async with service.working():
        await owner.replay(3)
        await shop.hears(2)
        await owner.settled("Dead", 2)
        shop.status = 200
        await owner.replay(3)
        await owner.settled("Delivered", 2)
    assert [id for id, _, _ in shop.told] == events * 2
    assert (await owner.ask("GET", f"/callbacks/{events[0]}"))["replays"] == 2


class Counting(FlowClient):
    """An engine that takes all flows but one."""

    def __init__(self, refused: FlowKey | None = None) -> None:
        self.taken: list[FlowKey] = []
        self._refused = refused

    async def replay(self, account: str, tracking_id: str) -> None:
        """Taken, or not."""
        if (account, tracking_id) == self._refused:
            raise Unavailable("away")
        self.taken.append((account, tracking_id))


async def test_flows_are_handed_over_some_at_a_time() -> None:
    """Each once, and the caller hears of them meanwhile."""
    keys = [("acme", str(number)) for number in range(AT_ONCE * 2 + 1)]
    flows = Counting()
    batches = [list(batch) async for batch in handed_over(flows, keys)]
    assert [len(batch) for batch in batches] == [AT_ONCE, AT_ONCE, 1]
    assert [key for batch in batches for key in batch] == keys
    assert sorted(flows.taken) == sorted(keys)


async def test_an_engine_that_goes_away_is_asked_for_no_further_flows() -> None:
    """Thousands of them would take as many times its patience."""
    keys = [("acme", str(number)) for number in range(AT_ONCE * 3)]
    flows = Counting(refused=keys[AT_ONCE])
    batches = handed_over(flows, keys)
    assert await anext(batches) == keys[:AT_ONCE]
    with pytest.raises(Unavailable):
        await anext(batches)
    assert len(flows.taken) == AT_ONCE * 2 - 1
