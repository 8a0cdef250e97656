"""The door to the engine, also when the engine does not answer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import AlreadyFinal, Unavailable, UnknownFlow
from domain.flow import Flow
from domain.progress import DeliveryReport
from domain.status import Channel, Status
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import NewNamespace, until
from tests.losing import lost_once
from tests.samples import a_flow, sms
from tests.workflows.conftest import Stage
from workflows import client as door
from workflows.client import AlreadyStarted, FlowClient, connect, has_worker

NUMBERS = ["+306900000101"]


def delivered(flow: Flow) -> DeliveryReport:
    """Good news of the first step."""
    return DeliveryReport(order=1, status=Status.DELIVERED, at=datetime.now(UTC))


@pytest.fixture
async def nowhere(monkeypatch: pytest.MonkeyPatch, sealer: Sealer, keys: Keyring) -> FlowClient:
    """A door behind which nobody listens."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setattr(door, "ASKING", 0.3)
    return FlowClient(await connect(lazy=True), sealer, keys)


async def test_without_an_engine_nothing_exists_and_the_client_may_ask_again(
    nowhere: FlowClient,
) -> None:
    """All that is asked is Unavailable; the start names the flow that it tried."""
    flow = a_flow()
    with pytest.raises(Unavailable) as caught:
        await nowhere.start(flow, NUMBERS)
    assert caught.value.tracking_id == flow.tracking_id
    with pytest.raises(Unavailable):
        await nowhere.report(flow.ref(1), delivered(flow))
    with pytest.raises(Unavailable):
        await nowhere.cancel(flow.account, flow.tracking_id)
    with pytest.raises(Unavailable):
        await nowhere.replay(flow.account, flow.tracking_id)
    assert not await nowhere.is_healthy()


async def test_by_default_the_engine_is_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Port 7233, until TEMPORAL_ADDRESS says otherwise."""
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    client = await connect(lazy=True)
    assert client.service_client.config.target_host == "127.0.0.1:7233"


@pytest.mark.server
async def test_what_starts_is_sealed(plain_stage: Stage) -> None:
    """Contents and the callback's address; the rest ops may read."""
    flow = a_flow(sms())

    started = await plain_stage.flows.start(flow, NUMBERS)

    plain_stage.started.append(plain_stage.handle(flow))
    assert not started.is_found
    sealed = started.flow
    assert sealed.steps[0].content.startswith("v1.k1.")
    assert sealed.callback is not None
    assert sealed.callback.url.startswith("v1.k1.")
    assert sealed.model_copy(update={"steps": (), "callback": None}) == flow.model_copy(
        update={"steps": (), "callback": None}
    )


@pytest.mark.server
async def test_a_second_flow_of_the_same_id_is_refused(plain_stage: Stage) -> None:
    """Another request with the same Idempotency-Key came first."""
    flow = a_flow(sms())
    await plain_stage.start(flow)
    with pytest.raises(AlreadyStarted):
        await plain_stage.flows.start(flow, NUMBERS)


@pytest.mark.server
async def test_a_start_whose_answer_was_lost_is_asked_again(
    plain_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second asking finds the first one's flow: accepted once, answered once."""
    flow = a_flow(sms())
    really, asked = FlowClient._start, 0

    async def lossy(self: FlowClient, sealed: Flow, hashes: list[str]) -> None:
        nonlocal asked
        asked += 1
        await really(self, sealed, hashes)
        raise RPCError("lost", RPCStatusCode.UNAVAILABLE, b"")

    monkeypatch.setattr(FlowClient, "_start", lossy)
    started = await plain_stage.flows.start(flow, NUMBERS)

    plain_stage.started.append(plain_stage.handle(flow))
    assert asked == 2
    assert started.is_found
    assert started.flow.tracking_id == flow.tracking_id


@pytest.mark.server
async def test_what_an_earlier_request_started_is_returned_as_it_is(
    plain_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was answered 503, and its flow runs: the repetition must say of it what is recorded."""
    flow = a_flow(sms())
    await plain_stage.start(flow)
    lost_once(monkeypatch)

    later = flow.model_copy(update={"created_at": flow.created_at + timedelta(seconds=20)})
    started = await plain_stage.flows.start(later, NUMBERS)
    assert started.is_found
    assert started.flow.created_at == flow.created_at


@pytest.mark.server
async def test_another_body_is_not_taken_for_the_flow_that_runs(
    plain_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing will ever be sent of it."""
    flow = a_flow(sms())
    await plain_stage.start(flow)
    lost_once(monkeypatch)

    with pytest.raises(AlreadyStarted):
        await plain_stage.flows.start(flow.model_copy(update={"request": "1" * 64}), NUMBERS)


@pytest.mark.server
async def test_a_start_that_can_never_succeed_is_not_asked_again(
    plain: Client, sealer: Sealer, keys: Keyring
) -> None:
    """An unknown namespace does not appear by waiting."""
    elsewhere = await Client.connect(
        plain.service_client.config.target_host,
        namespace="no-such-namespace",
        data_converter=pydantic_data_converter,
    )
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await FlowClient(elsewhere, sealer, keys).start(a_flow(sms()), NUMBERS)


@pytest.mark.server
async def test_a_report_says_whether_the_flow_still_runs(stage: Stage) -> None:
    """True once the engine has it; False after the end, and for a flow that never was."""
    flow = a_flow(sms())
    async with stage.working():
        handle = await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
        assert await stage.flows.report(flow.ref(1), delivered(flow))
        await asyncio.wait_for(handle.result(), 30)

    assert not await stage.flows.report(flow.ref(1), delivered(flow))
    assert not await stage.flows.report(a_flow().ref(1), delivered(flow))
    assert stage.script.sent == [Channel.SMS]


@pytest.mark.server
async def test_cancelling_says_what_became_of_it(stage: Stage) -> None:
    """No such flow, no worker, over: three answers."""
    flow = a_flow(sms())
    with pytest.raises(UnknownFlow):
        await stage.flows.cancel(flow.account, flow.tracking_id)
    handle = await stage.start_in_plain_time(flow)
    with pytest.raises(Unavailable):
        await stage.flows.cancel(flow.account, flow.tracking_id)

    async with stage.working():
        outcome = await asyncio.wait_for(handle.result(), 30)
    assert outcome.code == "3"  # the engine kept the cancellation that nobody waited for
    with pytest.raises(UnknownFlow):
        await stage.flows.cancel(flow.account, flow.tracking_id)


@pytest.mark.server
async def test_a_flow_whose_callbacks_wait_is_already_final(stage: Stage) -> None:
    """It has its outcome, though it still runs; late reports find it, and change nothing."""
    flow = a_flow(sms())
    stage.script.receiver_is_down = lambda _: True
    async with stage.working():
        await stage.start_in_plain_time(flow)
        await stage.send_is_answered(flow, 1)
        await stage.flows.report(flow.ref(1), delivered(flow))
        await until(lambda: bool(stage.script.recorded))
        with pytest.raises(AlreadyFinal):
            await stage.flows.cancel(flow.account, flow.tracking_id)
        assert await stage.flows.report(flow.ref(1), delivered(flow))
    assert await stage.flows.is_healthy()


@pytest.mark.server
async def test_whether_somebody_runs_flows_can_be_asked(
    stage: Stage, new_namespace: NewNamespace
) -> None:
    """Who starts everything waits for a worker."""
    assert not await has_worker(await new_namespace("nobody-works-here"))
    async with stage.working():

        async def works() -> bool:
            return await has_worker(stage.client)

        await until(works)
