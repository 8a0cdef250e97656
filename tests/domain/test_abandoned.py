"""How a flow ends that nobody runs any more."""

import pytest

from domain.progress import FlowStatus, Outcome, Progress
from domain.status import Channel, Status
from tests.domain.plays import flow_of, later, played, report
from tests.samples import sms, viber


@pytest.mark.parametrize(("begun", "channel"), [(0, None), (1, Channel.VIBER), (2, Channel.SMS)])
def test_it_failed_for_a_fault_of_ours(begun: int, channel: Channel | None) -> None:
    """statusCode 0, ended by the step in flight, which keeps its status (contract.md §7.1)."""
    flow = flow_of(viber(), sms())
    progress = Progress.of(flow)
    for step in flow.steps[:begun]:
        progress = progress.begun(step, later(1))
    abandoned = progress.abandoned(flow, later(2))
    assert abandoned.outcome == Outcome(status=FlowStatus.FAILED, code="0", channel=channel)
    assert abandoned.steps == progress.steps
    assert (abandoned.seq, abandoned.updated_at) == (progress.seq + 1, later(2))


def test_it_ended_as_its_reports_say() -> None:
    """And now: its client is told from this moment on."""
    progress = played(flow_of(viber(), sms()), Status.DELIVERED)
    abandoned = progress.abandoned(flow_of(viber(), sms()), later(900))
    assert abandoned.outcome == progress.outcome
    assert (abandoned.seq, abandoned.updated_at) == (progress.seq + 1, later(900))


def test_it_ended_as_the_engine_says() -> None:
    """Who ran it knows best."""
    flow = flow_of(viber(), sms())
    outcome = Outcome(status=FlowStatus.FAILED, code="3", channel=Channel.VIBER)
    progress = played(flow, Status.DELIVERED)
    assert progress.abandoned(flow, later(900), outcome).outcome == outcome


def test_a_late_report_moves_a_step_but_not_the_outcome() -> None:
    """As of every flow that is over."""
    flow = flow_of(viber(), sms())
    abandoned = Progress.of(flow).begun(flow.steps[0], later(1)).abandoned(flow, later(2))
    moved = abandoned.after(flow, report(1, Status.DELIVERED, 3))
    assert moved.steps[0].status is Status.DELIVERED
    assert moved.outcome == abandoned.outcome
