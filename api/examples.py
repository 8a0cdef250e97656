"""The OpenAPI document's examples (contract.md §3.3)."""

from typing import Any

VIBER: dict[str, Any] = {
    "type": "Viber",
    "senderInfoTrackingId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
    "to": "+306900000101",
    "order": 1,
    "ttl": 1.5,
    "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
    "templateLang": "el",
    "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
    "deliveryScope": "ALL_DEVICES",
    "seq": 42,
}

SMS: dict[str, Any] = {
    "type": "Sms",
    "from": "AcmeShop",
    "to": "+306900000101",
    "order": 2,
    "ttl": 120,
    "message": {"body": "Parcel 7731 is ready"},
}

CALLBACK: dict[str, Any] = {
    "strategy": "OnCompletion",
    "url": "https://hooks.acme.test/failover",
}

TRANSACTIONAL: dict[str, Any] = {"flow": [VIBER, SMS], "callback": CALLBACK}

TRANSACTIONAL_CREATED: dict[str, Any] = {
    "trackingId": "0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77",
    "flowKind": "transactional",
    "flow": [
        {**VIBER, "failoverOnStatuses": ["Expired", "Failed", "Undelivered"]},
        {
            **SMS,
            "message": {"body": "Parcel 7731 is ready", "flash": False},
            "failoverOnStatuses": ["Undelivered", "Failed"],
        },
    ],
    "callback": CALLBACK,
    "createdAt": "2026-09-01T08:20:00.004Z",
}
