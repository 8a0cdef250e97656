"""The demonstration's flows, and how each must end."""

from dataclasses import dataclass
from typing import Any

from accounts.demonstration import ACME_SHOP, PARCEL


@dataclass(frozen=True)
class Story:
    """A flow to post, and the steps' statuses, outcome and price that prove it right."""

    title: str
    steps: tuple[dict[str, Any], ...]
    ends: tuple[str, ...]
    status: str
    code: str | None = None
    price: float = 0.0
    path: str = "/failover/transactional"


def _viber(number: str, ttl: float = 10) -> dict[str, Any]:
    return {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": number,
        "ttl": ttl,
        "templateId": PARCEL.id,
        "templateLang": "en",
        "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
    }


def _free_form(number: str) -> dict[str, Any]:
    return {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": number,
        "ttl": 0.5,
        "expireOnDelivery": True,
        "message": {
            "text": "Parcel 7731 is ready",
            "imageUrl": "https://cdn.acme.test/parcel.png",
            "action": {"caption": "Track", "targetUrl": "https://acme.test/t/7731"},
        },
    }


def _sms(number: str) -> dict[str, Any]:
    message = {"body": "Parcel 7731 is ready"}
    return {"type": "Sms", "from": ACME_SHOP.name, "to": number, "ttl": 60, "message": message}


def _voice(number: str) -> dict[str, Any]:
    text = {"language": "en-GB", "text": "Your parcel is ready"}
    plan = {"verbs": [{"type": "SAY", "message": text}]}
    return {"type": "Voice", "from": "302310000222", "to": {"phone": number}, "dialPlan": plan}


DELIVERED, NO_VIBER, BUSY, SILENT, NOTHING, UNREAD = (
    f"+30690000{digits}" for digits in ("0101", "0102", "0103", "0104", "0105", "0117")
)

STORIES = (
    Story(
        "Viber delivers",
        (_viber(DELIVERED), _sms(DELIVERED)),
        ("Viber DELIVERED",),
        "Succeeded",
        price=0.01,
    ),
    Story(
        "not a Viber user, so Sms",
        (_viber(NO_VIBER), _sms(NO_VIBER)),
        ("Viber UNDELIVERED", "Sms Delivered"),
        "Succeeded",
        price=0.05,
    ),
    Story(
        "the line is busy, so Sms",
        (_voice(BUSY), _sms(BUSY)),
        ("Voice Busy", "Sms Delivered"),
        "Succeeded",
        price=0.09,
    ),
    Story(
        "everything fails",
        (_viber(NOTHING), _sms(NOTHING), _voice(NOTHING)),
        ("Viber FAILED", "Sms Undelivered", "Voice NoAnswer"),
        "Failed",
        "2",
        price=0.10,
    ),
    Story(
        "Viber is silent for 0.5 min, so Sms",
        (_viber(SILENT, ttl=0.5), _sms(SILENT)),
        ("Viber EXPIRED", "Sms Delivered"),
        "Succeeded",
        price=0.05,
    ),
    Story(
        "delivered but unread for 0.5 min, so Sms",
        (_free_form(UNREAD), _sms(UNREAD)),
        ("Viber EXPIRED", "Sms Delivered"),
        "Succeeded",
        price=0.05,
        path="/failover",
    ),
)
