"""Reading flows (contract.md §5)."""

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import Calling, InService, TrackingId
from api.errors import Problem
from domain.errors import Unavailable, UnknownFlow
from tracking.view import FlowView, view

router = APIRouter(tags=["tracking"])


@router.get(
    "/failover/tracking/{tracking_id}",
    responses={status: {"model": Problem} for status in (403, 404, 503)},
)
async def track_flow(tracking_id: TrackingId, caller: Calling, services: InService) -> FlowView:
    """Where one flow stands: the steps attempted so far."""
    try:
        tracked = await services.tracking.find(caller.account, tracking_id)
    except SQLAlchemyError:
        raise Unavailable("The database is away; send the request again") from None
    if tracked is None:
        raise UnknownFlow("No flow has this tracking id")
    return view(tracked.flow, tracked.progress, services.sealer)
