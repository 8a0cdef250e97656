"""What Sinch's three APIs are asked to send (docs/providers/sinch.md).

Source: the request models and helpers of its Python SDK 2.3, and the pages on batches of the SMS
API, on Viber Business Messages of the Conversation API and on SVAML of Voice API 2.0.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.channels import Sms, ViberTemplate, Voice
from domain.dialplan import Say, Verb
from domain.status import Channel
from providers.base import Outgoing, Span
from providers.outcomes import CannotCarry
from providers.sinch_words import HANGUP, SCREENED

SPANS: Mapping[Channel, Span] = {
    Channel.SMS: Span(1, 3 * 86400),
    Channel.VIBER: Span(30, 86400),  # Viber itself takes nothing shorter
}

LONGEST_TEXT = 2000
LONGEST_SPEECH = 600
MOST_MESSAGES = 10
LONGEST_CALL = 900
"""Seconds, after which our own step has failed as well."""

VOICES: Mapping[str, tuple[str, str]] = {
    "en-US": ("Aria", "Andrew"),
    "de-DE": ("Katja", "Conrad"),
    "fr-FR": ("Denise", "Henri"),
    "it-IT": ("Elsa", "Diego"),
    "pt-BR": ("Francisca", "Antonio"),
    "es-ES": ("Elvira", "Alvaro"),
    "es-LA": ("Dalia", "Jorge"),  # of Mexico
    "en-GB": ("Libby", "Ethan"),
    "el-GR": ("Athina", "Nestoras"),
    "bg-BG": ("Kalina", "Borislav"),
    "pl-PL": ("Zofia", "Marek"),
    "hu-HU": ("Noemi", "Tamas"),
    "sv-SE": ("Sofie", "Mattias"),
    "ru-RU": ("Svetlana", "Dmitry"),
}
"""For each language a female and a male voice, of those that Sinch calls free."""

_CALLER = re.compile(r"\+?([1-9][0-9]{4,14})")

Body = Mapping[str, Any]


def batch(outgoing: Outgoing, sms: Sms) -> Body:
    """A batch of one Sms. Sinch cuts it into parts and chooses the alphabet by itself."""
    text = sms.message.text
    if len(text) > LONGEST_TEXT:
        raise CannotCarry("longer than Sinch takes")
    began = outgoing.expires - outgoing.validity
    expires = datetime.fromtimestamp(began + SPANS[Channel.SMS].fit(outgoing.validity), UTC)
    return {
        "type": "mt_text",
        "to": [sms.recipient],
        "from": outgoing.sender,
        "body": text,
        "delivery_report": "per_recipient",
        "callback_url": outgoing.report_url,
        "client_reference": outgoing.reference,
        "expire_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "flash_message": sms.message.flash,
    }


def template(outgoing: Outgoing, viber: ViberTemplate, app: str) -> Body:
    """A template's message, for Viber alone; the app's sender sends it."""
    parameters = {name: _written(value) for name, value in viber.template_params.items()}
    everywhere = viber.delivery_scope == "ALL_DEVICES"
    reference = {
        "template_id": viber.template_id,
        "language_code": viber.template_lang,
        "parameters": parameters,
    }
    to = {"channel": "VIBERBM", "identity": viber.recipient.removeprefix("+")}
    return {
        "app_id": app,
        "recipient": {"identified_by": {"channel_identities": [to]}},
        "message": {"template_message": {"channel_template": {"VIBERBM": reference}}},
        "ttl": f"{SPANS[Channel.VIBER].fit(outgoing.validity)}s",
        "callback_url": outgoing.report_url,
        "channel_priority_order": ["VIBERBM"],
        "channel_properties": {
            "VIBERBM_TEMPLATE_MESSAGE_DEVICES": "ALL" if everywhere else "PRIMARY_ONLY"
        },
        "message_metadata": outgoing.reference,
        "processing_strategy": "DISPATCH_ONLY",
        "correlation_id": outgoing.reference,
    }


def call(outgoing: Outgoing, voice: Voice, ringing: int) -> Body:
    """A session of one call, all of whose ends are told to the report address."""
    dial: dict[str, Any] = {
        "command": "dial",
        "from": _phone(_caller(voice)),
        "to": _callee(voice),
        "dialTimeoutDurationSeconds": ringing,
        "maxCallDurationSeconds": LONGEST_CALL,
        "events": {
            "onAnswer": _answered(outgoing, voice),
            "onBusy": [_told(outgoing, "BUSY")],
            "onReject": [_told(outgoing, "REJECTED")],
            "onTimeout": [_told(outgoing, "NO_ANSWER")],
            "onHangup": [_told(outgoing, HANGUP)],
            "onFailure": [_told(outgoing, "FAILED")],
        },
    }
    if voice.machine_detection:
        dial["callName"] = SCREENED
    return {"commands": [dial]}


def _answered(outgoing: Outgoing, voice: Voice) -> Sequence[Body]:
    """What happens when somebody answers: a machine is hung up on and hears nothing.

    Sinch waits for the answer to an event of ours and may act on it, so that none is sent before
    the last message has been played.
    """
    messages = _messages(voice)
    if voice.machine_detection is None:
        return [_played(messages, [{"command": "hangup"}])]
    if voice.machine_detection.strategy != "Hangup":
        raise CannotCarry("Sinch cannot ask for another dial plan")
    heard = [_played(messages, [_told(outgoing, "COMPLETED"), {"command": "hangup"}])]
    over = [{"command": "hangup"}]
    events = {"onHuman": heard, "onMachine": over, "onBeep": over, "onUnknown": heard}
    return [{"command": "amd", "events": events}]


def _played(messages: Sequence[Body], then: Sequence[Body]) -> Body:
    return {"command": "messages", "messages": messages, "events": {"onFinish": then}}


def _messages(voice: Voice) -> Sequence[Body]:
    verbs = [verb for plan in voice.dial_plans for verb in plan.verbs]
    messages = [_message(verb) for verb in verbs for _ in range(verb.repeat + 1)]
    if len(messages) > MOST_MESSAGES:
        raise CannotCarry("more messages than Sinch plays in a row")
    return messages


def _message(verb: Verb) -> Body:
    if not isinstance(verb, Say):
        return {"type": "PLAY", "play": {"url": verb.file_url}}
    speech = verb.message
    if len(speech.text) > LONGEST_SPEECH:
        raise CannotCarry("more than Sinch says in one message")
    female, male = VOICES[speech.language]
    voice = male if speech.gender == "male" else female
    # As plain text, which is no markup to Sinch: nothing in it needs an escape.
    return {"type": "SAY", "say": {"text": speech.text, "voiceName": voice, "format": "TEXT"}}


def _told(outgoing: Outgoing, name: str) -> Body:
    """An event. Sinch repeats it only by the second address, at once."""
    address = outgoing.report_url
    return {"command": "webhook", "webhookName": name, "url": address, "fallbackUrl": address}


def _caller(voice: Voice) -> str:
    number = _CALLER.fullmatch(voice.from_)
    if number is None:
        raise CannotCarry("Sinch shows numbers only as a caller")
    return f"+{number[1]}"


def _callee(voice: Voice) -> Body:
    if voice.to.viber:
        raise CannotCarry("Sinch does not call the Viber app")
    if voice.to.sip:
        return {"type": "SIP", "sip": {"endpoint": f"sip:{voice.recipient}"}}
    return _phone(voice.recipient)


def _phone(number: str) -> Body:
    return {"type": "PHONE", "phone": {"number": number}}


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
