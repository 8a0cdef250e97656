"""A flow as its client reads it: whole objects (contract.md §5.3, §6.3, §6.4)."""

import json
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.flow import Flow, Kind
from domain.progress import Progress
from domain.status import Status
from storage.seal import Sealer
from tests.samples import sms, viber, voice
from tests.tracking.flows import TRACKING_ID, later, progress_of, report, sealed_flow
from tracking.view import view

FLOW = UUID(TRACKING_ID)


def _read(flow: Flow, progress: Progress, sealer: Sealer) -> dict[str, Any]:
    """What goes out, as the client's JSON parser gives it."""
    read: dict[str, Any] = json.loads(view(flow, progress, sealer).model_dump_json())
    return read


def _id(name: str) -> str:
    return str(uuid5(FLOW, name))


@pytest.mark.field(
    "§6.3",
    "trackingId",
    "flowKind",
    "messages",
    "status",
    "totalPrice",
    "originatingService",
    "applicationId",
    "createdAt, updatedAt",
    "Sms",
    "Viber by template",
)
def test_viber_expired_sms_delivered(sealer: Sealer) -> None:
    """Worked example A, with a template; every member, and no other."""
    flow = sealed_flow(
        sealer,
        viber(
            ttl=2.5, seq=42, inboundUrl="https://hooks.acme.test/in", failoverOnStatuses="EXPIRED"
        ),
        sms(ttl=60, message={"body": "Parcel 7731 is ready", "label": "pickup-7731"}),
    )
    progress = progress_of(
        flow,
        0.28,
        report(1, Status.QUEUED, 0.5),
        report(1, Status.EXPIRED, 151.18, reason="TTL Expired"),
        151.49,
        report(2, Status.SENT, 152),
        report(2, Status.DELIVERED, 155.88),
    )
    assert _read(flow, progress, sealer) == {
        "trackingId": TRACKING_ID,
        "flowKind": "transactional",
        "messages": [
            {
                "type": "Viber",
                "trackingId": _id("1/trackingId"),
                "to": "+306900000101",
                "from": "AcmeShop",
                "country": "GR",
                "ttl": 2.5,
                "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
                "templateLang": "en",
                "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
                "deliveryScope": "PRIMARY_DEVICE",
                "seq": 42,
                "expireOnDelivery": False,
                "expiredOnDeliveryAt": None,
                "inboundUrl": "https://hooks.acme.test/in",
                "status": {
                    "name": "EXPIRED",
                    "reason": {
                        "detailedStatus": "TTL Expired",
                        "description": "Not delivered before its time to live ran out.",
                    },
                    "updatedDate": "2026-09-01T08:18:01.300Z",
                },
                "failoverOnStatuses": ["EXPIRED"],
                "order": 1,
                "price": 0.0,
                "createdAt": "2026-09-01T08:15:30.400Z",
            },
            {
                "type": "Sms",
                "messageId": _id("2/messageId"),
                "smsId": str(uuid5(UUID(_id("2/messageId")), "part 1")),
                "to": "+306900000101",
                "from": "AcmeShop",
                "country": "GR",
                "ttl": 60,
                "status": {
                    "name": "Delivered",
                    "reason": {
                        "detailedStatus": "Delivered",
                        "description": "Delivered to the recipient.",
                    },
                    "updatedDate": "2026-09-01T08:18:06.000Z",
                },
                "body": "Parcel 7731 is ready",
                "label": "pickup-7731",
                "failoverOnStatuses": ["Undelivered", "Failed"],
                "order": 2,
                "part": 1,
                "parts": 1,
                "latency": 4,
                "price": 0.0,
                "createdAt": "2026-09-01T08:18:01.610Z",
            },
        ],
        "terminationChannel": "Sms",
        "status": "Succeeded",
        "statusCode": None,
        "totalPrice": 0.0,
        "originatingService": "Failover",
        "applicationId": "64d0f2a1c9e77b0012ab34cd",
        "createdAt": "2026-09-01T08:15:30.120Z",
        "updatedAt": "2026-09-01T08:18:06.000Z",
    }


@pytest.mark.field("§6.3", "statusCode", "terminationChannel")
def test_all_steps_failed(sealer: Sealer) -> None:
    """Worked example B: statusCode 2, by the last channel tried."""
    flow = sealed_flow(sealer, viber(seq=1), sms())
    progress = progress_of(
        flow,
        1.0,
        report(1, Status.UNDELIVERED, 2, reason="Not Viber User"),
        3.0,
        report(2, Status.UNDELIVERED, 9, reason="Unknown Number"),
    )
    read = _read(flow, progress, sealer)
    assert (read["status"], read["statusCode"]) == ("Failed", "2")
    assert read["terminationChannel"] == "Sms"
    told = [(each["status"]["name"], each["status"]["reason"]) for each in read["messages"]]
    assert told == [
        (
            "UNDELIVERED",
            {
                "detailedStatus": "Not Viber User",
                "description": "The number has no Viber account.",
            },
        ),
        (
            "Undelivered",
            {"detailedStatus": "Unknown Number", "description": "The number is unknown."},
        ),
    ]
    assert read["messages"][1]["latency"] == 6


@pytest.mark.field("§6.3", "Voice", "terminationChannel")
def test_a_busy_call(sealer: Sealer) -> None:
    """Worked example C's first message; every member, and no other."""
    say = {"type": "SAY", "repeat": 1, "message": {"language": "en-GB", "text": "Pickup reminder"}}
    flow = sealed_flow(sealer, voice(dialPlan={"verbs": [say]}), sms())
    progress = progress_of(flow, 0.23, report(1, Status.BUSY, 7.88), 8.33)
    read = _read(flow, progress, sealer)
    assert read["messages"][0] == {
        "type": "Voice",
        "messageId": _id("1/messageId"),
        "conversationTrackingId": _id("1/conversationTrackingId"),
        "to": {"phone": "+306900000101"},
        "from": "302310000222",
        "country": "GR",
        "status": {
            "name": "Busy",
            "reason": {"detailedStatus": "Busy", "description": "The line was engaged."},
            "updatedDate": "2026-09-01T08:15:38.000Z",
        },
        "dialPlans": [
            {
                "verbs": [
                    {
                        "type": "SAY",
                        "repeat": 1,
                        "bargeIn": False,
                        "message": {
                            "language": "en-GB",
                            "gender": "female",
                            "text": "Pickup reminder",
                        },
                    }
                ]
            }
        ],
        "duration": 0,
        "direction": "Outbound",
        "price": 0.0,
        "order": 1,
        "failoverOnStatuses": ["Busy", "NoAnswer"],
        "createdAt": "2026-09-01T08:15:30.350Z",
    }
    assert (read["status"], read["statusCode"], read["terminationChannel"]) == (
        "InProgress",
        None,
        None,
    )


@pytest.mark.field("§6.3", "messages", "status")
def test_a_flow_that_has_not_begun(sealer: Sealer) -> None:
    """Queued, with no message: steps not attempted have no ids and no status."""
    flow = sealed_flow(sealer, viber(seq=1), sms())
    assert _read(flow, Progress.of(flow), sealer) == {
        "trackingId": TRACKING_ID,
        "flowKind": "transactional",
        "messages": [],
        "terminationChannel": None,
        "status": "Queued",
        "statusCode": None,
        "totalPrice": 0.0,
        "originatingService": "Failover",
        "applicationId": "64d0f2a1c9e77b0012ab34cd",
        "createdAt": "2026-09-01T08:15:30.120Z",
        "updatedAt": "2026-09-01T08:15:30.120Z",
    }


@pytest.mark.field("§6.3", "flowKind")
def test_a_standard_flow_has_no_kind(sealer: Sealer) -> None:
    """The member is left out, not null."""
    flow = sealed_flow(sealer, sms(), kind=Kind.STANDARD)
    assert "flowKind" not in _read(flow, Progress.of(flow), sealer)


@pytest.mark.field("§6.3", "statusCode", "terminationChannel")
def test_a_cancelled_flow(sealer: Sealer) -> None:
    """statusCode 3; the step in flight keeps its status (§5.5)."""
    flow = sealed_flow(sealer, viber(seq=1), sms())
    progress = progress_of(flow, 1.0, report(1, Status.QUEUED, 2)).cancelled(flow, later(9))
    read = _read(flow, progress, sealer)
    assert (read["status"], read["statusCode"]) == ("Failed", "3")
    assert read["terminationChannel"] == "Viber"
    assert [each["status"]["name"] for each in read["messages"]] == ["QUEUED"]
    assert read["updatedAt"] == "2026-09-01T08:15:39.120Z"


def test_ids_are_stable_and_no_two_are_equal(sealer: Sealer) -> None:
    """They are made from the tracking id and the step's place: nothing is stored for them."""

    def ids(tracking_id: str) -> list[str]:
        flow = sealed_flow(sealer, viber(seq=1), sms(), sms(), voice(), tracking_id=tracking_id)
        messages = _read(flow, progress_of(flow, 1.0, 2.0, 3.0, 4.0), sealer)["messages"]
        names = ("trackingId", "messageId", "smsId", "conversationTrackingId")
        return [message[name] for message in messages for name in names if name in message]

    other = "0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77"
    assert ids(TRACKING_ID) == ids(TRACKING_ID)
    assert len(set(ids(TRACKING_ID) + ids(other))) == 14
