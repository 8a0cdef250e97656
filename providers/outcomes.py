"""How a send can end (design: sending exactly once)."""

from dataclasses import dataclass

from domain.status import Status


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
