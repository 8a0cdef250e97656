"""What Routee's channel APIs are sent: where each kind of step goes, and its body.

Source: Routee's reference, "Send an SMS", "Send a Viber single message", "Viber transactional
messaging", "Perform a voice conversation"; the project's contract.md §10.1–§10.4.
"""

from collections.abc import Mapping
from typing import Any

from domain.channels import Sms, ViberMessage, ViberTemplate, Voice
from domain.status import Channel
from domain.viber import ViberContent
from providers.base import Outgoing, Span
from providers.outcomes import CannotCarry

SPANS: Mapping[Channel, Span] = {
    Channel.SMS: Span(60, 3 * 86400, unit=60),
    Channel.VIBER: Span(30, 86400),
}
"""The `ttl` of an Sms is in minutes, that of a Viber message in seconds; a call has none."""

Members = dict[str, Any]


def addressed(outgoing: Outgoing) -> tuple[str, Members]:
    """The path that takes the step, and the body.

    Raises:
        CannotCarry: less time is left than the path takes.
    """
    match outgoing.content:
        case Sms() as sms:
            return "/sms", _sms(outgoing, sms)
        case ViberMessage() as message:
            return "/viber", _viber_message(outgoing, message)
        case ViberTemplate() as template:
            return "/viber/transactional/messages", _viber_template(outgoing, template)
        case Voice() as voice:
            return "/voice/conversation", _voice(outgoing, voice)
    raise CannotCarry(f"Routee has no form for {type(outgoing.content).__name__}")


def _sms(outgoing: Outgoing, sms: Sms) -> Members:
    """`transcode` is settled here: what goes out is the text that was counted and charged."""
    message = sms.message
    return _given(
        {
            "from": outgoing.sender,
            "to": sms.recipient,
            "body": message.text,
            "flash": message.flash,
            "transcode": False,
            "label": message.label,
            "ttl": SPANS[Channel.SMS].fit(outgoing.validity),
            "urlShortener": sms.url_shortener and sms.url_shortener.model_dump(mode="json"),
            "restrictions": sms.restrictions
            and sms.restrictions.model_dump(mode="json", exclude_none=True),
            "callback": _callback(outgoing),
        }
    )


def _viber_message(outgoing: Outgoing, message: ViberMessage) -> Members:
    """`expireOnDelivery` is no member of this API: our own clock sees to it."""
    return _given(
        {
            "senderInfoTrackingId": message.sender_info_tracking_id,
            "to": message.recipient,
            "body": _viber_body(message.message),
            "label": message.label,
            "ttl": SPANS[Channel.VIBER].fit(outgoing.validity),
            "callbackUrl": outgoing.report_url,
            "inboundUrl": outgoing.inbound_url or None,
        }
    )


def _viber_body(content: ViberContent) -> Members:
    """The parts by the names of this API, which spells URL in capitals."""
    body: Members = {
        "text": content.text,
        "imageURL": content.image_url,
        "action": content.action and content.action.model_dump(mode="json"),
    }
    if file := content.viber_file:
        body["viberFile"] = {
            "fileName": file.file_name,
            "fileType": file.file_type.strip().removeprefix(".").lower(),
            "fileURL": file.file_url,
        }
    if video := content.viber_video:
        members = video.model_dump(mode="json")
        body["viberVideo"] = {"videoURL": members.pop("videoUrl"), **members}
    return _given(body)


def _viber_template(outgoing: Outgoing, template: ViberTemplate) -> Members:
    return _given(
        {
            "senderInfoTrackingId": template.sender_info_tracking_id,
            "to": template.recipient,
            "templateId": template.template_id,
            "templateLang": template.template_lang,
            "templateParams": template.template_params,
            "deliveryScope": template.delivery_scope,
            "seq": template.seq,
            "ttl": SPANS[Channel.VIBER].fit(outgoing.validity),
            "callbackUrl": outgoing.report_url,
            "inboundUrl": outgoing.inbound_url or None,
        }
    )


def _voice(outgoing: Outgoing, voice: Voice) -> Members:
    return _given(
        {
            "from": outgoing.sender,
            "to": _target(voice),
            "dialPlan": voice.dial_plans[0].model_dump(mode="json"),
            "machineDetection": voice.machine_detection
            and voice.machine_detection.model_dump(mode="json", exclude_none=True),
            "callback": _callback(outgoing),
        }
    )


def _target(voice: Voice) -> Members:
    if voice.to.viber:
        return {"viber": voice.recipient.removeprefix("+")}
    return {"phone" if voice.to.phone else "sip": voice.recipient}


def _callback(outgoing: Outgoing) -> Members:
    return {"url": outgoing.report_url, "strategy": "OnChange"}


def _given(members: Members) -> Members:
    return {name: value for name, value in members.items() if value is not None}
