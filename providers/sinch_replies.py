"""What recipients reply to Viber messages, as a webhook of Sinch's Conversation API tells it.

Source: `MessageInboundEvent` and `ContactMessage` of its Python SDK 2.3; Conversation API,
"Callbacks", the trigger MESSAGE_INBOUND.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.base import BadReport, Reply
from providers.unknown import unknown

KNOWN = frozenset({"text_message", "media_message", "media_card_message"})
"""The kinds of a contact's message that have a text or a file."""


def replied(told: Any) -> Sequence[Reply]:
    """One reply a request; other channels and other triggers of the webhook are none of ours.

    Raises:
        BadReport: not in the Conversation API's form.
    """
    match told:
        case {"app_id": str(app), "message": {"channel_identity": {"channel": "VIBERBM"}} as said}:
            return _reply(app, said)
        case {"app_id": str()}:
            return ()
    raise BadReport("not a reply of Sinch")


def _reply(app: str, message: Mapping[str, Any]) -> Sequence[Reply]:
    match message:
        case {
            "id": str(reply_id),
            "channel_identity": {"identity": str(number)},
            "contact_message": dict() as said,
        }:
            return _content(said, Reply("", reply_id, number, app))
    raise BadReport("not a reply of Sinch")


def _content(said: Mapping[str, Any], reply: Reply) -> Sequence[Reply]:
    """The reply with what was said; nothing, where that is of a kind unknown to us."""
    match said:
        case {"text_message": {"text": str(text)}}:
            return (replace(reply, text=text),)
        case {"media_message": {"url": str(url), **file}}:
            return (replace(reply, media=url, filename=_text(file.get("filename_override"))),)
        case {"media_card_message": {"url": str(url), **card}}:
            return (replace(reply, text=_text(card.get("caption")) or "", media=url),)
    kind = next((name for name in said if name != "reply_to"), "")
    if kind in KNOWN:
        raise BadReport("not a reply of Sinch")
    unknown("sinch", f"reply: {kind}")
    return ()


def _text(told: Any) -> str | None:
    return told if isinstance(told, str) and told else None
