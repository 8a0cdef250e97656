"""Idempotency-Key: the same key and body again is the same flow (design.md §10)."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts.demonstration import ACME, GLOBEX
from storage.engine import writing
from storage.tables import flows
from tests.api.bench import Api, Changed, a_request, handle, serving
from tests.api.contract.bench import without
from tests.conftest import until
from tests.losing import lost_once
from tests.samples import sms, viber
from workflows.names import workflow_id


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"order-{uuid4()}"


async def starts(engine: Client, tracking_ids: set[str]) -> int:
    """How many workflows the engine knows of these flows."""
    ids = " OR ".join(f"WorkflowId = '{workflow_id('acme', each)}'" for each in tracking_ids)
    return (await engine.count_workflows(ids)).count


@pytest.mark.server
async def test_the_same_request_again_gets_the_same_answer(
    api: Api, engine: Client, key: str
) -> None:
    """Byte for byte, generated numbers and moment included, and it is one workflow."""
    body = a_request(viber(), sms(), callback={"url": "https://hooks.acme.test/failover"})
    first = await api.create(body, key=key)
    run = (await handle(engine, first.json()["trackingId"]).describe()).run_id
    again = [await api.create(body, key=key) for _ in range(3)]
    assert first.status_code == 200
    assert {answer.status_code for answer in again} == {200}
    assert {answer.content for answer in again} == {first.content}
    assert (await handle(engine, first.json()["trackingId"]).describe()).run_id == run


@pytest.mark.server
async def test_a_second_start_is_refused_by_the_engine_too(
    api: Api, engine: Client, database: AsyncEngine, key: str
) -> None:
    """Even after the flow has ended, and with its row gone: nothing is sent twice."""
    tracking_id = (await api.create(key=key)).json()["trackingId"]
    await handle(engine, tracking_id).terminate()
    async with writing(database) as connection:
        await connection.execute(delete(flows))
    answer = await api.create(key=key)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.server
async def test_what_started_unanswered_is_answered_as_it_was_ordered(
    api: Api, database: AsyncEngine, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request got no answer; since then the application's default sender has changed."""
    body = a_request(without(sms(), "from"))

    def as_sent_by(sender: str) -> AbstractAsyncContextManager[Api]:
        accounts = Changed(replace(ACME, default_sender=sender), database)
        return serving(replace(api.services, accounts=accounts))

    async with as_sent_by("Before") as before:
        first = (await before.create(body, key=key)).json()
    async with writing(database) as connection:
        await connection.execute(delete(flows))
    lost_once(monkeypatch)
    async with as_sent_by("After") as after:
        again = (await after.create(body, key=key)).json()
    assert first["flow"][0]["from"] == "Before"
    assert again == first


async def test_the_same_key_with_another_body_is_refused(taking: Api, key: str) -> None:
    """422, even if it means the same: the bytes are compared; the first flow stays."""
    body = a_request(sms())
    first = await taking.create(body, key=key)
    for other in (a_request(sms(ttl=60)), json.dumps(body, indent=1)):
        answer = await taking.create(other, key=key)
        assert answer.status_code == 422
        assert answer.json() == {
            "code": "422000000",
            "developerMessage": "The Idempotency-Key was used before, with another body",
        }
    assert (await taking.create(body, key=key)).content == first.content


async def test_the_key_belongs_to_its_account(taking: Api, key: str) -> None:
    """Another account's flow with the same key is another flow."""
    body = a_request(sms())
    ours = await taking.create(body, key=key)
    theirs = await taking.acting_as(GLOBEX).create(body, key=key)
    assert ours.status_code == theirs.status_code == 200
    assert ours.json()["trackingId"] != theirs.json()["trackingId"]


async def test_another_key_is_another_flow(taking: Api, key: str) -> None:
    """The body does not matter then."""
    first, second = await taking.create(key=key), await taking.create(key=f"{key}-2")
    assert first.json()["trackingId"] != second.json()["trackingId"]


@pytest.mark.parametrize("form", ['"{}"', " {} ", ' "{}" '])
async def test_a_key_may_be_quoted(taking: Api, key: str, form: str) -> None:
    """The structured form of the header and the bare one are the same key."""
    body = a_request(viber())
    bare = await taking.create(body, key=key)
    quoted = await taking.create(body, key=form.format(key))
    assert quoted.content == bare.content


@pytest.mark.parametrize("blank", ["", " ", '""', '" "'])
async def test_a_blank_key_is_none(taking: Api, blank: str) -> None:
    """Two requests, two flows."""
    first, second = await taking.create(key=blank), await taking.create(key=blank)
    assert first.status_code == second.status_code == 200
    assert first.json()["trackingId"] != second.json()["trackingId"]


async def test_a_key_has_at_most_255_characters(taking: Api) -> None:
    """255 are a key, 256 are refused by name."""
    assert (await taking.create(key="k" * 255)).status_code == 200
    assert (await taking.create(key=f'"{"q" * 255}"')).status_code == 200
    assert (await taking.create(key='"' * 258)).status_code == 400  # the document says 257 at most
    answer = await taking.create(key="k" * 256)
    assert answer.status_code == 400
    assert list(answer.json()["properties"]) == ["Idempotency-Key"]


async def test_a_refused_request_uses_no_key_up(taking: Api, key: str) -> None:
    """What was refused may be mended and sent with the same key."""
    assert (await taking.create(a_request(sms(ttl=0)), key=key)).status_code == 400
    assert (await taking.create(a_request(sms()), key=key)).status_code == 200


@pytest.mark.server
async def test_ten_requests_at_once_are_one_flow(api: Api, engine: Client, key: str) -> None:
    """One workflow; the answers are equal, or a 503 that says when to ask again."""
    body = a_request(viber(), sms())
    answers = await asyncio.gather(*(api.create(body, key=key) for _ in range(10)))
    given = [answer for answer in answers if answer.status_code == 200]
    told: set[bytes] = {answer.content for answer in given}
    assert len(told) == 1
    for other in (answer for answer in answers if answer not in given):
        assert other.status_code == 503
        assert other.headers["Retry-After"] == "1"
    afterwards = await api.create(body, key=key)
    assert {afterwards.content} == told
    ids: set[str] = {answer.json()["trackingId"] for answer in (*given, afterwards)}

    async def visible() -> bool:
        return await starts(engine, ids) > 0

    await until(visible)
    assert len(ids) == 1
    assert await starts(engine, ids) == 1


@pytest.mark.server
async def test_ten_bodies_at_once_with_one_key_are_one_flow(api: Api, key: str) -> None:
    """One is accepted, every other one is refused or told to ask again."""
    bodies: list[dict[str, Any]] = [a_request(sms(ttl=ttl)) for ttl in range(1, 11)]
    answers = await asyncio.gather(*(api.create(body, key=key) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {422, 503}
