"""Kannel, the open-source SMS gateway, by its sendsms service (docs/providers/kannel.md).

Source: Kannel 1.4.5 User's Guide, "Using HTTP to send SMS messages" and "Delivery reports"; what
its headers and its reports do was measured against Debian's package.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import Field, SecretStr

from domain.channels import Sms
from domain.status import Channel, Status
from providers.base import BadReport, Capabilities, Content, NeverAsked, Outgoing, Span, StatusWord
from providers.configuration import BaseUrl, Configuration
from providers.credentials import Fixed
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, CannotCarry, MaybeSent, SendOutcome
from providers.unknown import unknown

STATUSES: Mapping[str, StatusWord] = {
    "1": StatusWord(Status.DELIVERED, "Delivered"),
    "4": StatusWord(Status.SENT, "Sent"),  # buffered
    "8": StatusWord(Status.SENT, "Sent"),  # the SMSC took it
    "16": StatusWord(Status.FAILED, "Message Rejected"),  # the SMSC did not
    "34": StatusWord(Status.UNDELIVERED, "Expired"),  # 2, by a receipt that has no text
}
"""Their %d → our status. 2 and 16 are told apart by what the SMSC said, their %A."""

UNDELIVERED: Mapping[str, StatusWord] = {
    "UNDELIV": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "EXPIRED": StatusWord(Status.UNDELIVERED, "Expired"),
    "REJECTD": StatusWord(Status.FAILED, "Message Rejected"),
    "DELETED": StatusWord(Status.FAILED, "Failed"),
    "UNKNOWN": StatusWord(Status.UNDELIVERED, "Unknown Status"),
    "": StatusWord(Status.UNDELIVERED, "Undelivered"),
}
"""The `stat:` of an SMPP receipt; an SMSC of another kind has none."""

# What becomes of the message: delivered, not delivered, buffered, taken and refused by the SMSC.
EVERY_REPORT = 1 | 2 | 4 | 8 | 16

NOT_ROUTED = frozenset(
    f"NACK/{why}"
    for why in (
        "no SMSC",
        "sender in black-list",
        "sender not in white-list",
        "receiver in black-list",
        "receiver not in white-list",
    )
)
"""Their %A with a 16 about what they answered 403: the next provider may have the step by now."""

WAITED = "NACK/validity expired"
"""Their %A with a 16: the SMSC did not come back in time."""

_STAT = re.compile(r"stat:([A-Z]+)")


class Config(Configuration):
    """How to reach Kannel's smsbox."""

    url: BaseUrl = Field(description="the smsbox's address, such as http://127.0.0.1:13013")
    username: str = Field(description="of a sendsms-user group")
    password: SecretStr
    smsc: str | None = Field(default=None, description="the SMSC to route by, if not Kannel's own")
    longest: int = Field(default=10, ge=1, le=255, description="parts that `max-messages` allows")


class Kannel(NeverAsked):
    """Talks to a smsbox."""

    name = "kannel"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self.capabilities = Capabilities(
            frozenset({Content.SMS}),
            spans={Channel.SMS: Span(60, 86400, unit=60)},
            rate=config.rate,
        )
        self.credentials = Fixed(
            {
                "x-kannel-username": config.username,
                "x-kannel-password": config.password.get_secret_value(),
            }
        )

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """POST /cgi-bin/sendsms: nothing in the address, which is what proxies log.

        Kannel cuts a text longer than its `max-messages` without a word, so that is refused here.
        """
        content = outgoing.content
        if not isinstance(content, Sms):
            raise CannotCarry("Kannel sends Sms only")
        if content.parts > self._config.longest:
            raise CannotCarry("more parts than Kannel would send")
        unicode = content.message.unicode
        headers = {
            # Without it Kannel reads Latin-1; it has no header of its own for the charset.
            "content-type": "text/plain; charset=UTF-8",
            "x-kannel-from": outgoing.sender,
            "x-kannel-to": content.recipient,
            "x-kannel-coding": "2" if unicode else "0",
            "x-kannel-validity": str(self.capabilities.spans[Channel.SMS].fit(outgoing.validity)),
            "x-kannel-dlr-mask": str(EVERY_REPORT),
            "x-kannel-dlr-url": _report_url(outgoing.report_url),
        }
        if content.message.flash:
            headers["x-kannel-mclass"] = "0"
        if self._config.smsc:
            headers["x-kannel-smsc"] = self._config.smsc
        url = f"{self._config.url}/cgi-bin/sendsms"
        return HttpRequest("POST", url, content.message.text.encode(), headers)

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """202 with «0: …» or «3: …» is an accept, without any id; 4xx is our mistake."""
        if answer.status >= 400:
            return REJECTED
        if answer.body.lstrip()[:2] in (b"0:", b"3:"):
            return Accepted()
        return MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """The address's token is all the proof there is: Kannel signs nothing."""
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """A GET with the status, and what the SMSC said."""
        code, answer = report.query.get("status"), report.query.get("answer", "")
        if not code:
            raise BadReport("not a report of Kannel")
        if answer in NOT_ROUTED:
            return ()
        word = STATUSES.get(code)
        if code == "2":
            said = _STAT.search(answer)
            word = UNDELIVERED.get(said[1] if said else "", UNDELIVERED[""])
        elif answer == WAITED:
            word = UNDELIVERED["EXPIRED"]
        if word is None:
            unknown(self.name, code)
            return ()
        return (word,)


def _report_url(address: str) -> str:
    # Kannel fills in what follows a %, so that none of the address's own may stay.
    return f"{quote(address, safe=':/.-_~')}?status=%d&answer=%A"
