"""Creating and cancelling flows (contract.md §3, §5.5)."""

from fastapi import APIRouter

from api.bodies import CreateTransactionalFlow, FlowCreated
from api.creation import Order, create
from api.dependencies import Calling, IdempotencyKey, InService, OwnFlow, RawBody
from api.errors import Problem
from domain.errors import AlreadyFinal, UnknownFlow
from domain.flow import Kind
from tracking.view import FlowView, view

router = APIRouter(tags=["failover"])


@router.post(
    "/failover/transactional",
    response_model_exclude_none=True,
    responses={status: {"model": Problem} for status in (400, 403, 404, 422, 503)},
)
async def create_transactional_flow(
    body: CreateTransactionalFlow,
    caller: Calling,
    services: InService,
    raw: RawBody,
    key: IdempotencyKey,
) -> FlowCreated:
    """Start a transactional flow. Once this answers 200, the flow survives every crash."""
    order = Order(Kind.TRANSACTIONAL, body.flow, body.callback, raw, key)
    return await create(order, caller, services)


@router.post(
    "/failover/{tracking_id}/cancel",
    responses={status: {"model": Problem} for status in (403, 404, 409, 503)},
)
async def cancel_flow(tracked: OwnFlow, services: InService) -> FlowView:
    """End a flow: no further step starts, the step in flight keeps its status."""
    flow = tracked.flow
    try:
        progress = await services.flows.cancel(flow.account, flow.tracking_id)
    except UnknownFlow:  # the engine forgets flows that are over
        raise AlreadyFinal("The flow is already final") from None
    return view(flow, progress, services.sealer)
