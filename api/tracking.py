"""Reading flows (contract.md §5)."""

from fastapi import APIRouter

from api.dependencies import InService, OwnFlow
from api.errors import Problem
from tracking.view import FlowView, view

router = APIRouter(tags=["tracking"])


@router.get(
    "/failover/tracking/{tracking_id}",
    responses={status: {"model": Problem} for status in (403, 404, 503)},
)
async def track_flow(tracked: OwnFlow, services: InService) -> FlowView:
    """Where one flow stands: the steps attempted so far."""
    return view(tracked.flow, tracked.progress, services.sealer)
