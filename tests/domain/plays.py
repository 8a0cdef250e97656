"""Flows for what moves them, and reports that do."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from tests import samples

START = datetime(2026, 9, 1, 8, 15, 30, tzinfo=UTC)
MAKERS = {Channel.SMS: samples.sms, Channel.VIBER: samples.viber, Channel.VOICE: samples.voice}


def later(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def report(order: int, status: Status, seconds: float = 1, **members: Any) -> DeliveryReport:
    """A report on that step."""
    return DeliveryReport(order=order, status=status, at=later(seconds), **members)


def flow_of(*steps: dict[str, Any]) -> Flow:
    """A flow of those steps, accepted at the start."""
    return samples.a_flow(*steps).model_copy(update={"created_at": START})


def played(flow: Flow, *statuses: Status | str, our_fault: bool = False) -> Progress:
    """The flow after each step in turn was begun and got its status."""
    progress = Progress.of(flow)
    for order, status in enumerate(statuses, start=1):
        progress = progress.begun(flow.steps[order - 1], later(order))
        told = report(order, Status(status), order, our_fault=our_fault)
        progress = progress.after(flow, told)
    return progress
