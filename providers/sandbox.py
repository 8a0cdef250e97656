"""The sandbox: a provider of our own, spoken to like any other."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from domain.channels import Sms
from domain.status import Channel, Status
from domain.steps import RequestStep
from providers.base import BadReport, Capabilities, Content, Outgoing, Reply, StatusWord
from providers.credentials import Fixed
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, MaybeSent, SendOutcome
from providers.unknown import unknown

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
"""Their word → our status."""

REASONS = frozenset({"Not Viber User", "Unknown Number"})
"""Their reasons: our own detailed statuses. Any other word is not theirs, and might be anybody's:
what is kept of a report stands in clear."""


class Sandbox:
    """Talks to `failover sandbox` at `url`."""

    name = "sandbox"

    def __init__(self, url: str, deduplicates: bool = True) -> None:
        self._url = url.rstrip("/")
        self.capabilities = Capabilities(
            frozenset(Content),
            deduplicates=deduplicates,
            asks=frozenset(Channel),
            seen=True,
        )
        self.credentials = Fixed()

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """POST /messages."""
        return HttpRequest.json(
            f"{self._url}/messages",
            {
                "reference": outgoing.reference,
                "channel": outgoing.content.channel,
                "to": outgoing.content.recipient,
                "from": outgoing.sender,
                "content": _content(outgoing.content),
                "validity": round(outgoing.validity, 3),
                "reportUrl": outgoing.report_url,
            }
            | ({"inboundUrl": outgoing.inbound_url} if outgoing.inbound_url else {}),
        )

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """2xx carries the message's id; a 4xx is our mistake, and final."""
        if answer.status >= 400:
            return REJECTED
        try:
            return Accepted(str(answer.json()["messageId"]))
        except (KeyError, TypeError):
            return MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """The token is all the proof there is: the sandbox has no signature of its own."""
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """One status a report; unknown words are no news."""
        try:
            return self._words(report.json())
        except (KeyError, TypeError, AttributeError):
            raise BadReport("not a report of the sandbox") from None

    def verify_inbound(self, inbound: RawReport) -> bool:
        """It has no signature, so that only the address of a message is believed."""
        return False

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """One reply: {replyId, text}."""
        told = inbound.json()
        try:
            return (Reply(text=str(told["text"]), reply_id=str(told["replyId"])),)
        except (KeyError, TypeError):
            raise BadReport("not a reply of the sandbox") from None

    def replied_to(self, sender: str) -> str:
        """By its own name, if it named it."""
        return sender

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """GET /messages by the reference, which is known even where no answer came."""
        return HttpRequest("GET", f"{self._url}/messages?{urlencode({'reference': reference})}")

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """It answers as it reports; a message still on its way is no news."""
        try:
            return self._words(answer.json())
        except (KeyError, TypeError, AttributeError):
            return ()

    def _words(self, told: Any) -> Sequence[StatusWord]:
        word, given = str(told["status"]), str(told.get("reason") or "")
        reason = given if given in REASONS else ""
        message_id = str(told.get("messageId") or "")
        if word in STATUSES:
            return (StatusWord(STATUSES[word], reason, message_id[:64]),)
        if word != "queued":
            unknown(self.name, word)
        return ()


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
