"""Messages and calls as Vonage's two APIs take them.

Source: the official SDK's models (vonage-messages 1.8.1: `Sms`, `ViberText`; vonage-voice 1.5.1:
`CreateCallRequest`, `Talk`, `Stream`); developer.vonage.com, "Customizing Spoken Text".
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from domain.channels import Sms, ViberMessage, Voice
from domain.dialplan import CallTarget, Play, Say, Verb
from domain.status import Channel
from providers.base import Outgoing, Span
from providers.outcomes import CannotCarry

SPANS: Mapping[Channel, Span] = {Channel.SMS: Span(20, 604800), Channel.VIBER: Span(30, 259200)}

LONGEST_SMS = 3200
"""Characters of an Sms's text."""

LONGEST_SENDER = 50
"""Characters of a Viber sender."""

LONGEST_TALK = 1500
"""Characters of one talk action, mark-up included."""

LANGUAGES: Mapping[str, str] = {"es-LA": "es-MX"}
"""Their codes for those of ours that they do not have."""

GUARDED = "machine=hangup"
"""In the query of the report address of a call that ends when a machine answers."""

# What XML has no form for, and what its readers would make a line feed of.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RETURN = {"\r": "&#13;"}


def sms(outgoing: Outgoing, step: Sms) -> dict[str, Any]:
    """An Sms, encoded as its parts were counted, lest they be others.

    Raises:
        CannotCarry: flash, or too long.
    """
    if step.message.flash:
        raise CannotCarry("the Messages API has no flash messages")
    if len(step.message.text) > LONGEST_SMS:
        raise CannotCarry("longer than the Messages API takes")
    options = {"encoding_type": "unicode" if step.message.unicode else "text"}
    if step.restrictions and step.restrictions.india:
        india = step.restrictions.india
        options |= {"content_id": india.template_id, "entity_id": india.entity_id}
    ttl = SPANS[Channel.SMS].fit(outgoing.validity)
    return {**_text("sms", outgoing, step.message.text), "ttl": ttl, "sms": options}


def viber(outgoing: Outgoing, step: ViberMessage) -> dict[str, Any]:
    """A Viber text.

    Raises:
        CannotCarry: the sender is too long to be one of theirs.
    """
    if len(outgoing.sender) > LONGEST_SENDER:
        raise CannotCarry("no Viber sender of Vonage's is so long")
    options = {"category": "transaction", "ttl": SPANS[Channel.VIBER].fit(outgoing.validity)}
    text = step.message.text or ""
    return {**_text("viber_service", outgoing, text), "viber_service": options}


def call(outgoing: Outgoing, step: Voice) -> dict[str, Any]:
    """A call, with its script (NCCO) in it.

    Raises:
        CannotCarry: a target, a text or a strategy that Vonage has no form for.
    """
    guarded = _guarded(step)
    url = f"{outgoing.report_url}?{GUARDED}" if guarded else outgoing.report_url
    request = {
        "to": [_target(step.to, step.recipient)],
        "from": {"type": "phone", "number": outgoing.sender.removeprefix("+")},
        "ncco": [_action(verb) for plan in step.dial_plans for verb in plan.verbs],
        "event_url": [url],
        "event_method": "POST",
    }
    return request | {"machine_detection": "hangup"} if guarded else request


def is_guarded(report_url: str) -> bool:
    """Whether the call that is reported on ends when a machine answers."""
    return GUARDED in urlsplit(report_url).query.split("&")


def spoken(text: str) -> str:
    """The text as a talk action reads it out literally.

    Vonage takes for SSML what stands in <speak>: a text with any mark-up is put there by us,
    escaped, so that none of it is any. Every other goes plainly, since some voices have no SSML.
    """
    if "<" not in text:
        return text
    return f"<speak>{escape(_NO_XML.sub(' ', text), _RETURN)}</speak>"


def _text(channel: str, outgoing: Outgoing, text: str) -> dict[str, Any]:
    return {
        "channel": channel,
        "message_type": "text",
        "to": outgoing.content.recipient.removeprefix("+"),
        "from": outgoing.sender.removeprefix("+"),
        "text": text,
        "client_ref": outgoing.reference,
        "webhook_url": outgoing.report_url,
        "webhook_version": "v1",
    }


def _guarded(step: Voice) -> bool:
    if step.machine_detection and step.machine_detection.strategy == "Continue":
        raise CannotCarry("Vonage would ask the eventUrl for a script of its own kind")
    return step.machine_detection is not None


def _target(target: CallTarget, recipient: str) -> dict[str, Any]:
    if target.viber:
        raise CannotCarry("Vonage calls no Viber app")
    if target.sip:
        return {"type": "sip", "uri": f"sip:{recipient}"}
    return {"type": "phone", "number": recipient.removeprefix("+")}


def _action(verb: Verb) -> dict[str, Any]:
    loop = verb.repeat + 1
    match verb:
        case Say():
            text = spoken(verb.message.text)
            if len(text) > LONGEST_TALK:
                raise CannotCarry("more than Vonage reads out")
            language = LANGUAGES.get(verb.message.language, verb.message.language)
            return {"action": "talk", "text": text, "language": language, "loop": loop}
        case Play():
            return {"action": "stream", "streamUrl": [str(verb.file_url)], "loop": loop}
