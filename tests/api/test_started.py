"""What a create request leaves in the engine: a workflow that shows nobody's secrets."""

from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from accounts.demonstration import ACME, PIN
from tests.api.bench import Api, a_request, handle
from tests.samples import sms, viber, voice
from workflows import names

pytestmark = pytest.mark.server

SECRETS = ("4711", "zebra", "306900000", "302310", "hooks.acme.test/secret", "pbx-user")
"""A pin, a text, full numbers, a caller, a callback's path, a SIP user."""


async def a_secretive_flow(api: Api) -> str:
    """A flow full of secrets; returns its tracking id."""
    body = a_request(
        viber(templateId=PIN.id, templateParams={"pin": "4711", "name": "zebra"}, seq=1),
        sms("+306900000102", message={"body": "Your code is 4711", "label": "zebra"}),
        voice("+306900000103"),
        {**voice(), "to": {"sip": "pbx-user@acme.test"}},
        callback={"url": "https://hooks.acme.test/secret", "strategy": "OnStep"},
    )
    answer = await api.create(body)
    assert answer.status_code == 200
    return str(answer.json()["trackingId"])


async def test_the_flow_is_a_running_workflow(api: Api, engine: Client) -> None:
    """Under its account's and its own name, with what ops search by."""
    tracking_id = await a_secretive_flow(api)
    description = await engine.get_workflow_handle(f"flow/acme/{tracking_id}").describe()
    assert description.status is WorkflowExecutionStatus.RUNNING
    assert description.workflow_type == "failover"
    assert description.task_queue == "flows"
    attributes = description.typed_search_attributes
    assert attributes[names.ACCOUNT] == "acme"
    assert attributes[names.APPLICATION] == ACME.id
    assert attributes[names.KIND] == "transactional"
    assert attributes[names.STATUS] == "InProgress"
    assert attributes[names.CHANNEL] == "Viber"
    numbers = ("+306900000101", "+306900000102", "+306900000103", "pbx-user@acme.test")
    hashes = [api.services.flows.recipient_hash(number) for number in numbers]
    assert attributes[names.RECIPIENT_HASHES] == hashes
    assert all(len(each) == 32 for each in hashes)
    assert description.raw_description.workflow_execution_info.priority.fairness_key == "acme"


async def test_its_summary_masks_the_recipients(api: Api, engine: Client) -> None:
    """Enough to recognise, too little to call."""
    tracking_id = (await api.create()).json()["trackingId"]
    description = await handle(engine, tracking_id).describe()
    assert await description.static_summary() == "Viber → Sms · +3069****0101"
    secretive = await handle(engine, await a_secretive_flow(api)).describe()
    told = str(await secretive.static_summary())
    assert told.startswith("Viber → Sms → Voice → Voice · +3069****0101")
    assert [secret for secret in SECRETS if secret in told] == []


async def test_its_history_holds_no_secret(api: Api, engine: Client) -> None:
    """Neither the input nor anything beside it: no pin, no text, no full number."""
    tracking_id = await a_secretive_flow(api)
    history = await handle(engine, tracking_id).fetch_history()
    told = history.to_json()
    for event in history.events:
        started = event.workflow_execution_started_event_attributes
        for payload in started.input.payloads:
            told += payload.data.decode()
    assert tracking_id in told
    assert "+3069****0101" in told
    assert "https://hooks.acme.test" in told
    assert [secret for secret in SECRETS if secret in told] == []


async def test_its_input_can_be_opened_by_us(api: Api, engine: Client) -> None:
    """The secrets are there, sealed, for the provider."""
    tracking_id = await a_secretive_flow(api)
    tracked = await api.services.tracking.find("acme", tracking_id)
    assert tracked is not None
    content = api.services.sealer.content(tracked.flow, 2)
    assert "Your code is 4711" in content.model_dump_json()
    assert api.services.sealer.callback_url(tracked.flow) == "https://hooks.acme.test/secret"
    assert content.patience == timedelta(minutes=1200).total_seconds()


async def test_the_row_holds_no_secret(api: Api) -> None:
    """Our own table of flows shows as little as the engine."""
    tracking_id = await a_secretive_flow(api)
    tracked = await api.services.tracking.find("acme", tracking_id)
    assert tracked is not None
    row = tracked.flow.model_dump_json()
    assert [secret for secret in SECRETS if secret in row] == []
