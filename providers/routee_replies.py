"""What Routee hands on of the replies to Viber messages, at each message's own address.

Source: Routee's guide, "Inbound messages"; the project's contract.md §9.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from providers.base import BadReport, Reply

IDENTITY = ("referenceTrackingId", "sentDate", "message", "media")
"""The members that tell a reply from every other: Routee gives replies no id."""


def replied(told: Any) -> Sequence[Reply]:
    """One reply a request; it may be a file without a text.

    Raises:
        BadReport: not in Routee's form.
    """
    match told:
        case {"from": str(number), "message": str() | None as text}:
            return (
                Reply(
                    text=text or "",
                    reply_id=_id(told),
                    recipient=number,
                    sender=_given(told, "to") or "",
                    media=_given(told, "media"),
                    filename=_given(told, "filename") or _given(told, "fileName"),
                ),
            )
    raise BadReport("not a reply of Routee")


def _id(told: Mapping[str, Any]) -> str:
    identity = json.dumps([_given(told, name) for name in IDENTITY])
    return hashlib.sha256(identity.encode()).hexdigest()


def _given(told: Mapping[str, Any], name: str) -> str | None:
    """The member, if it is a text and not empty."""
    found = told.get(name)
    return found if isinstance(found, str) and found else None
