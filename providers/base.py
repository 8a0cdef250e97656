"""The port: what a provider must be able to say about a step, without any I/O.

A provider builds requests and reads answers and reports; `providers/http.py` does the talking, and
`providers/routes.py` decides whose turn it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.channels import Sms, ViberMessage, ViberTemplate, Voice
from domain.status import Channel, Status
from domain.steps import RequestStep
from providers.credentials import Credentials
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import CannotCarry, SendOutcome


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
    fast it may be spoken to, such as 3/second. `signed`: its reports are checked for its signature.
    """

    contents: frozenset[Content]
    deduplicates: bool = False
    asks: frozenset[Channel] = frozenset()
    seen: bool = False
    spans: Mapping[Channel, Span] = field(default_factory=dict)
    rate: str | None = None
    signed: bool = False

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that it serves."""
        return frozenset(content.channel for content in self.contents)


@dataclass(frozen=True)
class Outgoing:
    """A step on its way out. `validity` seconds are left of its ttl; it `expires` at that time.

    `inbound_url` is where its recipient's replies go, if the client wants them.
    """

    reference: str
    content: RequestStep
    sender: str
    validity: float
    report_url: str
    expires: float = 0.0
    inbound_url: str = ""


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


@dataclass(frozen=True)
class Reply:
    """What a recipient answered to a Viber message; `reply_id` is the provider's own.

    `recipient` is the number that answered, `sender` whom it answered: they find the step where the
    address that was called does not name it.
    """

    text: str
    reply_id: str
    recipient: str = ""
    sender: str = ""
    media: str | None = None
    filename: str | None = None


class BadReport(ValueError):
    """A report that is not in the provider's form."""


@runtime_checkable
class Replying(Protocol):
    """A provider that hands on what recipients reply, to an address of each message or to one."""

    def verify_inbound(self, inbound: RawReport) -> bool:
        """Whether it is provably the provider's: asked where the address proves nothing."""
        ...

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """What was replied.

        Raises:
            BadReport: not in the provider's form.
        """
        ...

    def replied_to(self, sender: str) -> str:
        """How its replies name that sender of ours: what `Reply.sender` will be."""
        ...


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


class NeverAsked:
    """Inherit where nobody can be asked: `capabilities.asks` names no channel."""

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """There is no such request."""
        raise NotImplementedError

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """Nor an answer to it."""
        raise NotImplementedError
