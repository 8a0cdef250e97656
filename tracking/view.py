"""A flow as its client reads it, in tracking and in callbacks (contract.md §5.3, §6.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

from domain.channels import MINUTE, PIN, Sms, ViberMessage, ViberTemplate, Voice
from domain.flow import Flow, Kind, Step
from domain.progress import FlowStatus, Progress, StepProgress
from domain.recipient import country
from domain.status import Channel, Status, is_final, named
from domain.wire import Moment, Wire
from storage.seal import Sealer
from tracking.descriptions import description
from tracking.messages import (
    AnyMessageView,
    ReasonView,
    SmsView,
    StatusView,
    ViberMessageView,
    ViberTemplateView,
    VoiceView,
    omitted,
)

HIDDEN = "****"
NOTHING: Mapping[int, Decimal] = MappingProxyType({})


class FlowView(Wire):
    """A flow with the steps attempted so far."""

    tracking_id: str
    flow_kind: Kind | None = omitted()
    messages: tuple[AnyMessageView, ...]
    termination_channel: Channel | None
    status: FlowStatus
    status_code: str | None
    total_price: float
    originating_service: str = "Failover"
    application_id: str
    created_at: Moment
    updated_at: Moment


def view(
    flow: Flow, progress: Progress, sealer: Sealer, prices: Mapping[int, Decimal] = NOTHING
) -> FlowView:
    """The sealed flow as its client reads it; `prices` are what its steps were charged."""
    # Only of the steps shown: a callback that comes late must not tell what a later step cost.
    shown = {step.order: prices.get(step.order, Decimal(0)) for step in progress.steps}
    messages = tuple(
        _message(flow, standing, shown[standing.order], sealer) for standing in progress.steps
    )
    outcome = progress.outcome
    return FlowView(
        tracking_id=flow.tracking_id,
        flow_kind=flow.kind if flow.kind is Kind.TRANSACTIONAL else None,
        messages=messages,
        termination_channel=outcome.channel if outcome else None,
        status=progress.status,
        status_code=outcome.code if outcome else None,
        total_price=float(sum(shown.values())),
        application_id=flow.application,
        created_at=flow.created_at,
        updated_at=progress.updated_at,
    )


def _message(flow: Flow, standing: StepProgress, price: Decimal, sealer: Sealer) -> AnyMessageView:
    """The step of a sealed flow; without its content once that was forgotten."""
    step = flow.steps[standing.order - 1]
    ids = _Ids(flow, step)
    common: dict[str, Any] = {
        "status": _status(step, standing),
        "price": float(price),
        "created_at": standing.started_at,
    }
    if not step.content:
        return _without_content(flow, step, standing, ids, common)
    content = sealer.content(flow, step.order)
    common |= {
        "order": content.order,
        "country": country(content.recipient),
        "failover_on_statuses": content.failover_on_statuses,
    }
    match content:
        case Sms():
            return _sms(content, step, standing, ids, common)
        case ViberMessage() | ViberTemplate():
            return _viber(content, step, standing, ids, common)
        case Voice():
            return _voice(content, standing, ids, common)


def message_id(flow: Flow, order: int) -> str:
    """What clients know a Viber message by: the `trackingId` among the flow's `messages`."""
    return _Ids(flow, flow.steps[order - 1])("trackingId")


@dataclass(frozen=True)
class _Ids:
    """The step's ids: stable, stored nowhere."""

    flow: Flow
    step: Step

    def __call__(self, name: str) -> str:
        return str(uuid5(UUID(self.flow.tracking_id), f"{self.step.order}/{name}"))

    def of_sms(self) -> dict[str, Any]:
        message_id = self("messageId")
        return {"message_id": message_id, "sms_id": str(uuid5(UUID(message_id), "part 1"))}

    def of_voice(self) -> dict[str, Any]:
        return {
            "message_id": self("messageId"),
            "conversation_tracking_id": self("conversationTrackingId"),
        }


def _sms(
    content: Sms, step: Step, standing: StepProgress, ids: _Ids, common: dict[str, Any]
) -> SmsView:
    return SmsView(
        **common,
        **ids.of_sms(),
        from_=content.from_ or "",
        to=content.to,
        body=content.message.body,
        label=content.message.label,
        ttl=content.ttl,
        parts=content.parts,
        latency=_latency(step, standing),
    )


def _latency(step: Step, standing: StepProgress) -> int | None:
    if not is_final(standing.status, step.until_seen):
        return None
    return max(0, round((standing.updated_at - standing.started_at).total_seconds()))


def _viber(
    content: ViberMessage | ViberTemplate,
    step: Step,
    standing: StepProgress,
    ids: _Ids,
    common: dict[str, Any],
) -> ViberMessageView | ViberTemplateView:
    echo = content.echo()
    common |= _any_viber(step, standing, ids)
    common |= {"to": content.to, "ttl": echo["ttl"], "inbound_url": content.inbound_url}
    if isinstance(content, ViberMessage):
        return ViberMessageView(**common, body=echo["message"], label=content.label)
    return ViberTemplateView(
        **common,
        template_id=content.template_id,
        template_lang=content.template_lang,
        template_params=_without_pin(content),
        delivery_scope=content.delivery_scope,
        seq=content.seq or 0,
    )


def _any_viber(step: Step, standing: StepProgress, ids: _Ids) -> dict[str, Any]:
    return {
        "tracking_id": ids("trackingId"),
        "from_": step.sender,
        "expire_on_delivery": step.until_seen,
        "expired_on_delivery_at": standing.updated_at if _expired_unseen(step, standing) else None,
    }


def _expired_unseen(step: Step, standing: StepProgress) -> bool:
    return step.until_seen and standing.delivered and standing.status is Status.EXPIRED


def _voice(content: Voice, standing: StepProgress, ids: _Ids, common: dict[str, Any]) -> VoiceView:
    echo = content.echo()
    return VoiceView(
        **common,
        **ids.of_voice(),
        from_=content.from_,
        to=echo["to"],
        dial_plans=echo["dialPlans"],
        duration=standing.duration or 0,
    )


def _without_content(
    flow: Flow, step: Step, standing: StepProgress, ids: _Ids, common: dict[str, Any]
) -> AnyMessageView:
    """What is left of a step when its content was emptied."""
    common |= {
        "order": step.order,
        "failover_on_statuses": tuple(map(str, step.failures)),
        "from_": step.sender,
        "to": step.recipient,
    }
    minutes = step.ttl / MINUTE
    match step.channel:
        case Channel.VOICE:
            common |= {"to": {"phone": step.recipient}, "dial_plans": []}
            return VoiceView(**common, **ids.of_voice(), duration=standing.duration or 0)
        case Channel.SMS:
            common |= {"body": "", "ttl": round(minutes), "latency": _latency(step, standing)}
            return SmsView(**common, **ids.of_sms())
        case Channel.VIBER:
            common |= _any_viber(step, standing, ids)
            common |= {"ttl": round(minutes) if minutes.is_integer() else minutes}
    if flow.kind is Kind.STANDARD:
        return ViberMessageView(**common, body={})
    return ViberTemplateView(
        **common, template_id="", template_lang="", template_params={}, delivery_scope="", seq=0
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
