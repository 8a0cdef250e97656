"""From a valid request to a durable flow: all that may fail comes before the start."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.admission import admitted
from api.bodies import Callback, FlowCreated
from api.dependencies import Caller, Services
from domain.channels import Viber, ViberTemplate
from domain.errors import KeyReused, Unavailable
from domain.flow import Flow, Kind
from domain.recipient import country
from domain.steps import RequestStep, in_order
from domain.wire import milliseconds
from metrics import catalogue as metrics
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
    identity = _identity(order, caller, services)
    structlog.contextvars.bind_contextvars(tracking_id=identity.tracking_id)
    if order.key and (earlier := await _earlier(order, identity, caller, services)):
        return earlier
    may_send = await admitted(order.steps, order.callback, caller, services)
    steps = _numbered(may_send.steps, identity)
    flow = _compiled(order, identity, steps, may_send.senders, caller)
    recipients = [step.recipient for step in steps]
    try:
        started = await services.flows.start(flow, recipients)
    except AlreadyStarted:
        return await _concurrent(order, identity, caller, services)
    metrics.accepted(order.kind)
    _warn(order.steps, services)
    await _record(started.flow, recipients, services)
    if started.is_found:  # senders may have changed since: it runs as it was ordered then
        return FlowCreated.again(started.flow, services.sealer)
    return FlowCreated.of(started.flow, steps, order.callback)


@dataclass(frozen=True)
class _Identity:
    """What tells flows apart: the tracking id, and the HMAC of the body that asked for it."""

    tracking_id: str
    request: str


def _identity(order: Order, caller: Caller, services: Services) -> _Identity:
    request = services.keys.lasting_digest("request", caller.account, order.raw).hex()
    if order.key is None:
        return _Identity(str(uuid4()), request)
    digest = services.keys.lasting_digest("tracking id", caller.account, order.key)
    return _Identity(str(UUID(bytes=digest[:16], version=4)), request)  # looks like any other


def _compiled(
    order: Order,
    identity: _Identity,
    steps: Sequence[RequestStep],
    senders: Mapping[str, str],
    caller: Caller,
) -> Flow:
    return Flow(
        account=caller.account,
        application=caller.application.id,
        tracking_id=identity.tracking_id,
        kind=order.kind,
        steps=tuple(
            step.compiled(place, _sender(step, senders))
            for place, step in enumerate(steps, start=1)
        ),
        callback=order.callback.compiled() if order.callback else None,
        created_at=milliseconds(datetime.now(UTC)),
        request=identity.request,
    )


def _sender(step: RequestStep, senders: Mapping[str, str]) -> str:
    return senders[step.sender_info_tracking_id] if isinstance(step, Viber) else ""


def _numbered(steps: Sequence[RequestStep], identity: _Identity) -> Sequence[RequestStep]:
    return [
        _with_seq(step, identity.tracking_id, place) for place, step in enumerate(steps, start=1)
    ]


def _with_seq(step: RequestStep, tracking_id: str, place: int) -> RequestStep:
    """With the `seq` that a Viber step without one gets: 53 bits, the same at every repetition."""
    if not isinstance(step, ViberTemplate) or step.seq is not None:
        return step
    digest = hashlib.sha256(f"{tracking_id}.{place}".encode()).digest()
    return step.model_copy(update={"seq": int.from_bytes(digest[:8]) >> 11})


async def _earlier(
    order: Order, identity: _Identity, caller: Caller, services: Services
) -> FlowCreated | None:
    """The answer that this Idempotency-Key got before."""
    tracked = await services.tracking.find(caller.account, identity.tracking_id)
    if tracked is None:
        return None
    if tracked.flow.request != identity.request:
        raise KeyReused("The Idempotency-Key was used before, with another body")
    flow = tracked.flow
    if flow.is_emptied:  # the same body says again what was forgotten
        flow = services.sealer.sealed(_refilled(flow, order))
    return FlowCreated.again(flow, services.sealer)


def _refilled(flow: Flow, order: Order) -> Flow:
    steps = (
        _with_seq(step, flow.tracking_id, place).compiled(place)
        for place, step in enumerate(in_order(tuple(order.steps)), start=1)
    )
    callback = order.callback.compiled() if order.callback else None
    return flow.model_copy(update={"steps": tuple(steps), "callback": callback})


async def _concurrent(
    order: Order, identity: _Identity, caller: Caller, services: Services
) -> FlowCreated:
    """The answer to a repetition that came while the first request was still being served."""
    if earlier := await _earlier(order, identity, caller, services):
        return earlier
    raise Unavailable("The first request with this Idempotency-Key is still under way")


def _warn(steps: Sequence[RequestStep], services: Services) -> None:
    """Say of which steps no receipt will come: their ends are guessed, as the settings say."""
    for step in steps:
        provider = services.providers.able(step)[0].name
        counts_as = services.receipts.of(provider, step.recipient)
        if counts_as:
            metrics.unreceipted(step.channel, provider)
            _log.warning(
                "no receipts",
                channel=step.channel,
                provider=provider,
                country=country(step.recipient),
                counts_as=counts_as,
            )


async def _record(flow: Flow, recipients: Sequence[str], services: Services) -> None:
    try:
        await services.tracking.begin(flow, recipients)
    except SQLAlchemyError as fault:
        # The flow exists: its first activity writes the row.
        _log.warning("not recorded", tracking_id=flow.tracking_id, fault=type(fault).__name__)
