"""GET /failover/tracking/{id} (contract.md §5.1, §5.3)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import iso
from tests.api.bench import Api
from tests.samples import a_flow, sms, viber, voice

ROOT = {
    "trackingId", "flowKind", "messages", "terminationChannel", "status", "statusCode",
    "totalPrice", "originatingService", "applicationId", "createdAt", "updatedAt",
}  # fmt: skip
MESSAGE = {"type", "order", "status", "country", "price", "failoverOnStatuses", "createdAt"}


async def recorded(api: Api, flow: Flow, *said: tuple[int, Status | None, str]) -> Flow:
    """Record the snapshot after what was said: a second each, None being a step's beginning."""
    sealed = api.services.sealer.sealed(flow)
    progress = Progress.of(sealed)
    for second, (order, status, reason) in enumerate(said, start=1):
        at = flow.created_at + timedelta(seconds=second)
        report = status and DeliveryReport(order=order, status=status, reason=reason, at=at)
        progress = (
            progress.after(sealed, report)
            if report
            else progress.begun(sealed.steps[order - 1], at)
        )
    await api.services.tracking.record(sealed, progress)
    return sealed


async def tracked(api: Api, flow: Flow) -> Any:
    """Its tracking object."""
    answer = await api.track(flow.tracking_id)
    assert answer.status_code == 200
    return answer.json()


async def test_a_flow_is_queued_right_after_its_creation(taking: Api) -> None:
    """No message yet: no step was attempted."""
    flow = (await taking.create()).json()
    answer = await taking.track(flow["trackingId"])
    assert answer.status_code == 200
    assert answer.json() == {
        "trackingId": flow["trackingId"],
        "flowKind": "transactional",
        "messages": [],
        "terminationChannel": None,
        "status": "Queued",
        "statusCode": None,
        "totalPrice": 0,
        "originatingService": "Failover",
        "applicationId": taking.application.id,
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
    }


async def test_a_step_in_flight_is_queued(alone: Api) -> None:
    """The flow is InProgress, and the steps that wait are not shown."""
    flow = await recorded(alone, a_flow(viber(), sms()), (1, None, ""))
    told = await tracked(alone, flow)
    assert told.keys() == ROOT
    assert (told["status"], told["terminationChannel"]) == ("InProgress", None)
    (message,) = told["messages"]
    assert message["status"]["name"] == "QUEUED"


async def test_a_viber_message(alone: Api) -> None:
    """The template's members, and the sender by its name."""
    step = viber(ttl=2.5, seq=42, deliveryScope="ALL_DEVICES", inboundUrl="https://a.test/in")
    flow = await recorded(alone, a_flow(step), (1, None, ""), (1, Status.EXPIRED, "TTL Expired"))
    told = await tracked(alone, flow)
    (message,) = told["messages"]
    assert UUID(message.pop("trackingId")).version == 5
    assert message == {
        "type": "Viber",
        "order": 1,
        "status": {
            "name": "EXPIRED",
            "reason": {
                "detailedStatus": "TTL Expired",
                "description": message["status"]["reason"]["description"],
            },
            "updatedDate": iso(flow.created_at + timedelta(seconds=2)),
        },
        "country": "GR",
        "price": 0,
        "failoverOnStatuses": ["Expired", "Failed", "Undelivered"],
        "createdAt": iso(flow.created_at + timedelta(seconds=1)),
        "from": "AcmeShop",
        "to": "+306900000101",
        "ttl": 2.5,
        "templateId": step["templateId"],
        "templateLang": "en",
        "templateParams": step["templateParams"],
        "deliveryScope": "ALL_DEVICES",
        "seq": 42,
        "expireOnDelivery": False,
        "expiredOnDeliveryAt": None,
        "inboundUrl": "https://a.test/in",
    }
    assert message["status"]["reason"]["description"]
    assert (told["status"], told["statusCode"], told["terminationChannel"]) == (
        "Failed",
        "2",
        "Viber",
    )
    assert told["updatedAt"] == iso(flow.created_at + timedelta(seconds=2))


async def test_an_sms_message(alone: Api) -> None:
    """Its text in `body`, and how long it took."""
    step = sms(ttl=60, message={"body": "Parcel 7731 is ready", "label": "pickup-7731"})
    flow = await recorded(
        alone,
        a_flow(viber(), step),
        (1, None, ""),
        (1, Status.UNDELIVERED, "Not Viber User"),
        (2, None, ""),
        (2, Status.SENT, ""),
        (2, Status.DELIVERED, ""),
    )
    told = await tracked(alone, flow)
    assert [message["order"] for message in told["messages"]] == [1, 2]
    message = told["messages"][1]
    assert message.keys() == MESSAGE | {
        "messageId", "smsId", "from", "to", "body", "label", "ttl", "part", "parts", "latency",
    }  # fmt: skip
    assert message["status"]["name"] == "Delivered"
    assert (message["body"], message["label"]) == ("Parcel 7731 is ready", "pickup-7731")
    assert (message["part"], message["parts"], message["latency"], message["ttl"]) == (1, 1, 2, 60)
    assert UUID(message["messageId"]) != UUID(message["smsId"])
    assert (told["status"], told["statusCode"], told["terminationChannel"]) == (
        "Succeeded",
        None,
        "Sms",
    )


async def test_a_voice_message(alone: Api) -> None:
    """Title case, and the plan under the name that responses have."""
    flow = await recorded(alone, a_flow(voice()), (1, None, ""), (1, Status.COMPLETED, ""))
    (message,) = (await tracked(alone, flow))["messages"]
    assert message.keys() == MESSAGE | {
        "messageId", "conversationTrackingId", "from", "to", "dialPlans", "duration", "direction",
    }  # fmt: skip
    assert message["status"]["name"] == "Completed"
    assert message["to"] == {"phone": "+306900000101"}
    assert len(message["dialPlans"]) == 1


async def test_a_message_keeps_its_ids(alone: Api) -> None:
    """Every read shows the same, each message its own."""
    flow = await recorded(
        alone, a_flow(sms(), sms()), (1, None, ""), (1, Status.FAILED, ""), (2, None, "")
    )
    first, second = await tracked(alone, flow), await tracked(alone, flow)
    assert first == second
    ids = [message["messageId"] for message in first["messages"]]
    assert len(set(ids)) == 2


async def test_a_pin_is_hidden(alone: Api) -> None:
    """Tracking never shows it, whatever its spelling."""
    params = {"pin": "4711", "name": "Acme"}
    flow = await recorded(alone, a_flow(viber(templateParams=params)), (1, None, ""))
    answer = await alone.track(flow.tracking_id)
    (message,) = answer.json()["messages"]
    assert message["templateParams"] == {"pin": "****", "name": "Acme"}
    assert "4711" not in answer.text


async def test_a_message_that_expired_on_delivery_says_when(alone: Api) -> None:
    """Delivered, never seen, expired by its ttl (§7.5)."""
    flow = await recorded(
        alone,
        a_flow(viber(expireOnDelivery=True)),
        (1, None, ""),
        (1, Status.DELIVERED, ""),
        (1, Status.EXPIRED, "TTL Expired"),
    )
    (message,) = (await tracked(alone, flow))["messages"]
    assert message["expireOnDelivery"] is True
    assert message["status"]["name"] == "EXPIRED"
    assert message["expiredOnDeliveryAt"] == iso(flow.created_at + timedelta(seconds=3))


async def test_a_later_snapshot_replaces_an_earlier_one_only(alone: Api) -> None:
    """What arrives late changes nothing."""
    flow = a_flow(sms())
    sealed = await recorded(alone, flow, (1, None, ""), (1, Status.DELIVERED, ""))
    await alone.services.tracking.record(sealed, Progress.of(sealed))
    assert (await tracked(alone, sealed))["status"] == "Succeeded"
