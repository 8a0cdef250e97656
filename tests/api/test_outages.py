"""When the engine or the database is away: what still works, and what says "again"."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from storage.engine import writing
from storage.tables import flows
from tests.api.bench import Api, a_request, serving, signals
from tests.samples import sms
from tracking.records import Tracking
from workflows import client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is asked for half a second instead of ten."""
    monkeypatch.setattr(client, "ASKING", 0.5)
    monkeypatch.setattr(client, "RPC", timedelta(seconds=0.3))


@pytest.mark.usefixtures("impatient")
async def test_without_the_engine_no_flow_is_accepted(alone: Api) -> None:
    """503, when to ask again, and the id that was tried; nothing is recorded."""
    started = time.perf_counter()
    answer = await alone.create()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    problem = answer.json()
    tracking_id = problem.pop("trackingId")
    assert problem == {
        "code": "503000000",
        "developerMessage": "The flow could not be started; send the request again",
    }
    assert 0.5 <= time.perf_counter() - started < 3
    assert (await alone.track(tracking_id)).status_code == 404


@pytest.mark.usefixtures("impatient")
async def test_without_the_engine_a_key_tries_the_same_id_again(alone: Api) -> None:
    """So that an answer that got lost is found by the repetition."""
    first, second = [(await alone.create(key="one")).json() for _ in range(2)]
    assert first["trackingId"] == second["trackingId"]


async def test_without_the_engine_what_is_wrong_is_still_refused(alone: Api) -> None:
    """At once, and not with a 503."""
    started = time.perf_counter()
    assert (await alone.create(a_request(sms(ttl=0)))).status_code == 400
    assert time.perf_counter() - started < 0.5


@pytest.mark.usefixtures("impatient")
async def test_without_the_engine_no_report_is_taken(alone: Api) -> None:
    """503: the provider sends it again; it is not in tracking, or the repetition was ignored."""
    token = alone.report_token()
    for _ in range(2):
        answer = await alone.report(token, {"status": "delivered"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"


async def test_without_the_engine_a_report_that_cannot_move_a_flow_is_taken(alone: Api) -> None:
    """It goes to tracking only."""
    assert (await alone.report(alone.report_token(), {"status": "sent"})).status_code == 200


async def test_without_the_engine_tracking_answers(taking: Api, alone: Api) -> None:
    """Reading needs the database only."""
    tracking_id = (await taking.create()).json()["trackingId"]
    answer = await alone.track(tracking_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "Queued")


async def test_without_the_engine_nothing_is_cancelled(taking: Api, alone: Api) -> None:
    """503, when to ask again."""
    tracking_id = (await taking.create()).json()["trackingId"]
    answer = await alone.cancel(tracking_id)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


async def test_without_the_engine_the_process_lives_and_is_not_ready(alone: Api) -> None:
    """Each check by its name."""
    live, ready = await alone.http.get("/health/live"), await alone.http.get("/health/ready")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert ready.status_code == 503
    assert ready.json() == {"status": "away", "checks": {"temporal": "away", "database": "ok"}}


@pytest.mark.server
async def test_with_both_it_is_ready(api: Api) -> None:
    """Each check by its name."""
    ready = await api.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "checks": {"temporal": "ok", "database": "ok"}}


@pytest.mark.server
async def test_without_the_database_the_process_is_not_ready(
    api: Api, unreadable: Tracking
) -> None:
    """Each check by its name."""
    async with serving(replace(api.services, tracking=unreadable)) as blind:
        ready = await blind.http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json() == {"status": "away", "checks": {"temporal": "ok", "database": "away"}}


async def test_a_database_without_tables_is_not_ready(alone: Api, database: AsyncEngine) -> None:
    """The schema's version is asked for, not only the connection."""
    async with writing(database) as connection:
        await connection.exec_driver_sql("DROP TABLE alembic_version")
    assert (await alone.http.get("/health/ready")).json()["checks"]["database"] == "away"


@pytest.mark.server
async def test_without_the_database_flows_are_still_accepted(
    api: Api, engine: Client, unreadable: Tracking
) -> None:
    """200: the flow is durable, and its first activity writes the row."""
    async with serving(replace(api.services, tracking=unreadable)) as blind:
        answer = await blind.create()
        assert answer.status_code == 200
        tracking_id = answer.json()["trackingId"]
        assert (await blind.track(tracking_id)).status_code == 503
    assert await signals(engine, tracking_id) == 0  # it exists


@pytest.mark.server
async def test_when_the_record_is_gone_flows_are_still_accepted(
    api: Api, database: AsyncEngine
) -> None:
    """The same, when the database answers but cannot take the row."""
    async with writing(database) as connection:
        await connection.run_sync(flows.drop)
    answer = await api.create()
    assert answer.status_code == 200
    tracked = await api.track(answer.json()["trackingId"])
    assert tracked.status_code == 503
    assert tracked.headers["Retry-After"] == "1"
    assert tracked.json() == {
        "code": "503000000",
        "developerMessage": "The database is away; send the request again",
    }


async def test_without_the_database_a_key_cannot_be_looked_up(
    alone: Api, unreadable: Tracking
) -> None:
    """503: whether the key was used before cannot be known."""
    async with serving(replace(alone.services, tracking=unreadable)) as blind:
        answer = await blind.create(key="one")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.server
async def test_without_the_database_a_report_is_still_signalled(
    api: Api, engine: Client, unreadable: Tracking
) -> None:
    """200: the engine has it for good."""
    tracking_id = (await api.create()).json()["trackingId"]
    token = api.report_token(tracking_id)
    async with serving(replace(api.services, tracking=unreadable)) as blind:
        assert (await blind.report(token, {"status": "delivered"})).status_code == 200
    assert await signals(engine, tracking_id) == 1


async def test_without_the_database_nothing_is_cancelled(alone: Api, unreadable: Tracking) -> None:
    """503: whose flow it is cannot be known."""
    async with serving(replace(alone.services, tracking=unreadable)) as blind:
        answer = await blind.cancel("0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
