"""What Sinch's three APIs say of a message or a call, in our words (docs/providers/sinch.md).

Source: the models of its Python SDK 2.3, and the pages on delivery reports of the SMS API, on
callbacks of the Conversation API and on webhooks of Voice API 2.0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.status import Channel, Status
from providers.base import BadReport, StatusWord
from providers.unknown import unknown

SMS: Mapping[str, StatusWord] = {
    "QUEUED": StatusWord(Status.QUEUED),
    "DISPATCHED": StatusWord(Status.SENT, "Sent"),
    "DELIVERED": StatusWord(Status.DELIVERED, "Delivered"),
    "FAILED": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "EXPIRED": StatusWord(Status.UNDELIVERED, "Expired"),
    "UNKNOWN": StatusWord(Status.UNDELIVERED, "Unknown Status"),
    "REJECTED": StatusWord(Status.FAILED, "Message Rejected"),  # by the SMSC
    "ABORTED": StatusWord(Status.FAILED, "Failed"),  # before it reached the SMSC
    "CANCELLED": StatusWord(Status.FAILED, "Failed"),
    "DELETED": StatusWord(Status.FAILED, "Failed"),  # by a remote SMSC
}
"""The status of a recipient's delivery report; some accounts get it as «Delivered»."""

VIBER: Mapping[str, StatusWord] = {
    "QUEUED_ON_CHANNEL": StatusWord(Status.SENT),
    "DELIVERED": StatusWord(Status.DELIVERED, "Delivered"),
    "READ": StatusWord(Status.SEEN, "Seen"),
}
"""The status of a message's delivery report; what failed is told apart by its reason."""

# With one channel to choose from, a switch to another is this one's failure.
FAILURES = frozenset({"FAILED", "SWITCHING_CHANNEL"})

_NO_USER = StatusWord(Status.UNDELIVERED, "Not Viber User")
_EXPIRED = StatusWord(Status.EXPIRED, "TTL Expired")
_REJECTED = StatusWord(Status.FAILED, "Message Rejected")
_BROKEN = StatusWord(Status.FAILED, "System Failure")

REASONS: Mapping[str, StatusWord] = {
    "RECIPIENT_NOT_REACHABLE": _NO_USER,
    "RECIPIENT_INVALID_CHANNEL_IDENTITY": _NO_USER,
    "NO_CHANNEL_IDENTITY_FOR_CONTACT": _NO_USER,
    "RECIPIENT_NOT_OPTED_IN": StatusWord(Status.UNDELIVERED, "Opted Out"),
    "DELIVERY_TIMED_OUT": _EXPIRED,
    "DELIVERY_REPORT_TIME_OUT": _EXPIRED,
    "MESSAGE_EXPIRED": _EXPIRED,
    "BAD_REQUEST": _REJECTED,
    "CHANNEL_REJECT": _REJECTED,
    "DELIVERY_REJECTED_DUE_TO_POLICY": _REJECTED,
    "OUTSIDE_ALLOWED_SENDING_WINDOW": _REJECTED,
    "TEMPLATE_INSUFFICIENT_PARAMETERS": _REJECTED,
    "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION": _REJECTED,
    "TEMPLATE_NOT_FOUND": _REJECTED,
    "UNSUPPORTED_OPERATION": _REJECTED,
    "CHANNEL_FAILURE": _BROKEN,
    "INTERNAL_ERROR": _BROKEN,
    "UNKNOWN": _BROKEN,
}
"""The reason's code; every other one is the system's failure as well."""

VOICE: Mapping[str, StatusWord] = {
    "QUEUED": StatusWord(Status.QUEUED),
    "INITIATED": StatusWord(Status.INITIATED),
    "IN_PROGRESS": StatusWord(Status.IN_PROGRESS),
    "COMPLETED": StatusWord(Status.COMPLETED),
    "BUSY": StatusWord(Status.BUSY),
    "REJECTED": StatusWord(Status.BUSY),  # by who was called
    "NO_ANSWER": StatusWord(Status.NO_ANSWER),
    "CANCEL": StatusWord(Status.NO_ANSWER),  # while it rang; nobody but Sinch can
    "FAILED": StatusWord(Status.FAILED),
}
"""A call's result."""

HANGUP = "HANGUP"
"""The event whose call tells the result; our other events are named by the result they mean."""

SCREENED = "screened"
"""The name of a call that only a human may answer: that it ended well is not said by its end."""


def kind(told: Any) -> Channel | None:
    """Whose report that is, by its shape."""
    match told:
        case {"type": "recipient_delivery_report_sms"}:
            return Channel.SMS
        case {"message_delivery_report": _}:
            return Channel.VIBER
        case {"event": _, "call": _}:
            return Channel.VOICE
    return None


def reported(told: Any) -> Sequence[StatusWord]:
    """What a report says.

    Raises:
        BadReport: not in any of the three forms.
    """
    match kind(told), told:
        case Channel.SMS, {"status": str(status)}:
            return _known(status.upper(), SMS.get(status.upper()), told.get("batch_id"))
        case Channel.VIBER, {"message_delivery_report": {"status": str(status)} as report}:
            return _known(status, _viber(status, report), report.get("message_id"))
        case Channel.VOICE, {"event": str(event), "call": {"callResult": str(result)} as call}:
            named = event.rpartition(".")[2]
            return _ended(result, call) if named == HANGUP else _call(named, call)
    raise BadReport("not a report of Sinch")


def asked(told: Any) -> Sequence[StatusWord]:
    """What a batch's delivery report, or a session, says; nothing, where that is not known."""
    match told:
        case {"batch_id": batch, "statuses": [{"status": str(status)}]}:
            return _known(status.upper(), SMS.get(status.upper()), batch)
        case {"sessionId": _, "calls": [{"callResult": str(result)} as call]}:
            return _ended(result, call)
    return ()


def _viber(status: str, report: Mapping[str, Any]) -> StatusWord | None:
    if status not in FAILURES:
        return VIBER.get(status)
    match report:
        case {"reason": {"code": str(code)}}:
            return REASONS.get(code, _BROKEN)
    return _BROKEN


def _ended(result: str, call: Mapping[str, Any]) -> Sequence[StatusWord]:
    """A call by its own result: one to be screened may have been a machine's, or cut short."""
    screened = result == "COMPLETED" and call.get("callName") == SCREENED
    return _call("NO_ANSWER" if screened else result, call)


def _call(result: str, call: Mapping[str, Any]) -> Sequence[StatusWord]:
    seconds = call.get("callDurationSeconds")
    words = _known(result, VOICE.get(result), call.get("sessionId"))
    return [replace(word, duration=seconds if type(seconds) is int else None) for word in words]


def _known(name: str, word: StatusWord | None, message_id: Any) -> Sequence[StatusWord]:
    if word is None:
        unknown("sinch", name)
        return ()
    return (replace(word, message_id=str(message_id or "")[:64]),)
