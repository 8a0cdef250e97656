"""The port: what a provider is asked, and the four ways in which a send can end (design: sending).

A provider is pure. It builds requests and reads answers and reports; `providers/http.py` does the
talking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.status import Channel, Status
from domain.steps import RequestStep


@dataclass(frozen=True)
class Accepted:
    """The provider took the message; `message_id` is its own."""

    message_id: str = ""


@dataclass(frozen=True)
class Refused:
    """The provider will not send it: a status, not an exception."""

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
    """What to write: `body` as JSON."""

    method: str
    url: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpAnswer:
    """What came back, its body cut at the client's cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class RawReport:
    """A delivery report as it arrived: headers with lower-case names, the body's bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class StatusWord:
    """A report in our words. Which step it is about is the report address's token's to say."""

    status: Status
    reason: str = ""
    message_id: str = ""
    duration: int | None = None


class BadReport(ValueError):
    """A report that is not in the provider's form."""


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do. `deduplicates`: the same reference twice is one message."""

    channels: frozenset[Channel]
    deduplicates: bool


class Provider(Protocol):
    """One who carries messages."""

    @property
    def name(self) -> str:
        """As in its report address."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """The request that hands the step over, the same on every attempt."""
        ...

    def read_answer(self, answer: HttpAnswer) -> SendOutcome:
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
