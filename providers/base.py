"""The port: what a provider must be able to say about a step, without any I/O.

A provider builds requests and reads answers and reports; `providers/http.py` does the talking, and
`providers/routes.py` decides whose turn it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from domain.channels import Sms, ViberMessage, ViberTemplate, Voice
from domain.status import Channel, Status
from domain.steps import RequestStep
from providers.credentials import Credentials


@dataclass(frozen=True)
class Accepted:
    """The provider took the message; `message_id` is its own."""

    message_id: str = ""


@dataclass(frozen=True)
class Refused:
    """The provider will not send it: a status, not an exception.

    `our_fault`: for the provider's own reasons or ours (credentials, credit, no route, a request
    that it cannot read), not for the recipient's sake: another provider may well take it.
    """

    status: Status
    reason: str
    our_fault: bool = False


@dataclass(frozen=True)
class NotSent:
    """Provably nothing was sent: safe to repeat, after `retry_after` seconds if it says so."""

    why: str
    retry_after: float | None = None


@dataclass(frozen=True)
class MaybeSent:
    """Nobody knows: safe to repeat only where the provider deduplicates our reference."""

    why: str


SendOutcome = Accepted | Refused | NotSent | MaybeSent

REJECTED = Refused(Status.FAILED, "Message Rejected", our_fault=True)
"""Refused for reasons that have nothing to do with the recipient."""


class CannotCarry(Exception):
    """This provider has no form for that content, or for so little time; another may have one."""


class Content(StrEnum):
    """What a step carries, as far as providers differ in it."""

    SMS = "Sms"
    TEMPLATE = "Viber template"
    TEXT = "Viber text"
    RICH = "Viber free-form"
    CALL = "Voice"

    @classmethod
    def of(cls, step: RequestStep) -> "Content":
        """What the step carries."""
        match step:
            case Sms():
                return cls.SMS
            case Voice():
                return cls.CALL
            case ViberMessage():
                parts = step.message.model_dump(exclude_none=True)
                return cls.TEXT if set(parts) == {"text"} else cls.RICH
            case ViberTemplate():
                return cls.TEMPLATE
        raise TypeError(f"no content of {type(step).__name__}")

    @property
    def channel(self) -> Channel:
        """The channel that it goes by."""
        if self is Content.SMS:
            return Channel.SMS
        return Channel.VOICE if self is Content.CALL else Channel.VIBER


@dataclass(frozen=True)
class Span:
    """The shortest and the longest validity that a provider takes, in whole `unit`s of seconds."""

    shortest: int
    longest: int
    unit: int = 1

    def fit(self, left: float) -> int:
        """The validity in units: never longer than what is left of the step's ttl.

        Except for up to a second where that would cost a whole unit: the ttl has begun to run when
        the provider is asked.

        Raises:
            CannotCarry: the provider knows none so short.
        """
        close = self.unit > 1 or left < self.shortest
        units = int(min(left + 1 if close else left, self.longest)) // self.unit
        if units * self.unit < self.shortest:
            raise CannotCarry("less time is left than the provider can be told")
        return units


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do.

    `deduplicates`: the same reference twice is one message. `asks`: the channels on which it can be
    asked what became of a message. `seen`: it says that a Viber message was read. `spans`: the
    validity that each channel's messages can have; without one the provider takes none. `rate`: how
    fast it may be spoken to, such as 3/second.
    """

    contents: frozenset[Content]
    deduplicates: bool = False
    asks: frozenset[Channel] = frozenset()
    seen: bool = False
    replies: bool = False
    spans: Mapping[Channel, Span] = field(default_factory=dict)
    rate: str | None = None

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that it serves."""
        return frozenset(content.channel for content in self.contents)


@dataclass(frozen=True)
class Outgoing:
    """A step on its way out. `validity` is what is left of its ttl, in seconds."""

    reference: str
    content: RequestStep
    sender: str
    validity: float
    report_url: str


@dataclass(frozen=True)
class HttpRequest:
    """What to write. The credentials' headers are added when it is written."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Self:
        """A POST of JSON."""
        typed = {"content-type": "application/json", **(headers or {})}
        return cls("POST", url, orjson.dumps(body), typed)

    @classmethod
    def form(cls, url: str, fields: Mapping[str, str]) -> Self:
        """A POST of a form."""
        typed = {"content-type": "application/x-www-form-urlencoded"}
        return cls("POST", url, urlencode(fields).encode(), typed)


@dataclass(frozen=True)
class HttpAnswer:
    """What came back: headers with lower-case names, the body cut at the client's cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body read as JSON; None where it is none."""
        return _json(self.body)


@dataclass(frozen=True)
class RawReport:
    """A delivery report as it arrived: headers with lower-case names, the body's bytes.

    `url` is the public address that was called, query and all, by our own settings: what the caller
    says of its host proves nothing.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    method: str = "POST"

    def json(self) -> Any:
        """The body read as JSON; None where it is none."""
        return _json(self.body)

    def form(self) -> Mapping[str, str]:
        """The body read as a form; the last of equal names wins."""
        return _pairs(self.body.decode("utf-8", "replace"))

    @property
    def query(self) -> Mapping[str, str]:
        """The query's members; the last of equal names wins."""
        return _pairs(urlsplit(self.url).query)


@dataclass(frozen=True)
class StatusWord:
    """A report in our words. Which step it is about is the report address's token's to say.

    `part` of `parts`: of a long Sms that is reported part by part.
    """

    status: Status
    reason: str = ""
    message_id: str = ""
    duration: int | None = None
    part: int = 1
    parts: int = 1


class BadReport(ValueError):
    """A report that is not in the provider's form."""


class Provider(Protocol):
    """One who carries messages."""

    @property
    def name(self) -> str:
        """As in its report address and in the settings."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def credentials(self) -> Credentials:
        """How it knows us."""
        ...

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """The request that hands the step over, the same on every attempt.

        Raises:
            CannotCarry: the provider has no form for it.
        """
        ...

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """What a 2xx answer, or a 4xx that refuses for good, says."""
        ...

    def verify_report(self, report: RawReport) -> bool:
        """Whether the report bears the provider's own signature, where it has one."""
        ...

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """What the report says; unknown words are left out.

        Raises:
            BadReport: not in the provider's form.
        """
        ...

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """The request that asks what became of a message, on a channel of `capabilities.asks`."""
        ...

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """What a 2xx answer to it says; nothing, where the provider does not know either."""
        ...


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _pairs(encoded: str) -> Mapping[str, str]:
    return dict(parse_qsl(encoded, keep_blank_values=True, max_num_fields=200))
