"""Vonage: Sms and Viber texts by its Messages API, calls by its Voice API.

docs/providers/vonage.md. Source: developer.vonage.com, "Messages API errors" and "Voice API
Webhooks Reference"; the official SDK for Python, vonage-messages 1.8.1 and vonage-voice 1.5.1.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from domain.channels import Sms, ViberMessage, Voice
from domain.status import Channel, Status
from providers import vonage_requests
from providers.base import (
    BadReport,
    Capabilities,
    Content,
    NeverAsked,
    Outgoing,
    Reply,
    StatusWord,
)
from providers.configuration import BaseUrl, Configuration
from providers.credentials import SignedToken, rsa_key
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, CannotCarry, MaybeSent, Refused, SendOutcome
from providers.unknown import unknown
from providers.vonage_replies import replied
from providers.vonage_signature import is_signed

MESSAGES: Mapping[str, StatusWord] = {
    "submitted": StatusWord(Status.SENT, "Sent"),
    "delivered": StatusWord(Status.DELIVERED, "Delivered"),
    "read": StatusWord(Status.SEEN, "Seen"),
    "undeliverable": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "rejected": StatusWord(Status.FAILED, "Message Rejected"),
}
"""A message's status → ours. The last two are told apart further by their error's code."""

ERRORS: Mapping[str, StatusWord] = {
    "1050": StatusWord(Status.UNDELIVERED, "Call Barred"),
    "1170": StatusWord(Status.UNDELIVERED, "Unknown Number"),
    "1180": StatusWord(Status.UNDELIVERED, "Undelivered on Handset"),
    "1190": StatusWord(Status.UNDELIVERED, "Unknown Number"),
    "1210": StatusWord(Status.UNDELIVERED, "Carrier Violation"),
    "1220": StatusWord(Status.UNDELIVERED, "Undelivered on Handset"),
    "1240": StatusWord(Status.UNDELIVERED, "Opted Out"),
    "1270": StatusWord(Status.UNDELIVERED, "Carrier Violation"),
    "1280": StatusWord(Status.UNDELIVERED, "Call Barred"),
    "1282": StatusWord(Status.UNDELIVERED, "Carrier Violation"),
    "1300": StatusWord(Status.UNDELIVERED, "Unknown Number"),
    "1310": StatusWord(Status.UNDELIVERED, "Unsupported Equipment"),
    "1330": StatusWord(Status.UNDELIVERED, "Unknown Status"),
    "1360": StatusWord(Status.UNDELIVERED, "Expired"),
    "1430": StatusWord(Status.UNDELIVERED, "Unknown Number"),
}
"""The codes of «rejected» and «undeliverable» that say more than those words do."""

VIBER_ERRORS: Mapping[str, StatusWord] = {
    **ERRORS,
    "1300": StatusWord(Status.UNDELIVERED, "Not Viber User"),
    "1360": StatusWord(Status.EXPIRED, "TTL Expired"),
}

RECIPIENTS = frozenset({"1170", "1190", "1240", "1300", "1310", "1430"})
"""The codes of a refusal that any other provider would give as well."""

CALLS: Mapping[str, StatusWord] = {
    "started": StatusWord(Status.INITIATED, "Initiated"),
    "ringing": StatusWord(Status.RINGING, "Ringing"),
    "answered": StatusWord(Status.IN_PROGRESS, "In Progress"),
    "human": StatusWord(Status.IN_PROGRESS, "In Progress"),
    "completed": StatusWord(Status.COMPLETED, "Completed"),
    "machine": StatusWord(Status.NO_ANSWER, "No Answer"),
    "unanswered": StatusWord(Status.NO_ANSWER, "No Answer"),
    "timeout": StatusWord(Status.NO_ANSWER, "No Answer"),
    "busy": StatusWord(Status.BUSY, "Busy"),
    "rejected": StatusWord(Status.BUSY, "Busy"),  # carriers say so of an engaged line
    "failed": StatusWord(Status.FAILED, "Failed"),
    "cancelled": StatusWord(Status.FAILED, "Failed"),
    "disconnected": StatusWord(Status.FAILED, "Failed"),
}
"""A call's status → ours."""

GUARDED_CALLS: Mapping[str, StatusWord] = {
    **CALLS,
    "human": StatusWord(Status.COMPLETED, "Completed"),
    "completed": StatusWord(Status.NO_ANSWER, "No Answer"),
}
"""The same of a call that is hung up on a machine.

Vonage says `human` or `machine` before anything is read out, and `completed` after either: only
`human` says that somebody was reached, and what ends without it has reached nobody.
"""

LONGEST_CALL = 86400
"""Seconds that a call can last."""

_CODE = re.compile(r"(?:.*#)?(\d{4})")


def _pem(key: SecretStr) -> SecretStr:
    """The key with real line ends: some places that hold settings hold one line each."""
    pem = key.get_secret_value().replace("\\n", "\n")
    rsa_key(pem)
    return SecretStr(pem)


class Config(Configuration):
    """How to reach Vonage, and what its application is known by."""

    application_id: str = Field(description="the Vonage application's id")
    private_key: Annotated[SecretStr, AfterValidator(_pem)] = Field(
        description="the application's private key in PEM; line ends may be written as \\n"
    )
    signature_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="of signed webhooks; without it no signature is looked for",
    )
    messages_url: BaseUrl = "https://api.nexmo.com"
    voice_url: BaseUrl = "https://api.nexmo.com"

    @property
    def signing(self) -> Mapping[str, bool]:
        """The account's signature secret."""
        return {"signature_secret": self.signature_secret is not None}


class Vonage(NeverAsked):
    """Talks to the Messages API and to the Voice API."""

    name = "vonage"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self.capabilities = Capabilities(
            frozenset({Content.SMS, Content.TEXT, Content.CALL}),
            seen=True,
            spans=vonage_requests.SPANS,
            rate=config.rate,
            signed=config.signed,
        )
        self.credentials = SignedToken(config.application_id, config.private_key.get_secret_value())

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """POST /v1/messages, or POST /v1/calls."""
        match outgoing.content:
            case Voice() as step:
                call = vonage_requests.call(outgoing, step)
                return HttpRequest.json(f"{self._config.voice_url}/v1/calls", call)
            case Sms() as step:
                message = vonage_requests.sms(outgoing, step)
            case ViberMessage() as step if Content.of(step) is Content.TEXT:
                message = vonage_requests.viber(outgoing, step)
            case _:
                raise CannotCarry("of Viber, Vonage takes texts only")
        return HttpRequest.json(f"{self._config.messages_url}/v1/messages", message)

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """2xx carries the message's or the call's id; 4xx is a problem document (RFC 7807)."""
        told = answer.json()
        if answer.status >= 400:
            return _refusal(told, channel)
        name = "uuid" if channel is Channel.VOICE else "message_uuid"
        found = told.get(name) if isinstance(told, Mapping) else None
        if not isinstance(found, str) or not found:
            return MaybeSent("unreadable answer")
        return Accepted(found[:64])

    def verify_report(self, report: RawReport) -> bool:
        """Vonage's own signature, if there is a secret to check it with."""
        secret = self._config.signature_secret
        return secret is None or is_signed(report, secret.get_secret_value())

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """A message's status, or a call's event; events without a status are no news."""
        told = report.json()
        match told:
            case {"message_uuid": str(), "status": str()}:
                return self._message_words(told)
            case {"uuid": str()} | {"call_uuid": str()} | {"conversation_uuid": str()}:
                guarded = vonage_requests.is_guarded(report.url)
                return self._call_words(told, GUARDED_CALLS if guarded else CALLS)
        raise BadReport("not a report of Vonage")

    def verify_inbound(self, inbound: RawReport) -> bool:
        """As a report; without a secret nothing proves that it is Vonage's."""
        secret = self._config.signature_secret
        return secret is not None and is_signed(inbound, secret.get_secret_value())

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """One a request."""
        return replied(inbound.json())

    def replied_to(self, sender: str) -> str:
        """As it went out."""
        return sender.removeprefix("+")

    def _message_words(self, told: Mapping[str, Any]) -> Sequence[StatusWord]:
        status = told["status"]
        word = MESSAGES.get(status)
        if status in ("rejected", "undeliverable"):
            errors = VIBER_ERRORS if told.get("channel") == "viber_service" else ERRORS
            word = errors.get(_code(told.get("error")), word)
        return self._words(status, word, message_id=told["message_uuid"])

    def _call_words(
        self, told: Mapping[str, Any], table: Mapping[str, StatusWord]
    ) -> Sequence[StatusWord]:
        status = told.get("status")
        if not isinstance(status, str):
            return ()
        call = told.get("uuid") or told.get("call_uuid") or ""
        return self._words(status, table.get(status), str(call), _seconds(told.get("duration")))

    def _words(
        self, status: str, word: StatusWord | None, message_id: str, duration: int | None = None
    ) -> Sequence[StatusWord]:
        if word is None:
            unknown(self.name, status)
            return ()
        return (StatusWord(word.status, word.reason, message_id[:64], duration),)


def _refusal(told: Any, channel: Channel) -> Refused:
    code = _code(told)
    if code not in RECIPIENTS and _wrong(told) != {"to"}:
        return REJECTED
    if channel is Channel.VOICE:
        return Refused(Status.FAILED, "Unknown Number")
    errors = VIBER_ERRORS if channel is Channel.VIBER else ERRORS
    word = errors.get(code, errors["1170"])
    return Refused(word.status, word.reason)


def _code(problem: Any) -> str:
    """1330 of {"type": "https://…/messages#1330", "title": "1330"}, in another «error» or not."""
    if not isinstance(problem, Mapping):
        return ""
    inner = problem.get("error")
    told = inner if isinstance(inner, Mapping) else problem
    found = _CODE.fullmatch(str(told.get("type"))) or _CODE.fullmatch(str(told.get("title")))
    return found[1] if found else ""


def _wrong(problem: Any) -> set[str]:
    """The members of our request that it names as wrong: `to` of to, to.number and to[0].uri."""
    match problem:
        case {"invalid_parameters": [*named]}:
            names = [each.get("name") for each in named if isinstance(each, Mapping)]
            return {re.split(r"[.\[]", str(name))[0] for name in names}
    return set()


def _seconds(duration: Any) -> int | None:
    with contextlib.suppress(TypeError, ValueError):
        return min(max(0, int(duration)), LONGEST_CALL)
    return None
