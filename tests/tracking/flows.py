"""Flows as they stand in the record: sealed, numbered, with their clock at a known moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from storage.seal import Sealer
from tests import samples

START = datetime(2026, 9, 1, 8, 15, 30, 120_000, UTC)
TRACKING_ID = "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02"


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def sealed_flow(sealer: Sealer, *steps: dict[str, Any], **members: Any) -> Flow:
    """A flow of those steps, each with an `order`: its place, if it has none."""
    numbered = ({"order": order, **step} for order, step in enumerate(steps, start=1))
    flow = samples.a_flow(*numbered)
    known = {"tracking_id": TRACKING_ID, "created_at": START}
    return sealer.sealed(flow.model_copy(update=known | members))


def report(order: int, status: Status, seconds: float, **members: Any) -> DeliveryReport:
    """A report on that step, so many seconds after the start."""
    return DeliveryReport(order=order, status=status, at=later(seconds), **members)


def progress_of(flow: Flow, *happenings: float | DeliveryReport) -> Progress:
    """Where the flow stands after these: a number begins the next step so many seconds in."""
    progress = Progress.of(flow)
    for each in happenings:
        if isinstance(each, DeliveryReport):
            progress = progress.after(flow, each)
        else:
            progress = progress.begun(flow.steps[len(progress.steps)], later(each))
    return progress
