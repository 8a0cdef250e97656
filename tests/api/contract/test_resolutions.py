"""§12: what tracking makes of the contract's contradictions; the others stand at their fields."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.demonstration import BROKE
from activities.intents import Intents
from domain.progress import DeliveryReport
from domain.status import Status
from tests.api.contract.bench import STANDARD, Door, Step
from tests.samples import sms, viber, viber_message, voice


def texts(door: Door) -> Step:
    """The Viber step that the endpoint takes."""
    return viber_message() if door.path == STANDARD else viber()


@pytest.mark.field("§12", "10")
@pytest.mark.parametrize(
    ("statuses", "flow", "code"),
    [
        ((), "InProgress", None),
        ((Status.SENT,), "InProgress", None),
        ((Status.DELIVERED,), "Succeeded", None),
        ((Status.UNDELIVERED,), "Failed", "2"),
        ((Status.UNSENT,), "Failed", "1"),
    ],
)
async def test_a_status_code_is_null_unless_the_flow_failed(
    door: Door, statuses: tuple[Status, ...], flow: str, code: str | None
) -> None:
    """Then it is a text of digits."""
    shown = await door.tracked(await door.created(sms()), *statuses)
    assert (shown["status"], shown["statusCode"]) == (flow, code)
    assert shown["terminationChannel"] == (None if flow == "InProgress" else "Sms")


@pytest.mark.field("§12", "11")
async def test_the_total_is_the_sum_of_the_charged_steps(door: Door) -> None:
    """Two parts of an Sms are two prices; a step that was not begun costs nothing."""
    created = await door.created(texts(door), sms(message={"body": "x" * 161}), voice())
    services = door.api.services
    intents = Intents(services.tracking._engine, services.tracking)
    known = await services.tracking.find(door.api.application.account, created["trackingId"])
    assert known is not None
    flow, progress = known.flow, known.progress
    for step in flow.steps[:2]:
        progress = progress.begun(step, flow.created_at)
        content = services.sealer.content(flow, step.order)
        await intents.declare(flow, progress, content, "sandbox")
    shown = (await door.api.track(created["trackingId"])).json()
    assert [Decimal(str(each["price"])) for each in shown["messages"]] == [
        Decimal("0.01"),
        Decimal("0.08"),
    ]
    assert Decimal(str(shown["totalPrice"])) == Decimal("0.09")


@pytest.mark.field("§12", "13")
async def test_a_latency_is_whole_seconds(door: Door) -> None:
    """From the step's turn to its final status."""
    created = await door.created(sms())
    known = await door.api.services.tracking.find(
        door.api.application.account, created["trackingId"]
    )
    assert known is not None
    begun = known.progress.begun(known.flow.steps[0], known.flow.created_at)
    at = known.flow.created_at + timedelta(seconds=4.4)
    report = DeliveryReport(order=1, status=Status.DELIVERED, at=at)
    await door.api.services.tracking.record(known.flow, begun.after(known.flow, report))
    (message,) = (await door.api.track(created["trackingId"])).json()["messages"]
    assert message["latency"] == 4


@pytest.mark.field("§12", "14")
async def test_the_originating_service_is_failover(door: Door) -> None:
    """With a capital, in tracking as in callbacks."""
    shown = await door.tracked(await door.created(sms()))
    assert shown["originatingService"] == "Failover"


@pytest.mark.field("§12", "15")
async def test_viber_has_its_statuses_in_capitals(door: Door) -> None:
    """The others have theirs in title case."""
    spelled = {
        "Viber": (texts(door), Status.UNDELIVERED, "UNDELIVERED"),
        "Sms": (sms(), Status.UNDELIVERED, "Undelivered"),
        "Voice": (voice(), Status.NO_ANSWER, "NoAnswer"),
    }
    for step, status, name in spelled.values():
        (message,) = (await door.tracked(await door.created(step), status))["messages"]
        assert message["status"]["name"] == name


@pytest.mark.field("§12", "22")
async def test_one_flow_is_read_by_its_id(door: Door) -> None:
    """One object; another account's and an unknown one are not found."""
    created = await door.created(sms())
    shown = (await door.api.track(created["trackingId"])).json()
    assert shown["trackingId"] == created["trackingId"]
    foreign = await door.api.acting_as(BROKE).track(created["trackingId"])
    unknown = await door.api.track("c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02")
    for answer in (foreign, unknown):
        assert (answer.status_code, answer.json()["code"]) == (404, "404000000")


@pytest.mark.field("§12", "24")
async def test_a_first_step_without_money_is_refused(door: Door) -> None:
    """When the flow is created; running out later is statusCode 1."""
    broke = Door(door.api.acting_as(BROKE), door.path)
    answer = await broke.post({"flow": [sms()]})
    assert (answer.status_code, answer.json()) == (
        400,
        {"code": "400001009", "developerMessage": "Insufficient Balance"},
    )


@pytest.mark.field("§12", "29")
@pytest.mark.parametrize(
    ("number", "country"),
    [("+306900000101", "GR"), ("+33612345678", "FR"), ("+919876543210", "IN")],
)
async def test_a_country_has_two_letters(door: Door, number: str, country: str) -> None:
    """ISO 3166-1 alpha-2."""
    assert (await door.shown(sms(number)))["country"] == country


@pytest.mark.field("§12", "30")
async def test_a_long_sms_is_one_message(door: Door) -> None:
    """Part 1 of all of them."""
    message = await door.shown(sms(message={"body": "x" * 400}))
    assert (message["part"], message["parts"]) == (1, 3)
    assert message["smsId"] != message["messageId"]
