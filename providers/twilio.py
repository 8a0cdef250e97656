"""Twilio, by its REST API of 2010-04-01: Sms and calls (docs/providers/twilio.md).

Source: Twilio's OpenAPI document twilio_api_v2010 (tests/prism/ sends against it), its pages on
status callbacks, request validation and answering machine detection, and its error dictionary.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from domain.channels import Sms, Voice
from domain.status import Channel, Status
from providers.base import BadReport, Capabilities, Content, Outgoing, Span, StatusWord
from providers.configuration import BaseUrl, Configuration
from providers.credentials import basic
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, CannotCarry, MaybeSent, Refused, SendOutcome
from providers.twilio_signature import is_signed
from providers.twiml import twiml
from providers.unknown import unknown

MESSAGES: Mapping[str, StatusWord] = {
    "accepted": StatusWord(Status.QUEUED, "Queued"),
    "scheduled": StatusWord(Status.QUEUED, "Queued"),
    "queued": StatusWord(Status.QUEUED, "Queued"),
    "sending": StatusWord(Status.QUEUED, "Queued"),
    "sent": StatusWord(Status.SENT, "Sent"),
    "partially_delivered": StatusWord(Status.SENT, "Sent"),
    "delivered": StatusWord(Status.DELIVERED, "Delivered"),
    "read": StatusWord(Status.DELIVERED, "Delivered"),  # by RCS; an Sms is never seen
    "undelivered": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "failed": StatusWord(Status.FAILED, "Failed"),
    "canceled": StatusWord(Status.FAILED, "Failed"),
}
"""A message's status → ours. The failures are told apart by their error code."""

ERRORS: Mapping[str, StatusWord] = {
    "21610": StatusWord(Status.FAILED, "Opted Out"),
    "30003": StatusWord(Status.UNDELIVERED, "Undelivered on Handset"),
    "30004": StatusWord(Status.UNDELIVERED, "Call Barred"),
    "30005": StatusWord(Status.UNDELIVERED, "Unknown Number"),
    "30007": StatusWord(Status.UNDELIVERED, "Carrier Violation"),
    "30008": StatusWord(Status.UNDELIVERED, "Unknown Status"),
    "30036": StatusWord(Status.UNDELIVERED, "Expired"),
}
"""What went wrong with a message that is `undelivered` or `failed`."""

CALLS: Mapping[str, StatusWord] = {
    "queued": StatusWord(Status.QUEUED, "Queued"),
    "initiated": StatusWord(Status.INITIATED, "Initiated"),
    "ringing": StatusWord(Status.RINGING, "Ringing"),
    "in-progress": StatusWord(Status.IN_PROGRESS, "In Progress"),
    "completed": StatusWord(Status.COMPLETED, "Completed"),
    "busy": StatusWord(Status.BUSY, "Busy"),
    "no-answer": StatusWord(Status.NO_ANSWER, "No Answer"),
    "failed": StatusWord(Status.FAILED, "Failed"),
    "canceled": StatusWord(Status.FAILED, "Failed"),
}
"""A call's status → ours."""

NOBODY = StatusWord(Status.NO_ANSWER, "No Answer")
"""A completed call that a machine answered (contract.md §8)."""

REFUSALS: Mapping[str, Refused] = {
    "21211": Refused(Status.FAILED, "Unknown Number"),  # no valid To
    "21217": Refused(Status.FAILED, "Unknown Number"),  # the same of a call
    "21610": Refused(Status.FAILED, "Opted Out"),
    "21614": Refused(Status.FAILED, "Unknown Number"),  # no mobile number
    "21635": Refused(Status.FAILED, "Unknown Number"),  # a landline
}
"""Errors that are the recipient's. All others are the account's: also 21408 and 21215, countries
that it may not send to or call, and 21612 and 13224, numbers that Twilio has no route to."""

LONGEST_BODY = 1600
"""Characters of a message, in UTF-16: an emoji counts as two (error 21617)."""

_NUMBER = re.compile(r"\+?([0-9]+)")
_SECONDS = re.compile("[0-9]{1,6}")
_SHORT_CODE = 6


def _sid(prefix: str) -> str:
    return f"^{prefix}[0-9a-fA-F]{{32}}$"


class Config(Configuration):
    """Whose account it is."""

    account_sid: str = Field(pattern=_sid("AC"), description="the account, AC…")
    api_key_sid: str | None = Field(default=None, pattern=_sid("SK"), description="API key, SK…")
    api_key_secret: SecretStr | None = Field(default=None, description="the API key's secret")
    auth_token: SecretStr | None = Field(
        default=None, description="signs reports; without an API key it also signs us in"
    )
    messaging_service_sid: str | None = Field(
        default=None, pattern=_sid("MG"), description="picks an Sms's sender instead of its `from`"
    )
    base_url: BaseUrl = Field(
        default="https://api.twilio.com", description="where its API is; regions have their own"
    )

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if (self.api_key_sid is None) is not (self.api_key_secret is None):
            raise ValueError("api_key_sid and api_key_secret go together")
        if not (self.api_key_secret or self.auth_token):
            raise ValueError("Give api_key_sid and api_key_secret, or auth_token")
        return self

    @property
    def signing(self) -> Mapping[str, bool]:
        """The auth token."""
        return {"auth_token": self.auth_token is not None}

    @property
    def login(self) -> tuple[str, str]:
        """User and password of HTTP's Basic scheme."""
        if self.api_key_sid and self.api_key_secret:
            return self.api_key_sid, self.api_key_secret.get_secret_value()
        return self.account_sid, self.auth_token.get_secret_value() if self.auth_token else ""


class Twilio:
    """Talks to Twilio."""

    name = "twilio"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self._account = f"{config.base_url}/2010-04-01/Accounts/{config.account_sid}"
        self.capabilities = Capabilities(
            frozenset({Content.SMS, Content.CALL}),
            asks=frozenset({Channel.SMS, Channel.VOICE}),
            spans={Channel.SMS: Span(1, 36000)},
            rate=config.rate,
            signed=config.signed,
        )
        self.credentials = basic(*config.login)

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """POST Messages.json or Calls.json."""
        match outgoing.content:
            case Sms() as sms:
                return HttpRequest.form(f"{self._account}/Messages.json", self._sms(sms, outgoing))
            case Voice() as call:
                return HttpRequest.form(f"{self._account}/Calls.json", _call(call, outgoing))
        raise CannotCarry("Twilio carries Sms and calls")

    def _sms(self, sms: Sms, outgoing: Outgoing) -> dict[str, str]:
        text = sms.message.text
        if sms.message.flash:
            raise CannotCarry("Twilio has no flash messages")
        if len(text.encode("utf-16-le")) // 2 > LONGEST_BODY:
            raise CannotCarry("the text is longer than Twilio sends")
        service = self._config.messaging_service_sid
        sender = {"MessagingServiceSid": service} if service else {"From": _sender(outgoing.sender)}
        return {
            "To": sms.recipient,
            **sender,
            "Body": text,
            "SmartEncoded": "false",  # the text that the parts were counted of
            "ValidityPeriod": str(self.capabilities.spans[Channel.SMS].fit(outgoing.validity)),
            "StatusCallback": outgoing.report_url,
        }

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """201 carries the message's or the call's sid; a 4xx the code of an error."""
        told = _members(answer)
        if answer.status >= 400:
            return REFUSALS.get(str(told.get("code")), REJECTED)
        sid = told.get("sid")
        return Accepted(sid) if isinstance(sid, str) and sid else MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """X-Twilio-Signature; without the auth token the address's token is all the proof."""
        token = self._config.auth_token
        return token is None or is_signed(report, token.get_secret_value())

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """A form: of a call if it has a CallStatus, of a message if it has a MessageStatus."""
        form = report.form()
        if word := form.get("CallStatus"):
            told = self._of_call(word, form.get("AnsweredBy"), form.get("CallDuration"))
            return _named(told, form.get("CallSid"))
        if word := form.get("MessageStatus"):
            return _named(self._of_message(word, form.get("ErrorCode")), form.get("MessageSid"))
        raise BadReport("not a report of Twilio")

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """GET the message or the call."""
        kind = "Calls" if channel is Channel.VOICE else "Messages"
        return HttpRequest("GET", f"{self._account}/{kind}/{quote(message_id, safe='')}.json")

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """It has what the reports have, by other names."""
        told = _members(answer)
        word = told.get("status")
        if not isinstance(word, str):
            return ()
        if channel is Channel.VOICE:
            read = self._of_call(word, told.get("answered_by"), told.get("duration"))
        else:
            read = self._of_message(word, told.get("error_code"))
        return _named(read, told.get("sid"))

    def _of_message(self, word: str, error: Any) -> StatusWord | None:
        read = MESSAGES.get(word)
        if word in ("undelivered", "failed"):
            read = ERRORS.get(str(error), read)
        if read is None:
            unknown(self.name, word)
        return read

    def _of_call(self, word: str, answered_by: Any, duration: Any) -> StatusWord | None:
        read = CALLS.get(word)
        if word == "completed" and str(answered_by).startswith(("machine", "fax")):
            read = NOBODY
        if read is None:
            unknown(self.name, word)
            return None
        seconds = str(duration)
        return replace(read, duration=int(seconds) if _SECONDS.fullmatch(seconds) else None)


def _call(call: Voice, outgoing: Outgoing) -> dict[str, str]:
    if call.to.viber:
        raise CannotCarry("Twilio does not call Viber")
    detection = call.machine_detection
    if detection and detection.strategy == "Continue":
        raise CannotCarry("Twilio would want the other dial plan as TwiML")
    return {
        "To": f"sip:{call.recipient}" if call.to.sip else call.recipient,
        "From": _caller(call, outgoing.sender),
        "Twiml": twiml(*call.dial_plans[0].verbs),
        "StatusCallback": outgoing.report_url,
        **({"MachineDetection": "Enable"} if detection else {}),
    }


def _caller(call: Voice, sender: str) -> str:
    number = _NUMBER.fullmatch(sender)
    if not (number or call.to.sip):
        raise CannotCarry("Twilio calls telephones from numbers only")
    return f"+{number[1]}" if number else sender


def _sender(sender: str) -> str:
    """E.164 as Twilio wants it; a short code and a name as they are."""
    number = _NUMBER.fullmatch(sender)
    return f"+{number[1]}" if number and len(number[1]) > _SHORT_CODE else sender


def _members(answer: HttpAnswer) -> Mapping[str, Any]:
    told = answer.json()
    return told if isinstance(told, Mapping) else {}


def _named(word: StatusWord | None, sid: Any) -> Sequence[StatusWord]:
    if word is None:
        return ()
    return (replace(word, message_id=sid[:64] if isinstance(sid, str) else ""),)
