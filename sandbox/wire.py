"""What clients post: the body of POST /messages, and times as the service shows them."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from sandbox.scripts import Channel

_NUMBER = re.compile(r"\+?[0-9]{5,15}")
_SIP = re.compile(r"(sip:)?[^\s@:]+@[^\s@]+")


def _showable(content: dict[str, Any]) -> dict[str, Any]:
    """Refuse what Python's JSON reads but cannot write: it would break every later inbox."""
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("must be plain JSON") from None
    return content


class Send(BaseModel):
    """One message to send, as a client posts it.

    {"reference": "<trackingId>.<order>", "channel": "Sms", "to": "+306900000101",
     "from": "AcmeShop", "content": {...}, "validity": 90.0, "reportUrl": "http://..."};
    `validity` is what is left of the step's ttl, in seconds. `inboundUrl` may be there: where
    the recipient's replies go.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    reference: str = Field(min_length=1, max_length=200)
    channel: Channel
    to: str = Field(max_length=200)
    sender: str = Field(alias="from", min_length=1, max_length=100)
    content: Annotated[dict[str, Any], AfterValidator(_showable)]
    validity: float = Field(ge=0, le=30 * 86400)
    report_url: str = Field(alias="reportUrl", max_length=2048)
    inbound_url: str = Field(default="", alias="inboundUrl", max_length=2048)

    @field_validator("to")
    @classmethod
    def _reachable(cls, to: str, known: ValidationInfo) -> str:
        if _NUMBER.fullmatch(to) or (known.data.get("channel") == "Voice" and _SIP.fullmatch(to)):
            return to
        raise ValueError("must be a phone number, or for Voice a SIP address")


class Answered(BaseModel):
    """What a recipient replies: {"text": "Thanks!"}."""

    model_config = ConfigDict(frozen=True, strict=True)

    text: str = Field(min_length=1, max_length=1000)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """A UTC moment as 2026-09-01T08:15:30.120Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
