"""From a valid request to a durable flow: all that may fail comes before the start."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.bodies import Callback, FlowCreated
from api.dependencies import Caller, Services
from domain.channels import RequestStep, ViberTemplate, in_order
from domain.errors import InvalidRequest, KeyReused, Unavailable, UnknownSender
from domain.flow import Flow, Kind
from domain.progress import Progress
from domain.wire import milliseconds
from tracking.view import PIN
from workflows.client import AlreadyStarted

_log = structlog.get_logger()


@dataclass(frozen=True)
class Order:
    """What a client ordered: a valid request, its bytes, its Idempotency-Key."""

    kind: Kind
    steps: Sequence[RequestStep]
    callback: Callback | None
    raw: bytes
    key: str | None


async def create(order: Order, caller: Caller, services: Services) -> FlowCreated:
    """Start the flow; from then on the answer is 200, whatever else fails.

    Raises:
        Refusal: nothing exists (an Unavailable with a tracking id says which one was tried).
    """
    caller.may_use(step.channel for step in order.steps)
    senders = await _senders(order.steps, caller, services)
    flow = _compiled(order, caller, services, senders)
    if order.key and (earlier := await _earlier(flow, services)):
        return earlier
    try:
        sealed = await services.flows.start(flow, [step.recipient for step in order.steps])
    except AlreadyStarted:
        return await _concurrent(flow, services)
    await _record(sealed, services)
    return FlowCreated.of(sealed, services.sealer)


async def _senders(
    steps: Sequence[RequestStep], caller: Caller, services: Services
) -> dict[str, str]:
    """The names of the flow's Viber senders by their ids."""
    names: dict[str, str] = {}
    for place, step in enumerate(steps):
        if not isinstance(step, ViberTemplate):
            continue
        sender_id = step.sender_info_tracking_id
        sender = await services.accounts.sender_info(caller.account, sender_id)
        if sender is None:
            raise UnknownSender(f"Sender info not found: flow[{place}].senderInfoTrackingId")
        names[sender_id] = sender.name
        template = await services.accounts.template(caller.account, str(UUID(step.template_id)))
        if template and template.otp and PIN not in step.template_params:
            path = f"flow[{place}].templateParams.{PIN}"
            raise InvalidRequest({path: "Required by an OTP template"})
    return names


def _compiled(order: Order, caller: Caller, services: Services, senders: dict[str, str]) -> Flow:
    tracking_id = _tracking_id(order, caller, services)
    steps = (
        _numbered(step, tracking_id, place)
        for place, step in enumerate(in_order(tuple(order.steps)), start=1)
    )
    return Flow(
        account=caller.account,
        application=caller.application.id,
        tracking_id=tracking_id,
        kind=order.kind,
        steps=tuple(
            step.compiled(place, senders.get(getattr(step, "sender_info_tracking_id", ""), ""))
            for place, step in enumerate(steps, start=1)
        ),
        callback=order.callback.compiled() if order.callback else None,
        created_at=milliseconds(datetime.now(UTC)),
        request=services.keys.lasting_digest("request", caller.account, order.raw).hex(),
    )


def _tracking_id(order: Order, caller: Caller, services: Services) -> str:
    if order.key is None:
        return str(uuid4())
    digest = services.keys.lasting_digest("tracking id", caller.account, order.key)
    return str(UUID(bytes=digest[:16], version=4))  # looks like any other


def _numbered(step: RequestStep, tracking_id: str, place: int) -> RequestStep:
    """With the `seq` that a Viber step without one gets: 53 bits, the same at every repetition."""
    if not isinstance(step, ViberTemplate) or step.seq is not None:
        return step
    digest = hashlib.sha256(f"{tracking_id}.{place}".encode()).digest()
    return step.model_copy(update={"seq": int.from_bytes(digest[:8]) >> 11})


async def _earlier(flow: Flow, services: Services) -> FlowCreated | None:
    """The answer that this Idempotency-Key got before."""
    try:
        tracked = await services.tracking.find(flow.account, flow.tracking_id)
    except SQLAlchemyError:
        raise Unavailable("The database is away; send the request again") from None
    if tracked is None:
        return None
    if tracked.flow.request != flow.request:
        raise KeyReused("The Idempotency-Key was used before, with another body")
    return FlowCreated.of(tracked.flow, services.sealer)


async def _concurrent(flow: Flow, services: Services) -> FlowCreated:
    """The answer to a repetition that came while the first request was still being served."""
    if earlier := await _earlier(flow, services):
        return earlier
    raise Unavailable("The first request with this Idempotency-Key is still under way")


async def _record(flow: Flow, services: Services) -> None:
    try:
        await services.tracking.record(flow, Progress.of(flow))
    except SQLAlchemyError as fault:
        # The flow exists: its first activity writes the row.
        _log.warning("not recorded", tracking_id=flow.tracking_id, fault=type(fault).__name__)
