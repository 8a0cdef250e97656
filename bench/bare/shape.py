"""What travels, and by which names: plain dataclasses, by the engine's own JSON."""

from dataclasses import dataclass
from typing import Any

WORKFLOW, REPORT = "bare", "report"
FLOWS, SENDS, PUBLISH = "bare-flows", "bare-sends", "bare-publish"


@dataclass
class Step:
    """A message to send; `ttl` in seconds."""

    order: int
    channel: str
    to: str
    sender: str
    ttl: float
    content: dict[str, Any]


@dataclass
class Flow:
    """The steps, and where the end is told."""

    tracking_id: str
    steps: list[Step]
    callback_url: str


@dataclass
class Report:
    """What a provider says of a step."""

    order: int
    status: str


@dataclass
class Outgoing:
    """A step on its way out."""

    tracking_id: str
    step: Step


@dataclass
class Told:
    """The end, as the client is told it."""

    url: str
    tracking_id: str
    status: str
    steps: dict[str, str]


def workflow_id(tracking_id: str) -> str:
    """The workflow of a flow."""
    return f"bare/{tracking_id}"
