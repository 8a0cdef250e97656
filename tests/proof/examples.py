"""Records of a run in which all is right: what the judge's tests break in one place each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from tests.chaos.evidence import Receipt
from tests.proof.evidence import Callbacks, Records
from tests.proof.faults.base import Strike
from tests.proof.forging import FOREIGN, Forgery
from tests.proof.ledger import Entry, Try
from tests.proof.plan import FlowPlan, Round
from tests.proof.provider import Reported, Request
from tests.proof.stories import Story, Task, Told

FLOW = "16304dc9-f1cd-4625-b203-0f28f03d495c"
BEGAN = datetime(2026, 9, 1, 8, 15, tzinfo=UTC).timestamp()
PLAN = FlowPlan(7, 0.0, "0102", ("Viber", "Sms"))
VIBER, SMS = f"{FLOW}.1", f"{FLOW}.2"

Steps = Sequence[Mapping[str, Any]]


def records(*, dedupes: bool = True) -> Records:
    """One flow whose Viber step fails and whose Sms step is delivered, amid one kill.

    The client was answered at its second try; the provider was asked twice for the Viber step,
    as the worker was killed meanwhile, or once if it forgets; the first callback was lost once.
    """
    return Records(
        dedupes=dedupes,
        entries=[_entry()],
        strikes=[_strike()],
        requests={
            VIBER: [
                Request(BEGAN + 1, VIBER, 1, 202, BEGAN + 1.1, taken=True),
                *([Request(BEGAN + 5, VIBER, 2, 200, BEGAN + 5.1)] if dedupes else []),
            ],
            SMS: [Request(BEGAN + 7, SMS, 1, 202, BEGAN + 7.1, taken=True)],
        },
        reports={
            VIBER: [
                Reported(BEGAN + 2, VIBER, "undelivered"),
                Reported(BEGAN + 5.8, VIBER, "undelivered", True, BEGAN + 6),
            ],
            SMS: [Reported(BEGAN + 7.8, SMS, "delivered", True, BEGAN + 8)],
        },
        receipts={PLAN.path: _receipts()},
        shown={FLOW: {**_bodies()[-1]}},
        callbacks={FLOW: Callbacks(_callbacks(), _callbacks(), BEGAN + 60)},
        stories={FLOW: story()},
        forgeries=[
            Forgery(BEGAN + 3, "expired", FLOW, 404),
            Forgery(BEGAN + 3, FOREIGN, FLOW, 200),
            Forgery(BEGAN + 3, "tampered with", FLOW, None),
        ],
        texts={"worker-a-000.log": b'{"event": "worker ready"}'},
        secrets={"master key": b"AAAA"},
        workers={"1@here": "worker-a", "2@here": "worker-b"},
    )


def story() -> Story:
    """The flow's, with the victim's send taken over after four seconds."""
    steps: Steps = [{"order": 1, "status": None}]
    later: Steps = [{"order": 1, "status": "Undelivered"}, {"order": 2, "status": None}]
    ended: Steps = [later[0], {"order": 2, "status": "Delivered"}]
    outcome = {"status": "Succeeded", "code": None, "channel": "Sms"}
    return Story(
        began=BEGAN + 0.1,
        ended=BEGAN + 9,
        end="completed",
        failures=[["Expired", "Failed", "Undelivered"], ["Undelivered", "Failed"]],
        tasks=[
            Task("send_step", BEGAN + 0.5, known(steps), BEGAN + 4.9, 2, "2@here", BEGAN + 5.2),
            Task("send_step", BEGAN + 6.2, known(later), BEGAN + 6.4, 1, "2@here", BEGAN + 7.2),
            Task("publish", BEGAN + 8, known(ended, outcome), BEGAN + 8.2, 1, "1@here", BEGAN + 9),
        ],
        told=[Told(BEGAN + 5.9, 1, "Undelivered"), Told(BEGAN + 7.9, 2, "Delivered")],
        raw=b"+3069****0102 v1.k1.sealed",
    )


def known(steps: Steps, outcome: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Progress, as an activity is given it."""
    return {"steps": steps, "outcome": outcome, "updatedAt": "2026-09-01T08:15:07.950Z"}


def _entry() -> Entry:
    tries = [
        Try("api-a", BEGAN, BEGAN + 0.2, None),
        Try("api-b", BEGAN + 0.7, BEGAN + 0.9, 503, '{"code":"503000000"}'),
        Try("api-a", BEGAN + 1.0, BEGAN + 1.2, 200),
    ]
    return Entry("dedupes-1", 0, PLAN, tries, FLOW)


def _strike() -> Strike:
    strike = Strike(Round(0, "worker killed: answer on its way", "s 0", 0.5, [PLAN]))
    return replace(
        strike, at=BEGAN + 1.5, over=BEGAN + 3, proofs=["pid 1 gone"], victims=["worker-a"]
    )


def _bodies() -> Sequence[Mapping[str, Any]]:
    common = {"trackingId": FLOW, "statusCode": None, "terminationChannel": None}
    stands = [
        (1, "InProgress", 1),
        (2, "InProgress", 1),
        (3, "InProgress", 2),
        (4, "Succeeded", 2),
    ]
    return [
        {
            **common,
            "messages": [{}] * messages,
            "status": status,
            "terminationChannel": "Sms" if status == "Succeeded" else None,
            "updatedAt": f"2026-09-01T08:15:0{place + 3}.000Z",
        }
        for place, status, messages in stands
    ]


SEQUENCES = (2, 3, 5, 6)
"""A step's beginning has a number, and is not told."""


def _callbacks() -> Sequence[Mapping[str, Any]]:
    return [_callback(seq, body) for seq, body in zip(SEQUENCES, _bodies(), strict=True)]


def _callback(seq: int, body: Mapping[str, Any]) -> Mapping[str, Any]:
    attempt = {"at": "2026-09-01T08:15:09.000Z", "status": 200, "fault": "", "seconds": 0.1}
    return {
        "id": f"msg_{FLOW}-{seq}",
        "sequence": seq,
        "state": "Delivered",
        "replays": 0,
        "attempts": [attempt],
        "body": body,
    }


def _receipts() -> Sequence[Receipt]:
    bodies = _bodies()
    first = receipt(SEQUENCES[0], bodies[0], 4)
    rest = [receipt(seq, body, seq + 2) for seq, body in zip(SEQUENCES, bodies, strict=True)]
    return [first, *rest]


def receipt(seq: int, body: Mapping[str, Any], second: float) -> Receipt:
    """An arrival of that callback, so many seconds after the beginning."""
    return Receipt(
        part=1,
        at=BEGAN + second,
        phase="healthy",
        path=PLAN.path,
        event=f"msg_{FLOW}-{seq}",
        seq=seq,
        timestamp=str(int(BEGAN + second)),
        signature="v1,signed",
        signed=True,
        digest=sha256(orjson.dumps(body)).hexdigest(),
        status=200,
    )
