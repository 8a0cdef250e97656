"""What a developer's receiver makes of the callbacks that arrive."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from domain.recipient import masked
from domain.wire import Moment, Wire
from egress.signing import Unverified, verified

LONGEST = 200
"""Characters of anything that is shown."""


def plain(text: str) -> str:
    """One line for a terminal: whoever finds the port may send what he likes."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)[
        :LONGEST
    ]


def _only(recipient: Any) -> Any:
    """Of a call's `to` the number or the address, of any other the thing itself."""
    return next(filter(None, recipient.values()), "") if isinstance(recipient, dict) else recipient


Plain = Annotated[str, AfterValidator(plain)]
Masked = Annotated[str, BeforeValidator(_only), AfterValidator(masked), AfterValidator(plain)]


class StatusTold(Wire):
    """A message's status, by its name."""

    name: Plain


class MessageTold(Wire):
    """How a step stands."""

    order: int
    type: Plain
    to: Masked
    status: StatusTold


class FlowTold(Wire):
    """Where a flow stands."""

    tracking_id: Plain
    status: Plain
    status_code: Plain | None = None
    messages: tuple[MessageTold, ...]


class ReplyTold(Wire):
    """Who says what, to which sender."""

    reference_tracking_id: Plain
    from_: Masked = Field(alias="from")
    to: Plain
    message: Plain


class Arrival(Wire):
    """A callback, and what is right or wrong with it.

    `signed_by` names the key that has signed it, or else `fault` says what is wrong. `same_bytes`
    compares it with the first of its id, and is None for that one. It tells of a flow, or a reply,
    or `odd` says what its body is instead.
    """

    at: Moment
    webhook_id: str
    sequence: str | None
    signed_by: str | None
    fault: str | None
    same_bytes: bool | None
    flow: FlowTold | None
    reply: ReplyTold | None
    odd: str | None


@dataclass
class Arrivals:
    """Judges callbacks by those that came before, and by keys, each with a name that is shown."""

    keys: Mapping[str, str]
    received: int = 0
    repeated: int = 0
    wrong: int = 0
    _seen: dict[str, bytes] = field(default_factory=dict)

    def take(self, headers: Mapping[str, str], body: bytes, now: float) -> Arrival:
        """What there is to say of this one; `headers` have small letters, `now` is in seconds."""
        signed_by, fault = self._judged(headers, body, now)
        named = headers.get("webhook-id", "")
        same_bytes = self._compared(named, body)
        told = read(body)
        self.received += 1
        self.repeated += same_bytes is not None
        self.wrong += fault is not None
        return Arrival(
            at=datetime.fromtimestamp(now, UTC),
            webhook_id=plain(named),
            sequence=plain(headers.get("x-failover-sequence", "")) or None,
            signed_by=signed_by,
            fault=fault,
            same_bytes=same_bytes,
            flow=told if isinstance(told, FlowTold) else None,
            reply=told if isinstance(told, ReplyTold) else None,
            odd=told if isinstance(told, str) else None,
        )

    def _judged(
        self, headers: Mapping[str, str], body: bytes, now: float
    ) -> tuple[str | None, str | None]:
        try:
            key = verified(headers, body, list(self.keys), now)
        except Unverified as fault:
            return None, str(fault)
        return self.keys[key], None

    def _compared(self, named: str, body: bytes) -> bool | None:
        digest = hashlib.sha256(body).digest()
        if named and named in self._seen:
            return self._seen[named] == digest
        self._seen[named] = digest
        return None


_TOLD: TypeAdapter[FlowTold | ReplyTold] = TypeAdapter(FlowTold | ReplyTold)


def read(body: bytes) -> FlowTold | ReplyTold | str:
    """What the body tells of, or what it is instead."""
    try:
        return _TOLD.validate_json(body)
    except ValidationError as fault:
        if fault.errors()[0]["type"] == "json_invalid":
            return f"the body is no JSON ({len(body)} bytes)"
        return f"the body is JSON, but tells of neither a flow nor a reply ({len(body)} bytes)"
