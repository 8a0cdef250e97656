"""The requests that Infobip takes, as JSON.

Source: Infobip's OpenAPI document 3.210 (July 2026), which its Python client 6.0.0 agrees with but
for Viber's templates.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from domain.channels import Sms, Viber, ViberMessage, ViberTemplate, Voice
from domain.dialplan import MachineDetection, Play, Say, Speech, Verb
from domain.viber import Action, ViberContent, ViberFile, ViberVideo
from providers.base import Outgoing
from providers.outcomes import CannotCarry

Body = dict[str, Any]

MOST_PARTS = 25
MOST_SPOKEN = 1400
LONGEST_ACTION = 1000

TRANSACTIONAL = "TRANSACTIONAL"
PROMOTIONAL = "PROMOTIONAL"

LANGUAGES: Mapping[str, str] = {
    "en-US": "en",
    "de-DE": "de",
    "fr-FR": "fr",
    "it-IT": "it",
    "pt-BR": "pt-br",
    "es-ES": "es",
    "es-LA": "es-mx",
    "en-GB": "en-gb",
    "el-GR": "el",
    "bg-BG": "bg",
    "pl-PL": "pl",
    "hu-HU": "hu",
    "sv-SE": "sv",
    "ru-RU": "ru",
}
"""A SAY verb's language → Infobip's."""

TEMPLATE_LANGUAGES: Mapping[str, str] = {"br": "pt_BR"}
"""Where Infobip's name of a template's language is another than ours."""


def sms(outgoing: Outgoing, content: Sms, seconds: int) -> Body:
    """Of POST /sms/3/messages."""
    if content.parts > MOST_PARTS:
        raise CannotCarry("more parts than Infobip sends")
    options = _lasting(seconds)
    if content.message.flash:
        options["flash"] = True
    if content.restrictions and (india := content.restrictions.india):
        registered = {"contentTemplateId": india.template_id, "principalEntityId": india.entity_id}
        options["regional"] = {"indiaDlt": registered}
    body = _messages(outgoing, content, {"text": content.message.text}, options)
    if content.url_shortener:
        body["options"] = {"tracking": {"shortenUrl": True, "trackClicks": False}}
    return body


def template(outgoing: Outgoing, content: ViberTemplate, seconds: int) -> Body:
    """Of POST /viber/2/messages."""
    options: Body = {"label": TRANSACTIONAL}
    if content.delivery_scope == "PRIMARY_DEVICE":
        options["toPrimaryDeviceOnly"] = True
    return _viber(outgoing, content, _template(content), {**options, **_lasting(seconds)})


def free_form(outgoing: Outgoing, content: ViberMessage, seconds: int, text_label: str) -> Body:
    """Of POST /viber/2/messages; `text_label` is the label of a text alone."""
    shown = _free_form(content.message)
    label = text_label if set(shown) == {"type", "text"} else PROMOTIONAL
    return _viber(outgoing, content, shown, {"label": label, **_lasting(seconds)})


def call(outgoing: Outgoing, content: Voice, minutes: int) -> Body:
    """Of POST /tts/3/advanced; without `retry`, with which Infobip would call again by itself."""
    if content.to.phone is None:
        raise CannotCarry("Infobip's voice messages go to numbers only")
    message = {
        "from": outgoing.sender,
        "destinations": [_destination(outgoing, content.recipient)],
        **_spoken(content.dial_plans[0].verbs),
        **_detection(content.machine_detection),
        "notifyUrl": outgoing.report_url,
        "notifyContentType": "application/json",
        "notifyContentVersion": 2,
        "callbackData": str(content.channel),
        "validityPeriod": minutes,
    }
    return {"messages": [message]}


def _viber(outgoing: Outgoing, content: Viber, shown: Body, options: Body) -> Body:
    body = _messages(outgoing, content, shown, options)
    # Nothing in a report of this kind could lead to its step but the address.
    body["messages"][0]["webhooks"]["seen"] = {"url": outgoing.report_url}
    return body


def _messages(outgoing: Outgoing, content: Sms | Viber, shown: Body, options: Body) -> Body:
    message = {
        "sender": outgoing.sender,
        "destinations": [_destination(outgoing, content.recipient)],
        "content": shown,
        "options": options,
        "webhooks": {
            "delivery": {"url": outgoing.report_url},
            "contentType": "application/json",
            # Reports bring it back; nothing else in them says which channel they are of.
            "callbackData": str(content.channel),
        },
    }
    return {"messages": [message]}


def _destination(outgoing: Outgoing, recipient: str) -> Body:
    return {"to": recipient.removeprefix("+"), "messageId": outgoing.reference}


def _lasting(seconds: int) -> Body:
    return {"validityPeriod": {"amount": seconds, "timeUnit": "SECONDS"}}


def _template(content: ViberTemplate) -> Body:
    parameters = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in content.template_params.items()
    }
    return {
        "type": "TEMPLATE",
        "templateId": content.template_id,
        "language": TEMPLATE_LANGUAGES.get(content.template_lang, content.template_lang),
        **({"parameters": parameters} if parameters else {}),
    }


def _free_form(message: ViberContent) -> Body:
    shown: Body = {"text": message.text} if message.text is not None else {}
    if message.action:
        shown["button"] = _button(message.action)
    if message.viber_video:
        return _video(message.viber_video) | shown
    if message.viber_file:
        return _file(message.viber_file)
    if message.image_url:
        image = {"mediaUrl": message.image_url, "showImageInFullScreen": False}
        return {"type": "IMAGE", **image, **shown}
    return {"type": "TEXT", **shown}


def _button(action: Action) -> Body:
    if len(action.target_url) > LONGEST_ACTION:
        raise CannotCarry("a longer button address than Infobip takes")
    return {"title": action.caption, "action": action.target_url}


def _video(video: ViberVideo) -> Body:
    return {
        "type": "VIDEO",
        "mediaUrl": video.video_url,
        "mediaDuration": f"PT{video.duration.normalize():f}S",
        "thumbnailUrl": video.video_thumbnail,
    }


def _file(file: ViberFile) -> Body:
    """Infobip reads the kind off the name's end, which must be in small letters."""
    end = "." + file.file_type.strip().removeprefix(".").lower()
    stem = file.file_name[: -len(end)] if file.file_name.lower().endswith(end) else file.file_name
    return {"type": "FILE", "fileName": stem + end, "mediaUrl": file.file_url}


def _detection(detection: MachineDetection | None) -> Body:
    if detection is None:
        return {}
    if detection.strategy != "Hangup":
        raise CannotCarry("Infobip asks nobody for another dial plan")
    return {"machineDetection": "hangup"}


def _spoken(verbs: Sequence[Verb]) -> Body:
    """One file, or one text in one voice: Infobip's message has no more."""
    match verbs:
        case [Play(repeat=0) as play]:
            return {"audioFileUrl": play.file_url}
        case [Say(), *_] if all(isinstance(verb, Say) for verb in verbs):
            return _said([verb for verb in verbs if isinstance(verb, Say)])
    raise CannotCarry("Infobip plays one file once, or reads texts")


def _said(verbs: Sequence[Say]) -> Body:
    first = verbs[0].message
    if any(_voice(verb.message) != _voice(first) for verb in verbs):
        raise CannotCarry("Infobip reads in one voice only")
    texts = [verb.message.text for verb in verbs for _ in range(verb.repeat + 1)]
    text = _literal("\n".join(texts))
    if len(text) > MOST_SPOKEN:
        raise CannotCarry("a longer text than Infobip reads")
    return {
        "text": text,
        "language": LANGUAGES[first.language],
        "voice": {"gender": first.gender},
    }


def _voice(message: Speech) -> tuple[str, str]:
    return message.language, message.gender


def _literal(text: str) -> str:
    """What is read as it stands: Infobip takes SSML, so what could be markup is escaped in it."""
    if "<" in text or "&" in text:
        return f"<speak>{escape(text, quote=False)}</speak>"
    return text
