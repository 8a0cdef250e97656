"""Delivery reports from providers. 2xx only once the engine has them for good."""

import time
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import InService, Services
from domain.errors import InvalidRequest, UnknownReport
from domain.flow import StepRef
from domain.progress import DeliveryReport
from domain.status import SUCCESSES, UNDER_WAY, Status
from domain.wire import milliseconds
from metrics import catalogue as metrics
from providers.base import BadReport, StatusWord
from providers.exchange import RawReport
from providers.token import Addressed

router = APIRouter(tags=["reports"])

MOST_PARTS = 255
"""What the header of a part of an SMS can count to."""

_log = structlog.get_logger()


@router.get("/reports/{provider}/{token}", include_in_schema=False)
@router.post("/reports/{provider}/{token}", include_in_schema=False)
async def take_report(provider: str, token: str, request: Request, services: InService) -> Response:
    """Take a provider's report on a step."""
    serving = services.providers.named(provider)
    if serving is None:
        raise UnknownReport("no such report address")
    addressed = services.report_tokens.read(provider, token, time.time())
    structlog.contextvars.bind_contextvars(tracking_id=addressed.ref.tracking_id)
    raw = await raw_report(request, services)
    if not serving.verify_report(raw):
        raise UnknownReport("no such report address")
    try:
        words = serving.read_reports(raw)
    except BadReport as fault:
        raise InvalidRequest({"body": str(fault)}) from None
    for word in words:
        status = await _put_together(word, addressed, services)
        if status is None:
            continue
        report = DeliveryReport(
            order=addressed.ref.order,
            status=status,
            reason=word.reason,
            at=milliseconds(datetime.now(UTC)),
            message_id=word.message_id,
            duration=word.duration,
            provider=provider,
        )
        await _take(report, addressed, services)
        metrics.reported(provider, report.status)
    return Response(status_code=200)


async def _put_together(
    word: StatusWord, addressed: Addressed, services: Services
) -> Status | None:
    """The status of the whole message; None while its other parts are open."""
    if word.parts == 1:
        return word.status
    if not 1 <= word.part <= word.parts <= MOST_PARTS:
        raise InvalidRequest({"body": "There is no such part"})
    return await services.parts.add(addressed.ref, word.part, word.parts, word.status)


async def raw_report(request: Request, services: Services) -> RawReport:
    """What a provider sent, as it arrived.

    The address is the one that we gave out: providers sign that, not what a proxy made of it.
    """
    query = request.url.query
    return RawReport(
        headers=dict(request.headers),
        body=await request.body(),
        url=services.public_url + request.url.path + (f"?{query}" if query else ""),
        method=request.method,
    )


async def _take(report: DeliveryReport, addressed: Addressed, services: Services) -> None:
    if await _is_passed_on(report, addressed.ref, services):
        _log.info("report of a passed provider", provider=report.provider, status=report.status)
        return
    if await _can_move(report, addressed, services):
        taken = await services.flows.report(addressed.ref, report)
        if not taken:
            _log.info("late report", reference=addressed.ref.reference, status=report.status)
    try:
        await services.tracking.append(addressed.ref, report)
    except SQLAlchemyError as fault:
        # The engine has it; its next snapshot says the same.
        reference = addressed.ref.reference
        _log.warning("report not recorded", reference=reference, fault=type(fault).__name__)


async def _is_passed_on(report: DeliveryReport, ref: StepRef, services: Services) -> bool:
    """Whether this is the failure of a provider that another one has taken the step from."""
    if report.status in SUCCESSES | UNDER_WAY:
        return False
    try:
        return await services.tracking.holder(ref) not in (None, report.provider)
    except SQLAlchemyError:
        return False


async def _can_move(report: DeliveryReport, addressed: Addressed, services: Services) -> bool:
    """Whether the flow must hear of it; what cannot move it would only cost history events."""
    if report.status in UNDER_WAY and not addressed.on_step:
        return False
    try:
        return not await services.tracking.is_known(addressed.ref, report.status)
    except SQLAlchemyError:
        return True
