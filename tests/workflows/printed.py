"""The contract's worked examples, and callbacks, in a form in which the two can be compared."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

EXAMPLES = Path(__file__).parent / "examples"

IDS = {"trackingId", "messageId", "smsId", "conversationTrackingId"}
MOMENTS = {"createdAt", "updatedAt", "updatedDate"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def example(name: str, *recipients: str) -> Any:
    """What is printed, with these recipients: those for whom the sandbox has a script.

    Ids, moments and latencies differ with every flow, so their names stand for them. The network's
    name is left out: the sandbox has no networks.
    """
    printed = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    for message, recipient in zip(printed["messages"], recipients, strict=True):
        message["to"] = {"phone": recipient} if message["type"] == "Voice" else recipient
        message.pop("operator", None)
    return _without_values(printed)


def comparable(callback: Any) -> Any:
    """The callback with its ids, moments and latencies checked, and then their names instead."""
    _check(callback)
    return _without_values(callback)


def assert_same(callback: Any, printed: Any) -> None:
    """Fail unless both have the same members, with values of the same JSON type."""
    told = comparable(callback)
    assert told == printed
    # Python takes 0, 0.0 and false for one another, JSON does not.
    assert json.dumps(told, sort_keys=True) == json.dumps(printed, sort_keys=True)


def _check(value: Any) -> None:
    for name, member in _members(value):
        if name in IDS:
            assert str(UUID(member)) == member
        elif name in MOMENTS:
            assert MOMENT.fullmatch(member), f"{name} is {member}"
        elif name == "latency":
            assert type(member) is int
            assert member >= 0
        else:
            _check(member)


def _without_values(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_values(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    ours = IDS | MOMENTS | {"latency"}
    return {name: name if name in ours else _without_values(each) for name, each in value.items()}


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    return [("", each) for each in value] if isinstance(value, list) else []
