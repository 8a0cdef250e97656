"""Creating and cancelling flows (contract.md §2, §3, §5.5)."""

from fastapi import APIRouter

from api.bodies import CreateFlow, CreateTransactionalFlow, FlowCreated
from api.creation import Order, create
from api.dependencies import Calling, IdempotencyKey, InService, OwnFlow, RawBody
from api.document import GUARDED, READING, answers, leading_to
from api.guarded import Guarded
from domain.errors import (
    AlreadyFinal,
    InsufficientBalance,
    KeyReused,
    UnknownFlow,
    UnknownSender,
)
from tracking.view import FlowView, view

router = APIRouter(tags=["failover"], route_class=Guarded)

CREATING = answers(*GUARDED, *READING, InsufficientBalance, UnknownSender, KeyReused) | leading_to(
    "track_flow", "cancel_flow"
)


@router.post(
    "/failover",
    response_model_exclude_none=True,
    responses=CREATING,
)
async def create_flow(
    body: CreateFlow, caller: Calling, services: InService, raw: RawBody, key: IdempotencyKey
) -> FlowCreated:
    """Start a flow. Once this answers 200, the flow survives every crash."""
    order = Order(body.kind, body.steps, body.callback, raw, key)
    return await create(order, caller, services)


@router.post(
    "/failover/transactional",
    response_model_exclude_none=True,
    responses=CREATING,
)
async def create_transactional_flow(
    body: CreateTransactionalFlow,
    caller: Calling,
    services: InService,
    raw: RawBody,
    key: IdempotencyKey,
) -> FlowCreated:
    """Start a transactional flow. Once this answers 200, the flow survives every crash."""
    order = Order(body.kind, body.steps, body.callback, raw, key)
    return await create(order, caller, services)


@router.post(
    "/failover/{tracking_id}/cancel",
    responses=answers(*GUARDED, UnknownFlow, AlreadyFinal)
    | leading_to("track_flow", "cancel_flow"),
)
async def cancel_flow(tracked: OwnFlow, services: InService) -> FlowView:
    """End a flow: no further step starts, the step in flight keeps its status."""
    flow = tracked.flow
    try:
        progress = await services.flows.cancel(flow.account, flow.tracking_id)
    except UnknownFlow:  # the engine forgets flows that are over
        raise AlreadyFinal("The flow is already final") from None
    return view(flow, progress, services.sealer, tracked.prices)
