"""Reading flows, one or many (contract.md §5)."""

import asyncio
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query

from api.dependencies import Calling, InService, OwnFlow, Services
from api.document import GUARDED, READING, answers, leading_to
from api.guarded import Guarded
from api.searching import Filters, FlowPage, Listing, Paging
from domain.errors import InvalidRequest, UnknownFlow
from tracking.filters import Search
from tracking.view import FlowView, view

router = APIRouter(tags=["tracking"], route_class=Guarded)


@router.get(
    "/failover/tracking",
    responses=answers(*GUARDED, InvalidRequest)
    | leading_to("track_flow", at="/content/0/trackingId"),
)
async def list_flows(
    query: Annotated[Listing, Query()], caller: Calling, services: InService
) -> FlowPage:
    """The account's flows, those of the query."""
    search = query.search(caller.account, query.filters())
    if query.tracking_id:
        search = replace(search, tracking_id=_canonical(query.tracking_id))
    return await _page(search, services)


@router.post(
    "/failover/tracking",
    responses=answers(*GUARDED, *READING) | leading_to("track_flow", at="/content/0/trackingId"),
)
async def search_flows(
    query: Annotated[Paging, Query()],
    caller: Calling,
    services: InService,
    body: Annotated[Filters, Body()] = (),
) -> FlowPage:
    """The account's flows that pass every filter: an array of them, a single one, or none."""
    return await _page(query.search(caller.account, tuple(each.read() for each in body)), services)


@router.get(
    "/failover/tracking/{tracking_id}",
    responses=answers(*GUARDED, UnknownFlow) | leading_to("cancel_flow"),
)
async def track_flow(tracked: OwnFlow, services: InService) -> FlowView:
    """Where one flow stands: the steps attempted so far."""
    return view(tracked.flow, tracked.progress, services.sealer, tracked.prices)


async def _page(search: Search, services: Services) -> FlowPage:
    page = await services.tracking.search(search)
    # The largest page takes a second to unseal, in which others want to be served.
    return await asyncio.to_thread(FlowPage.of, search, page, services.sealer)


def _canonical(tracking_id: str) -> str:
    try:
        return str(UUID(tracking_id))
    except ValueError:
        return tracking_id
