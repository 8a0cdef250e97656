"""What a step shows its client, in tracking and in callbacks (contract.md §5.3, §6.3)."""

from typing import Any, Literal

from pydantic import Field

from domain.status import Channel
from domain.wire import Moment, Wire


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
    """What both kinds of Viber messages show."""

    type: Literal[Channel.VIBER] = Channel.VIBER
    tracking_id: str
    from_: str = Field(alias="from")
    to: str
    ttl: int | float
    expire_on_delivery: bool = False
    expired_on_delivery_at: Moment | None = None
    inbound_url: str | None = omitted()


class ViberMessageView(ViberView):
    """A free-form Viber message; `body` holds its parts."""

    body: dict[str, Any]
    label: str | None = omitted()


class ViberTemplateView(ViberView):
    """A Viber template; a `pin` among its parameters shows as ****."""

    template_id: str
    template_lang: str
    template_params: dict[str, Any]
    delivery_scope: str
    seq: int


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


AnyMessageView = SmsView | ViberMessageView | ViberTemplateView | VoiceView
