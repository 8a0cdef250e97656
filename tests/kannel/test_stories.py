"""Flows whose Sms go through a real Kannel, from the request to its reports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from tests.api.bench import handle
from tests.conftest import until
from tests.kannel.conftest import Opening, Recorded, Site, standing
from tests.kannel.gateway import FAKE, SMPP, Gateway, running
from tests.samples import sms

pytestmark = pytest.mark.server

VIBER_USER = "+306900000117"
"""By the sandbox's script: its messages are delivered, and never read."""

DELIVERED = "DELIVERED"
"""As a Viber step spells it."""

LONG = "Το δέμα 7731 είναι έτοιμο. " * 6 + "😀"

TEXTS = {
    "GSM": ("Parcel 7731 is ready: 5 € [door] + 100%d", "utf-8", 1),
    "GSM in 3 parts": ("Parcel 7731 is ready, 5 €. " * 12, "utf-8", 3),
    "Unicode": ("Το δέμα 7731 είναι έτοιμο 😀 + 100%d", "utf-16-be", 1),
    "Unicode in 3 parts": (LONG, "utf-16-be", 3),
}
"""Each with the encoding in which the fake SMSC prints it, and its parts."""


@pytest.mark.parametrize("kind", TEXTS)
async def test_an_sms_after_viber_arrives_as_it_was_sent_and_is_reported_delivered(
    gateway: Gateway, opening: Opening, recorded: Recorded, kind: str
) -> None:
    """Not a Viber user: Kannel carries the Sms, whole and once, and says so at our door."""
    text, encoding, number_of_parts = TEXTS[kind]
    number = f"+30690{list(TEXTS).index(kind):03}0102"
    async with opening(gateway, FAKE) as site:
        flow = await site.play(site.viber(number), sms(number, message={"body": text}))
        reports = await site.reported(flow, 2)
    parts = gateway.at_the_fake(number)
    recorded(f"Viber, then Sms: {kind}", len(parts), reports, flow)
    assert b"".join(part.content for part in parts).decode(encoding) == text
    assert len(parts) == number_of_parts
    assert len({part.message for part in parts}) == 1
    assert {part.sender for part in parts} == {"AcmeShop"}
    assert flow["status"] == "Succeeded"
    assert flow["terminationChannel"] == "Sms"
    assert [standing(each) for each in flow["messages"]] == [
        "UNDELIVERED (Not Viber User)",
        "Delivered",
    ]
    assert {each.status for each in reports} == {"1", "8"}


SAID = {
    "DELIVRD": ("0201", {"8", "1"}, "Delivered"),
    "UNDELIV": ("0202", {"8", "2"}, "Undelivered"),
    "EXPIRED": ("0203", {"8", "2"}, "Undelivered (Expired)"),
    "REJECTD": ("0204", {"8", "2"}, "Failed (Message Rejected)"),
    "submit_sm refused": ("0205", {"16"}, "Failed (Message Rejected)"),
    "EXPIRED, receipt without text": ("0207", {"8", "34"}, "Undelivered (Expired)"),
}
"""What the SMSC says: the number's last digits, Kannel's reports, where the step ends."""


@pytest.mark.parametrize("said", SAID)
async def test_what_an_smpp_smsc_says_decides_whether_the_flow_goes_on(
    gateway: Gateway, opening: Opening, recorded: Recorded, said: str
) -> None:
    """Every end but a delivery is followed by the next step."""
    digits, statuses, ends = SAID[said]
    number = f"+30690000{digits}"
    async with opening(gateway, SMPP) as site:
        flow = await site.play(sms(number), site.viber(VIBER_USER))
        reports = await site.reported(flow, len(statuses))
    sent = gateway.at_the_stand_in(number)
    recorded(f"SMPP: {said}", len(sent), reports, flow)
    assert [each.text for each in sent] == ["Parcel 7731 is ready"]
    assert {each.status for each in reports} == statuses
    expected = [ends] if ends == "Delivered" else [ends, DELIVERED]
    assert [standing(each) for each in flow["messages"]] == expected
    assert flow["status"] == "Succeeded"
    assert flow["terminationChannel"] == ("Sms" if ends == "Delivered" else "Viber")


async def test_silence_is_waited_for_until_the_ttl(
    gateway: Gateway, opening: Opening, recorded: Recorded
) -> None:
    """The SMSC took it and never says more; a minute later it is Viber's turn."""
    number = "+306900000206"
    async with opening(gateway, SMPP) as site, site.service.working():
        tracking_id = await site.create(sms(number, ttl=1), site.viber(VIBER_USER))
        workflow = handle(site.client, tracking_id, site.buyer.account)
        await until(lambda: stands(site, tracking_id, "Sent"))
        await until(lambda: is_idle(workflow))
        await TimeSkipper(site.client).fast_forward(workflow, timedelta(minutes=1))
        (flow,) = await site.service.ended(site.buyer)
        reports = await site.reported(flow, 1)
    recorded("SMPP: silence", len(gateway.at_the_stand_in(number)), reports, flow)
    assert [each.status for each in reports] == ["8"]
    assert [standing(each) for each in flow["messages"]] == ["Undelivered (Expired)", DELIVERED]
    assert flow["status"] == "Succeeded"


async def is_idle(workflow: WorkflowHandle[Any, Any]) -> bool:
    """Whether the flow only waits: its clock can be moved."""
    raw = (await workflow.describe()).raw_description
    return not raw.pending_activities and not raw.HasField("pending_workflow_task")


async def stands(site: Site, tracking_id: str, status: str) -> bool:
    """Whether tracking shows the first step so."""
    answer = await site.service.api.acting_as(site.buyer).track(tracking_id)
    messages = answer.json()["messages"]
    return bool(messages) and messages[0]["status"]["name"] == status


async def test_of_a_long_sms_the_first_part_is_reported_for_all(
    gateway: Gateway, opening: Opening, recorded: Recorded
) -> None:
    """Kannel asks the SMSC about no other; a flash message is one in every part."""
    number = "+306900010201"
    message = {"body": LONG, "flash": True}
    async with opening(gateway, SMPP) as site:
        flow = await site.play(sms(number, message=message))
        reports = await site.reported(flow, 2)
    sent = gateway.at_the_stand_in(number)
    recorded("SMPP: DELIVRD, a long flash message", len(sent), reports, flow)
    assert "".join(each.text for each in sent) == LONG
    assert [each.receipt for each in sent] == [1, 0, 0]
    assert {each.coding for each in sent} == {0x18}
    assert [standing(each) for each in flow["messages"]] == ["Delivered"]


async def test_the_smsc_is_told_how_long_a_message_is_worth_sending(
    gateway: Gateway, opening: Opening
) -> None:
    """The step's ttl, to the minute."""
    number = "+306900020201"
    async with opening(gateway, SMPP) as site:
        began = datetime.now(UTC)
        await site.play(sms(number, ttl=45))
    (sent,) = gateway.at_the_stand_in(number)
    validity = datetime.fromisoformat(sent.until) - began
    assert timedelta(minutes=44) < validity <= timedelta(minutes=45, seconds=10)


async def test_a_report_that_we_could_not_take_comes_again(
    gateway: Gateway, opening: Opening, recorded: Recorded
) -> None:
    """The SMSC's acceptance is repeated after the delivery, and changes nothing."""
    number = "+306900000103"
    async with opening(gateway, FAKE) as site:
        site.reports.refusing = 1
        async with site.service.working():
            tracking_id = await site.create(sms(number))
            told = await site.service.told(tracking_id)
            reports = await site.reported({"trackingId": tracking_id}, 3)
            (flow,) = await site.service.ended(site.buyer)
    recorded(
        "our answer to the first report is 500", len(gateway.at_the_fake(number)), reports, flow
    )
    first, *others = reports
    assert first.answered == 500
    assert (first.status, first.said) in [(each.status, each.said) for each in others]
    assert {each.answered for each in others} == {200}
    assert {each.status for each in others} == {"1", "8"}
    assert [standing(each) for each in flow["messages"]] == ["Delivered"]
    assert [each["status"] for each in told] == ["Succeeded"]


TAKEN_OVER = 2.0
"""Seconds within which the next provider has the step of one that cannot be reached."""


async def test_the_next_provider_has_the_step_when_kannel_is_gone(
    opening: Opening, recorded: Recorded, tmp_path: Path
) -> None:
    """smsbox takes no connection without bearerbox: nothing was sent, and nobody waits long."""
    number = "+306900000101"
    async with running(tmp_path) as gateway:
        await gateway.broken()
        async with opening(gateway, FAKE, route="kannel, sandbox") as site:
            flow = await site.play(sms(number), site.viber(VIBER_USER))
            (request,) = await requests(site, flow)
        parts = gateway.at_the_fake(number)
    created = datetime.fromisoformat(flow["createdAt"])
    recorded("bearerbox killed; the sandbox is next", len(parts), [], flow)
    assert parts == []
    waited = datetime.fromisoformat(request["at"]) - created
    assert waited < timedelta(seconds=TAKEN_OVER)
    assert [standing(each) for each in flow["messages"]] == ["Delivered"]
    assert flow["terminationChannel"] == "Sms"


async def test_a_message_that_no_smsc_takes_is_the_next_providers_alone(
    gateway: Gateway, opening: Opening, recorded: Recorded
) -> None:
    """Kannel refuses it with 403 and reports a failure as well, which is no news."""
    async with opening(gateway, "nobody", route="kannel, sandbox") as site:
        flow = await site.play(sms(), site.viber(VIBER_USER))
        reports = await site.reported(flow, 1)
        assert len(await requests(site, flow)) == 1
    recorded("no SMSC of that name; the sandbox is next", 0, reports, flow)
    assert [(each.status, each.said) for each in reports] == [("16", "NACK/no SMSC")]
    assert [standing(each) for each in flow["messages"]] == ["Delivered"]


async def requests(site: Site, flow: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The requests to send the flow's steps that the sandbox has seen."""
    seen = (await site.service.sandbox.client.get("/requests")).json()
    return [each for each in seen if each["reference"].startswith(flow["trackingId"])]
