"""Callbacks on record: reading them, and having them delivered again. Routee has no such thing."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import CallbackId, Calling, InService, OwnFlow, Services
from api.document import GUARDED, READING, answers, leading_to
from api.guarded import Guarded
from api.replaying import (
    LIMIT,
    CallbackInFull,
    CallbackListing,
    CallbackPage,
    CallbackView,
    FlowCallbacks,
    ReplayTaken,
    ReplayWindow,
)
from domain.errors import InvalidRequest, StillWaiting, Unavailable, UnknownCallback, UnknownFlow
from tracking.reopening import Reopened
from workflows.replaying import handed_over

router = APIRouter(tags=["callbacks"], route_class=Guarded)


@router.get("/failover/{tracking_id}/callbacks", responses=answers(*GUARDED, UnknownFlow))
async def list_flow_callbacks(tracked: OwnFlow, services: InService) -> FlowCallbacks:
    """What the client was told of one flow, or is to be told yet, and each attempt at it."""
    flow = tracked.flow
    entries = await services.callbacks.of_flow(flow.account, flow.tracking_id)
    return FlowCallbacks(content=tuple(map(CallbackView.of, entries)))


@router.get(
    "/callbacks",
    responses=answers(*GUARDED, InvalidRequest)
    | leading_to("show_callback", at="/content/0/id", parameter="callback_id"),
)
async def list_callbacks(
    query: Annotated[CallbackListing, Query()], caller: Calling, services: InService
) -> CallbackPage:
    """The account's callbacks, newest first; with `state=Dead` those that were given up."""
    page = await services.callbacks.list(
        caller.account,
        state=query.state.recorded if query.state else None,
        since=query.since,
        page=query.page,
        size=query.size,
    )
    return CallbackPage.of(query, page)


@router.post("/callbacks/replay", status_code=202, responses=answers(*GUARDED, *READING))
async def replay_callbacks(body: ReplayWindow, caller: Calling, services: InService) -> ReplayTaken:
    """Have dead callbacks delivered again, oldest first: at most 1,000 for each request.

    Each keeps its id and its body, and has a new schedule of 24 hours.
    """
    if not await services.flows.is_healthy():  # before any of them waits for it
        raise Unavailable("The replay could not be taken; ask for it again")
    reopened = await services.callbacks.reopen_dead(caller.account, body.read(), LIMIT)
    await _hand_over(reopened, services)
    return ReplayTaken.of(reopened)


@router.get("/callbacks/{callback_id}", responses=answers(*GUARDED, UnknownCallback))
async def show_callback(
    callback_id: CallbackId, caller: Calling, services: InService
) -> CallbackInFull:
    """One callback: the JSON that was sent, each attempt, and the receiver's last answer."""
    return CallbackInFull.opened(await services.callbacks.opened(caller.account, callback_id))


@router.post(
    "/callbacks/{callback_id}/replay",
    status_code=202,
    responses=answers(*GUARDED, UnknownCallback, StillWaiting),
)
async def replay_callback(
    callback_id: CallbackId, caller: Calling, services: InService
) -> CallbackView:
    """Have one callback delivered again, be it dead or delivered.

    It keeps its id and its body, and has a new schedule of 24 hours.
    """
    await _hand_over(await services.callbacks.reopen(caller.account, callback_id), services)
    return CallbackView.of(await services.callbacks.find(caller.account, callback_id))


async def _hand_over(reopened: Reopened, services: Services) -> None:
    async for _ in handed_over(services.flows, reopened.flows):
        pass
