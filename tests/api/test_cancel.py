"""POST /failover/{id}/cancel (contract.md §5.5)."""

import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import worker
from accounts.demonstration import GLOBEX
from activities.chain import Chain
from activities.intents import Intents
from activities.steps import Steps
from egress.deliver import Deliverer
from providers.http import ProviderClient
from tests.api.bench import Api, a_request, handle, serving, signals
from tests.conftest import NewNamespace, until
from tests.egress.reaching import LOOPBACK
from tests.samples import sms, viber
from tests.telling import publishing
from workflows.client import FlowClient

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
async def worked(new_namespace: NewNamespace) -> Client:
    """The run's engine, in a namespace where this module's workers run."""
    return await new_namespace("api-cancel")


@contextlib.asynccontextmanager
async def working(client: Client, api: Api, database: AsyncEngine) -> AsyncIterator[None]:
    """A worker whose provider nobody can reach: steps stay in flight."""
    services = api.services
    async with AsyncExitStack() as stack:
        clients = {
            provider.name: await stack.enter_async_context(ProviderClient(provider))
            for provider in services.providers.all()
        }
        chain = Chain(
            providers=services.providers,
            clients=clients,
            intents=Intents(database, services.tracking),
            tokens=services.report_tokens,
            conversations=services.conversations,
            report_url="http://127.0.0.1:9",
        )
        steps = Steps(chain, services.sealer)
        deliverer = await stack.enter_async_context(Deliverer(LOOPBACK, deadline=1))
        callbacks, letters = publishing(database, services.sealer, deliverer)
        for each in worker.workers(client, steps, callbacks, letters, grace=timedelta(0)):
            await stack.enter_async_context(each)
        yield


@pytest.fixture
async def attended(api: Api, worked: Client, database: AsyncEngine) -> AsyncIterator[Api]:
    """The API with a worker behind it."""
    flows = FlowClient(worked, api.services.sealer, api.services.keys)
    async with (
        serving(replace(api.services, flows=flows)) as attended,
        working(worked, attended, database),
    ):
        yield attended


async def in_flight(api: Api) -> str:
    """The tracking id of a flow whose first step was begun."""
    tracking_id = str((await api.create(a_request(viber(), sms()))).json()["trackingId"])

    async def begun() -> bool:
        return bool((await api.track(tracking_id)).json()["messages"])

    await until(begun)
    return tracking_id


async def test_a_cancelled_flow_has_failed(attended: Api, worked: Client) -> None:
    """200 with the tracking object: statusCode 3, the step in flight as it was, none after it."""
    tracking_id = await in_flight(attended)
    answer = await attended.cancel(tracking_id)
    assert answer.status_code == 200
    flow = answer.json()
    assert (flow["trackingId"], flow["flowKind"]) == (tracking_id, "transactional")
    assert (flow["status"], flow["statusCode"], flow["terminationChannel"]) == (
        "Failed",
        "3",
        "Viber",
    )
    assert [message["status"]["name"] for message in flow["messages"]] == ["QUEUED"]
    await handle(worked, tracking_id).result()

    async def shown() -> bool:
        return (await attended.track(tracking_id)).content == answer.content

    await until(shown)


async def test_a_flow_is_cancelled_once(attended: Api, worked: Client) -> None:
    """409, both before and after the workflow is closed."""
    tracking_id = await in_flight(attended)
    assert (await attended.cancel(tracking_id)).status_code == 200
    await handle(worked, tracking_id).result()
    for _ in range(2):
        answer = await attended.cancel(tracking_id)
        assert answer.status_code == 409
        assert answer.json() == {
            "code": "409000000",
            "developerMessage": "The flow is already final",
        }


async def test_a_flow_that_is_over_is_not_cancelled(attended: Api, worked: Client) -> None:
    """409 after a success as well."""
    tracking_id = await in_flight(attended)
    token = attended.report_token(tracking_id)
    assert (await attended.report(token, {"status": "delivered"})).status_code == 200
    await handle(worked, tracking_id).result()
    assert (await attended.cancel(tracking_id)).status_code == 409
    assert (await attended.track(tracking_id)).json()["status"] == "Succeeded"


async def test_a_cancelled_steps_later_report_shows_in_tracking(
    attended: Api, worked: Client
) -> None:
    """The message may have gone out; the outcome stands."""
    tracking_id = await in_flight(attended)
    await attended.cancel(tracking_id)
    await handle(worked, tracking_id).result()
    token = attended.report_token(tracking_id)
    assert (await attended.report(token, {"status": "delivered"})).status_code == 200
    assert await signals(worked, tracking_id) == 0
    flow = (await attended.track(tracking_id)).json()
    assert [message["status"]["name"] for message in flow["messages"]] == ["DELIVERED"]
    assert (flow["status"], flow["statusCode"]) == ("Failed", "3")


async def test_another_account_cancels_nothing(attended: Api) -> None:
    """404, and the flow goes on."""
    tracking_id = await in_flight(attended)
    answer = await attended.acting_as(GLOBEX).cancel(tracking_id)
    assert answer.status_code == 404
    assert (await attended.track(tracking_id)).json()["status"] == "InProgress"
    assert (await attended.cancel(tracking_id)).status_code == 200


async def test_a_flow_that_the_engine_forgot_is_final(
    attended: Api, api: Api, worked: Client
) -> None:
    """409: it is in our record, so it was; the engine forgets only what is over."""
    tracking_id = (await api.create()).json()["trackingId"]  # in the other namespace
    assert (await attended.cancel(tracking_id)).status_code == 409


async def test_without_a_worker_a_cancellation_is_to_be_repeated(api: Api) -> None:
    """503 within four seconds, and when to ask again."""
    tracking_id = (await api.create()).json()["trackingId"]
    started = time.perf_counter()
    answer = await api.cancel(tracking_id)
    assert answer.status_code == 503
    assert 2.5 < time.perf_counter() - started < 4.5
    assert answer.headers["Retry-After"] == "1"
    assert answer.json() == {
        "code": "503000000",
        "developerMessage": "No worker took the cancellation in time; send it again",
    }
