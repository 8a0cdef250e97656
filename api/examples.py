"""The OpenAPI document's examples (contract.md §2.7, §3.3)."""

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

MESSAGE: dict[str, Any] = {
    "type": "Viber",
    "senderInfoTrackingId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
    "to": "+306900000101",
    "order": 1,
    "ttl": 2.5,
    "expireOnDelivery": True,
    "label": "pickup-7731",
    "inboundUrl": "https://hooks.acme.test/in",
    "message": {
        "text": "Parcel 7731 is ready",
        "imageUrl": "https://cdn.acme.test/p.png",
        "action": {"caption": "Track", "targetUrl": "https://acme.test/t/7731"},
    },
    "failoverOnStatuses": ["EXPIRED", "FAILED", "UNDELIVERED"],
}

DIAL_PLAN: dict[str, Any] = {
    "verbs": [
        {
            "type": "SAY",
            "repeat": 1,
            "bargeIn": False,
            "message": {
                "language": "el-GR",
                "gender": "female",
                "text": "Το δέμα σας είναι έτοιμο",
            },
        }
    ]
}

CALL: dict[str, Any] = {
    "type": "Voice",
    "from": "302310000222",
    "to": {"phone": "+306900000101"},
    "order": 2,
    "machineDetection": {"strategy": "Hangup"},
    "failoverOnStatuses": ["Busy", "NoAnswer"],
}

LABELLED: dict[str, Any] = {
    "type": "Sms",
    "from": "AcmeShop",
    "to": "+306900000101",
    "order": 3,
    "ttl": 60,
    "message": {
        "body": "Parcel 7731 is ready",
        "flash": False,
        "label": "pickup-7731",
        "transcode": True,
    },
}

STEPWISE: dict[str, Any] = {"strategy": "OnStep", "url": "https://hooks.acme.test/failover"}

STANDARD: dict[str, Any] = {
    "flow": [MESSAGE, {**CALL, "dialPlan": DIAL_PLAN}, LABELLED],
    "callback": STEPWISE,
}

STANDARD_CREATED: dict[str, Any] = {
    "trackingId": "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02",
    "flow": [
        MESSAGE,
        {**CALL, "dialPlans": [DIAL_PLAN]},
        {**LABELLED, "failoverOnStatuses": ["Undelivered", "Failed"]},
    ],
    "callback": STEPWISE,
    "createdAt": "2026-09-01T08:15:30.120Z",
}

REPLAY: dict[str, Any] = {"since": "2026-09-01T08:00:00Z", "until": "2026-09-01T12:00:00Z"}

REPLAY_TAKEN: dict[str, Any] = {"callbacks": 12, "flows": 9, "more": False}

TOLD: dict[str, Any] = {
    "id": "msg_c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02-3",
    "trackingId": "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02",
    "applicationId": "64d0f2a1c9e77b0012ab34cd",
    "sequence": 3,
    "state": "Dead",
    "happenedAt": "2026-09-01T08:15:30.120Z",
    "replays": 0,
    "attempts": [{"at": "2026-09-01T08:15:30.200Z", "status": 410, "fault": "", "seconds": 0.031}],
}

TOLD_IN_FULL: dict[str, Any] = {
    **TOLD,
    "origin": "https://hooks.acme.test",
    "body": {"trackingId": TOLD["trackingId"], "status": "Succeeded"},
    "answer": "no such shop",
}
