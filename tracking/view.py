"""A flow as its client reads it, in tracking and in callbacks (contract.md §5.3, §6.3)."""

from typing import Any, Literal
from uuid import UUID, uuid5

from pydantic import Field

from domain.channels import Sms, ViberTemplate, Voice
from domain.flow import Flow, Kind, Step
from domain.progress import FlowStatus, Progress, StepProgress
from domain.recipient import country
from domain.status import Channel, Status, is_final, named
from domain.wire import Moment, Wire
from storage.seal import Sealer
from tracking.descriptions import description

PIN = "pin"
HIDDEN = "****"


def _absent(value: object) -> bool:
    return value is None


def omitted(default: Any = None) -> Any:
    """A member that is left out, not null, where it does not apply."""
    return Field(default=default, exclude_if=_absent)


class ReasonView(Wire):
    """Why a message has its status."""

    detailed_status: str
    description: str


class StatusView(Wire):
    """A message's status."""

    name: str
    reason: ReasonView
    updated_date: Moment


class MessageView(Wire):
    """What every attempted step shows."""

    type: Channel
    order: int
    status: StatusView
    country: str | None = omitted()
    price: float = 0.0
    failover_on_statuses: tuple[str, ...]
    created_at: Moment


class SmsView(MessageView):
    """An Sms. `latency` is in seconds, from its turn to its final status."""

    type: Literal[Channel.SMS] = Channel.SMS
    message_id: str
    sms_id: str
    from_: str = Field(alias="from")
    to: str
    body: str
    label: str | None = omitted()
    ttl: int
    part: int = 1
    parts: int = 1
    latency: int | None = omitted()


class ViberView(MessageView):
    """A Viber template; a `pin` among its parameters shows as ****."""

    type: Literal[Channel.VIBER] = Channel.VIBER
    tracking_id: str
    from_: str = Field(alias="from")
    to: str
    ttl: int | float
    template_id: str
    template_lang: str
    template_params: dict[str, Any]
    delivery_scope: str
    seq: int
    expire_on_delivery: bool = False
    expired_on_delivery_at: Moment | None = None
    inbound_url: str | None = omitted()


class VoiceView(MessageView):
    """A call. `duration` is in seconds."""

    type: Literal[Channel.VOICE] = Channel.VOICE
    message_id: str
    conversation_tracking_id: str
    from_: str = Field(alias="from")
    to: dict[str, str]
    dial_plans: list[dict[str, Any]]
    duration: int = 0
    direction: str = "Outbound"


class FlowView(Wire):
    """A flow with the steps attempted so far."""

    tracking_id: str
    flow_kind: Kind | None = omitted()
    messages: tuple[SmsView | ViberView | VoiceView, ...]
    termination_channel: Channel | None
    status: FlowStatus
    status_code: str | None
    total_price: float
    originating_service: str = "Failover"
    application_id: str
    created_at: Moment
    updated_at: Moment


def view(flow: Flow, progress: Progress, sealer: Sealer) -> FlowView:
    """The sealed flow as its client reads it."""
    messages = tuple(
        _message(flow, flow.steps[standing.order - 1], standing, sealer)
        for standing in progress.steps
    )
    outcome = progress.outcome
    return FlowView(
        tracking_id=flow.tracking_id,
        flow_kind=flow.kind if flow.kind is Kind.TRANSACTIONAL else None,
        messages=messages,
        termination_channel=outcome.channel if outcome else None,
        status=progress.status,
        status_code=outcome.code if outcome else None,
        total_price=sum(message.price for message in messages),
        application_id=flow.application,
        created_at=flow.created_at,
        updated_at=progress.updated_at,
    )


def _message(
    flow: Flow, step: Step, standing: StepProgress, sealer: Sealer
) -> SmsView | ViberView | VoiceView:
    content = sealer.content(flow, step.order)
    common = {
        "order": content.order,
        "status": _status(step, standing),
        "country": country(content.recipient),
        "failover_on_statuses": content.failover_on_statuses,
        "created_at": standing.started_at,
    }

    def identifier(name: str) -> str:
        return str(uuid5(UUID(flow.tracking_id), f"{step.order}/{name}"))

    match content:
        case Sms():
            return _sms(content, step, standing, identifier("messageId"), common)
        case ViberTemplate():
            return _viber(content, step, standing, identifier("trackingId"), common)
        case Voice():
            conversation = identifier("conversationTrackingId")
            return _voice(content, standing, identifier("messageId"), conversation, common)


def _sms(
    content: Sms, step: Step, standing: StepProgress, message_id: str, common: dict[str, Any]
) -> SmsView:
    ended = is_final(standing.status, step.until_seen)
    taken = standing.updated_at - standing.started_at
    return SmsView(
        **common,
        message_id=message_id,
        sms_id=str(uuid5(UUID(message_id), "part 1")),
        from_=content.from_,
        to=content.to,
        body=content.message.body,
        label=content.message.label,
        ttl=content.ttl,
        latency=max(0, round(taken.total_seconds())) if ended else None,
    )


def _viber(
    content: ViberTemplate,
    step: Step,
    standing: StepProgress,
    tracking_id: str,
    common: dict[str, Any],
) -> ViberView:
    echo = content.echo()
    expired = step.until_seen and standing.status is Status.EXPIRED
    return ViberView(
        **common,
        tracking_id=tracking_id,
        from_=step.sender,
        to=content.to,
        ttl=echo["ttl"],
        template_id=content.template_id,
        template_lang=content.template_lang,
        template_params=_without_pin(content),
        delivery_scope=content.delivery_scope,
        seq=content.seq or 0,
        expire_on_delivery=step.until_seen,
        expired_on_delivery_at=standing.updated_at if expired else None,
        inbound_url=content.inbound_url,
    )


def _voice(
    content: Voice,
    standing: StepProgress,
    message_id: str,
    conversation: str,
    common: dict[str, Any],
) -> VoiceView:
    echo = content.echo()
    return VoiceView(
        **common,
        message_id=message_id,
        conversation_tracking_id=conversation,
        from_=content.from_,
        to=echo["to"],
        dial_plans=echo["dialPlans"],
        duration=standing.duration or 0,
    )


def _without_pin(content: ViberTemplate) -> dict[str, Any]:
    params = content.template_params
    return {name: HIDDEN if name.lower() == PIN else value for name, value in params.items()}


def _status(step: Step, standing: StepProgress) -> StatusView:
    status = standing.status or Status.QUEUED
    detailed = standing.reason or _DETAILED.get(status, str(status))
    return StatusView(
        name=named(step.channel, status),
        reason=ReasonView(detailed_status=detailed, description=description(detailed)),
        updated_date=standing.updated_at,
    )


_DETAILED = {Status.NO_ANSWER: "No Answer", Status.IN_PROGRESS: "In Progress"}
