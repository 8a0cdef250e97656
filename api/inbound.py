"""What recipients reply to Viber messages (contract.md §9): handed on to the step's inboundUrl.

A reply is delivered also when its flow is over, and changes nothing about it.
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request, Response

from api.dependencies import InService, Services
from api.reports import raw_report
from domain.channels import ViberMessage, ViberTemplate
from domain.errors import InvalidRequest, UnknownReport
from domain.flow import Flow, StepRef
from domain.inbound import InboundMessage
from domain.letter import Letter
from domain.wire import milliseconds
from providers.base import BadReport, Reply, Replying
from tracking.view import message_id

router = APIRouter(tags=["reports"])

_log = structlog.get_logger()


@router.post("/inbound/{provider}/{token}", include_in_schema=False)
async def take_reply(provider: str, token: str, request: Request, services: InService) -> Response:
    """Take a reply to the message that the address names."""
    replying = _replying(provider, services)
    ref = services.report_tokens.read(provider, token, time.time()).ref
    for reply in await _replies(replying, request, services):
        await _hand_on(reply, ref, services)
    return Response(status_code=200)


@router.post("/inbound/{provider}", include_in_schema=False)
async def take_signed_reply(provider: str, request: Request, services: InService) -> Response:
    """Take a reply to the last Viber message from that sender to that number, if it is signed."""
    replying = _replying(provider, services)
    raw = await raw_report(request, services)
    if not replying.verify_inbound(raw):
        raise UnknownReport("no such address")
    for reply in await _replies(replying, request, services):
        ref = await services.conversations.last(provider, reply.sender, reply.recipient)
        if ref is None:
            _log.info("reply to nothing", provider=provider)
            continue
        await _hand_on(reply, ref, services)
    return Response(status_code=200)


def _replying(provider: str, services: Services) -> Replying:
    found = services.providers.named(provider)
    if not isinstance(found, Replying):
        raise UnknownReport("no such address")
    return found


async def _replies(replying: Replying, request: Request, services: Services) -> Sequence[Reply]:
    try:
        return replying.read_replies(await raw_report(request, services))
    except BadReport as fault:
        raise InvalidRequest({"body": str(fault)}) from None


async def _hand_on(reply: Reply, ref: StepRef, services: Services) -> None:
    structlog.contextvars.bind_contextvars(tracking_id=ref.tracking_id)
    tracked = await services.tracking.find(ref.account, ref.tracking_id)
    if tracked is None or tracked.flow.is_emptied:
        _log.info("reply too late", reference=ref.reference)
        return
    content = services.sealer.content(tracked.flow, ref.order)
    if not isinstance(content, ViberMessage | ViberTemplate) or content.inbound_url is None:
        _log.info("reply not wanted", reference=ref.reference)
        return
    message = _message(reply, tracked.flow, ref, content)
    await services.flows.post(_letter(reply, tracked.flow, ref, content.inbound_url, message))


def _message(
    reply: Reply, flow: Flow, ref: StepRef, content: ViberMessage | ViberTemplate
) -> InboundMessage:
    return InboundMessage(
        from_=content.recipient,
        to=flow.steps[ref.order - 1].sender,
        message=reply.text,
        sent_date=milliseconds(datetime.now(UTC)),
        reference_tracking_id=message_id(flow, ref.order),
        media=reply.media,
        filename=reply.filename,
        label=content.label,
    )


def _letter(reply: Reply, flow: Flow, ref: StepRef, url: str, message: InboundMessage) -> Letter:
    # Named after the provider's own id: what it hands on twice is delivered once.
    name = hashlib.sha256(f"{ref.reference}/{reply.reply_id}".encode()).hexdigest()[:32]
    return Letter(
        event=f"reply_{name}",
        account=flow.account,
        application=flow.application,
        tracking_id=flow.tracking_id,
        at=message.sent_date,
        url=url,
        body=message.model_dump_json(),
    )
