"""What a developer's receiver makes of callbacks: of ours, and of a stranger's."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.arrivals import LONGEST, Arrival, Arrivals, ReplyTold, read
from domain.inbound import InboundMessage
from domain.status import Status
from egress.signing import headers
from storage.seal import Sealer
from tests.samples import sms, viber, voice
from tests.tracking.flows import START, TRACKING_ID, progress_of, report, sealed_flow
from tracking.view import view

NOW = START.timestamp()
KEY, OLD = ("whsec_" + each * 43 + "=" for each in "AB")
NAMES = {KEY: "key 1", OLD: "key 2"}
ID = "msg_c2a8b0f4-3"
BODY = b'{"trackingId": "c2a8b0f4", "status": "Queued", "messages": []}'


def taken(arrivals: Arrivals, body: bytes = BODY, keys: tuple[str, ...] = (KEY,)) -> Arrival:
    """What there is to say of that body, signed by these keys."""
    return arrivals.take(headers(ID, body, keys, int(NOW)), body, NOW)


def shown(told: object) -> dict[str, Any]:
    """As JSON has it, without what has no value."""
    assert not isinstance(told, str), told
    dumped: dict[str, Any] = told.model_dump(mode="json", exclude_none=True)  # type: ignore[attr-defined]
    return dumped


def test_a_flow_is_told_as_it_stands(sealer: Sealer) -> None:
    """From the bytes that clients get; of a message only its step, and its number masked."""
    flow = sealed_flow(sealer, viber(ttl=2.5), sms(ttl=60))
    progress = progress_of(flow, 0.28, report(1, Status.EXPIRED, 151.18), 151.49)
    progress = progress.after(flow, report(2, Status.DELIVERED, 155.88))
    body = view(flow, progress, sealer).model_dump_json().encode()
    assert shown(read(body)) == {
        "trackingId": TRACKING_ID,
        "status": "Succeeded",
        "messages": [
            {"order": 1, "type": "Viber", "to": "+3069****0101", "status": {"name": "EXPIRED"}},
            {"order": 2, "type": "Sms", "to": "+3069****0101", "status": {"name": "Delivered"}},
        ],
    }


@pytest.mark.parametrize(
    ("to", "masked"),
    [({"phone": "+306900000103"}, "+3069****0103"), ({"sip": "nadia@pbx.test"}, "****@pbx.test")],
)
def test_a_call_has_its_number_masked_too(
    sealer: Sealer, to: Mapping[str, str], masked: str
) -> None:
    """There it stands one level deeper."""
    flow = sealed_flow(sealer, {**voice(), "to": to})
    body = view(flow, progress_of(flow, 0.1), sealer).model_dump_json().encode()
    (message,) = shown(read(body))["messages"]
    assert message["to"] == masked


def test_a_reply_is_told_with_its_number_masked() -> None:
    """Who says what, to which sender, and about which message."""
    reply = InboundMessage(
        from_="+306900000101",
        to="AcmeShop",
        message="Thanks!",
        sent_date=datetime(2026, 9, 1, tzinfo=UTC),
        reference_tracking_id="e0c1a7de",
    )
    told = read(reply.model_dump_json().encode())
    assert isinstance(told, ReplyTold)
    assert shown(told) == {
        "referenceTrackingId": "e0c1a7de",
        "from": "+3069****0101",
        "to": "AcmeShop",
        "message": "Thanks!",
    }


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "the body is no JSON (0 bytes)"),
        (b"status=Succeeded", "the body is no JSON (16 bytes)"),
        (b'{"status": "\xff"}', "the body is no JSON (15 bytes)"),
        (b"[" * 100_000, "the body is no JSON (100000 bytes)"),
        (b"[]", "the body is JSON, but tells of neither a flow nor a reply (2 bytes)"),
        (b"{}", "the body is JSON, but tells of neither a flow nor a reply (2 bytes)"),
        (
            b'{"trackingId": "c2", "status": "Queued", "messages": [{"order": 1}]}',
            "the body is JSON, but tells of neither a flow nor a reply (68 bytes)",
        ),
    ],
)
def test_another_body_is_called_what_it_is(body: bytes, what: str) -> None:
    """Whoever tries the receiver with something else is told so, without its content."""
    arrival = Arrivals(NAMES).take({}, body, NOW)
    assert (arrival.odd, arrival.flow, arrival.reply) == (what, None, None)


def test_it_is_said_which_key_has_signed() -> None:
    """The newest of a rotation, or the old one; by its name only."""
    arrivals = Arrivals(NAMES)
    assert taken(arrivals).signed_by == "key 1"
    assert taken(arrivals, keys=(OLD,)).signed_by == "key 2"
    assert taken(arrivals, keys=(OLD, KEY)).signed_by == "key 1"


def test_it_is_said_what_is_wrong_with_a_signature() -> None:
    """Exactly, or its developer guesses."""
    unsigned = taken(Arrivals(NAMES), keys=())
    assert (unsigned.signed_by, unsigned.fault) == (None, "there is no webhook-signature")
    foreign = taken(Arrivals({OLD: "the key"}))
    assert foreign.fault is not None
    assert foreign.fault.startswith("the signature is not by the key")


def test_a_repetition_is_compared_with_the_first() -> None:
    """The same id must have the same bytes for ever; what has no id is never one."""
    arrivals = Arrivals(NAMES)
    other = BODY.replace(b"Queued", b"Failed")
    assert [taken(arrivals, body).same_bytes for body in (BODY, BODY, other, BODY)] == [
        None, True, False, True,
    ]  # fmt: skip
    assert [arrivals.take({}, BODY, NOW).same_bytes for _ in range(2)] == [None, None]


def test_all_is_counted() -> None:
    """For the last line."""
    arrivals = Arrivals(NAMES)
    for keys in ((KEY,), (KEY,), ()):
        taken(arrivals, keys=keys)
    assert (arrivals.received, arrivals.repeated, arrivals.wrong) == (3, 2, 1)


def test_what_is_shown_cannot_steer_a_terminal() -> None:
    """The port may be found by anybody, and a reply is a stranger's text."""
    body = (
        b'{"referenceTrackingId": "\\u001b[2J", "from": "\\u0007+30\\n", "to": "\\u202eA",'
        b' "message": "' + b"x" * 500 + b'\\r"}'
    )
    wild = {"webhook-id": "\x1b]0;title\x07", "x-failover-sequence": "\x9b1"}
    arrival = Arrivals(NAMES).take(wild, body, NOW)
    assert arrival.reply
    texts = [arrival.webhook_id, arrival.sequence, *arrival.reply.model_dump().values()]
    assert [text for text in texts if not str(text).isprintable()] == []
    assert len(arrival.reply.message) == LONGEST
