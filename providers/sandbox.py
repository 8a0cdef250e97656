"""The sandbox: a provider of our own, spoken to like any other."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog

from domain.channels import Sms
from domain.status import Channel, Status
from domain.steps import RequestStep
from providers.base import (
    Accepted,
    BadReport,
    Capabilities,
    HttpAnswer,
    HttpRequest,
    MaybeSent,
    Outgoing,
    RawReport,
    Refused,
    SendOutcome,
    StatusWord,
)

STATUSES: Mapping[str, Status] = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "seen": Status.SEEN,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "ringing": Status.RINGING,
    "completed": Status.COMPLETED,
    "busy": Status.BUSY,
    "no-answer": Status.NO_ANSWER,
}
"""Their word → our status; their reason is one of our own detailed statuses."""

_log = structlog.get_logger()


class Sandbox:
    """Talks to `failover sandbox` at `url`."""

    name = "sandbox"

    def __init__(self, url: str, deduplicates: bool = True) -> None:
        self._url = url.rstrip("/")
        self.capabilities = Capabilities(frozenset(Channel), deduplicates)
        self._unknown = set[str]()

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """POST /messages."""
        return HttpRequest(
            method="POST",
            url=f"{self._url}/messages",
            body={
                "reference": outgoing.reference,
                "channel": outgoing.content.channel,
                "to": outgoing.content.recipient,
                "from": outgoing.sender,
                "content": _content(outgoing.content),
                "validity": round(outgoing.validity, 3),
                "reportUrl": outgoing.report_url,
            },
        )

    def read_answer(self, answer: HttpAnswer) -> SendOutcome:
        """2xx carries the message's id; a 4xx is our mistake, and final."""
        if answer.status >= 400:
            return Refused(Status.FAILED, "Message Rejected", our_fault=True)
        try:
            return Accepted(str(orjson.loads(answer.body)["messageId"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """The token is all the proof there is: the sandbox has no signature of its own."""
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """One status a report; unknown words are no news."""
        try:
            told = orjson.loads(report.body)
            word, reason = str(told["status"]), str(told.get("reason") or "")
            message_id = str(told.get("messageId") or "")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise BadReport("not a report of the sandbox") from None
        if word not in STATUSES:
            self._note_unknown(word)
            return ()
        return (StatusWord(STATUSES[word], reason[:64], message_id[:64]),)

    def _note_unknown(self, word: str) -> None:
        if word not in self._unknown and len(self._unknown) < 100:
            self._unknown.add(word)
            _log.warning("unknown status", provider=self.name, status=word[:32])


OURS = frozenset(
    {
        "type", "order", "to", "from", "ttl", "failoverOnStatuses", "expireOnDelivery",
        "inboundUrl", "senderInfoTrackingId", "seq",
    }
)  # fmt: skip
"""Members of a request step that a provider has no use for, or gets by another name."""


def _content(step: RequestStep) -> dict[str, Any]:
    members = {name: value for name, value in step.echo().items() if name not in OURS}
    if isinstance(step, Sms):
        members["message"] |= {"body": step.message.text}
    return members
