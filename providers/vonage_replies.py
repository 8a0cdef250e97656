"""What recipients reply to Viber messages, as Vonage's inbound webhook tells it.

Source: developer.vonage.com, "Messages API", its inbound webhooks; `InboundMessage` of the
official SDK for Java.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.base import BadReport, Reply
from providers.unknown import unknown

FILES = frozenset({"image", "audio", "video", "file"})
"""The kinds of message that are a file, under the kind's own name."""


def replied(told: Any) -> Sequence[Reply]:
    """One reply a request; what came by other channels answers nothing of ours.

    Raises:
        BadReport: not in Vonage's form.
    """
    match told:
        case {"channel": "viber_service", "message_type": str(kind)}:
            return _reply(kind, told)
        case {"channel": str(channel), "message_uuid": str()} if channel != "viber_service":
            return ()
    raise BadReport("not a reply of Vonage")


def _reply(kind: str, told: Mapping[str, Any]) -> Sequence[Reply]:
    content = told.get(kind)
    match told:
        case {"message_uuid": str(uuid), "from": str(number), "to": str(sender)}:
            if kind == "text" and isinstance(content, str):
                return (Reply(content, uuid, number, sender),)
            if kind in FILES and isinstance(content, Mapping):
                return (_file(content, told, Reply("", uuid, number, sender)),)
            if kind != "text" and kind not in FILES:
                unknown("vonage", f"reply: {kind}")
                return ()
    raise BadReport("not a reply of Vonage")


def _file(file: Mapping[str, Any], told: Mapping[str, Any], reply: Reply) -> Reply:
    """With the file, its name and what was written with it, if it has them."""
    url, name = file.get("url"), file.get("name")
    if not isinstance(url, str):
        raise BadReport("not a reply of Vonage")
    texts = (file.get("caption"), told.get("text"))
    text = next((each for each in texts if isinstance(each, str)), "")
    return replace(
        reply, text=text, media=url, filename=name if name and isinstance(name, str) else None
    )
