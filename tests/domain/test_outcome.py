"""When a flow is over, and how: contract.md §7.1 and §7.2."""

from typing import Any

import pytest

from domain.progress import FlowStatus, Outcome, Progress
from domain.status import Channel, Status, is_final
from tests.domain.plays import flow_of, later, played, report
from tests.samples import sms, viber, voice

GOING_ON = ["Busy", "NoAnswer", "Failed", "Unsent", "Terminated"]
ALL_LISTED = voice(failoverOnStatuses=["Completed", *GOING_ON])
MATRIX = [
    ("Completed", None, None, "Succeeded"),
    *((call, "Delivered", None, "Succeeded") for call in GOING_ON),
    *((call, "Undelivered", "Delivered", "Succeeded") for call in GOING_ON),
    *((call, "Undelivered", "Undelivered", "Failed") for call in GOING_ON),
    *((call, "Undelivered", "Failed", "Failed") for call in GOING_ON),
]
"""Voice, Viber, Sms → the flow: the documented failover matrix."""


def test_the_matrix_has_its_21_rows() -> None:
    """Each once."""
    assert len(set(MATRIX)) == 21


@pytest.mark.parametrize(("call", "message", "text", "flow_status"), MATRIX)
def test_the_failover_matrix(
    call: str, message: str | None, text: str | None, flow_status: str
) -> None:
    """The flow goes on exactly as long as the row does, and ends as it says."""
    flow = flow_of(voice(failoverOnStatuses=GOING_ON), viber(), sms())
    row = [status for status in (call, message, text) if status]
    for tried in range(1, len(row)):
        assert played(flow, *row[:tried]).status is FlowStatus.IN_PROGRESS
    progress = played(flow, *row)
    assert progress.outcome == Outcome(
        status=FlowStatus(flow_status),
        code=None if flow_status == "Succeeded" else "2",
        channel=flow.steps[len(row) - 1].channel,
    )


@pytest.mark.parametrize(
    ("step", "status"),
    [
        (sms(), "Delivered"),
        (viber(), "Delivered"),
        (viber(), "Seen"),
        (viber(expireOnDelivery=True), "Seen"),
        (voice(), "Completed"),
    ],
)
def test_an_unlisted_success_ends_the_flow_succeeded(step: dict[str, Any], status: str) -> None:
    """Rule 1, with a step that might still follow."""
    flow = flow_of(step, sms())
    assert played(flow, status).outcome == Outcome(
        status=FlowStatus.SUCCEEDED, channel=Channel(step["type"])
    )


@pytest.mark.parametrize(
    ("step", "statuses"),
    [
        (sms(), "Undelivered Failed"),
        (viber(), "Expired Failed Undelivered"),
        (voice(), "Busy NoAnswer"),
        (ALL_LISTED, "Completed Busy NoAnswer Failed Unsent Terminated"),
    ],
)
def test_a_listed_status_lets_the_next_step_run(step: dict[str, Any], statuses: str) -> None:
    """Rule 2; and without a next step, rule 3: Failed, 2, unless it is a success."""
    for status in statuses.split():
        assert played(flow_of(step, sms()), status).outcome is None
        outcome = played(flow_of(step), status).outcome
        assert outcome is not None
        assert outcome.code == (None if status == "Completed" else "2")
        assert outcome.status is (
            FlowStatus.SUCCEEDED if status == "Completed" else FlowStatus.FAILED
        )


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        (sms(failoverOnStatuses="Failed"), "Undelivered", "3"),
        (sms(failoverOnStatuses="Undelivered"), "Failed", "3"),
        (viber(failoverOnStatuses="Failed"), "Expired", "3"),
        (viber(failoverOnStatuses="Failed"), "Undelivered", "3"),
        (viber(failoverOnStatuses="Expired"), "Failed", "3"),
        (voice(), "Failed", "3"),
        (voice(failoverOnStatuses="Busy"), "NoAnswer", "3"),
        (voice(failoverOnStatuses="NoAnswer"), "Busy", "3"),
        (sms(), "Unsent", "1"),
        (viber(), "Unsent", "1"),
        (voice(), "Unsent", "1"),
        (voice(), "Terminated", "1"),
    ],
)
@pytest.mark.parametrize("following", [[], [sms()]])
def test_an_unlisted_failure_ends_the_flow(
    step: dict[str, Any], status: str, code: str, following: list[dict[str, Any]]
) -> None:
    """Rule 4: failover was not triggered, or the money is short; with or without a next step."""
    assert played(flow_of(step, *following), status).outcome == Outcome(
        status=FlowStatus.FAILED, code=code, channel=Channel(step["type"])
    )


@pytest.mark.parametrize(("step", "following"), [(sms(), []), (voice(), []), (voice(), [sms()])])
def test_a_fault_of_ours_ends_the_flow_with_0(
    step: dict[str, Any], following: list[dict[str, Any]]
) -> None:
    """Rule 5: whether the status was listed without a next step, or not listed at all."""
    outcome = played(flow_of(step, *following), "Failed", our_fault=True).outcome
    assert outcome is not None
    assert (outcome.status, outcome.code) == (FlowStatus.FAILED, "0")


def test_after_a_fault_of_ours_a_listed_status_still_fails_over() -> None:
    """Rule 5: if failover applies, the flow goes on."""
    assert played(flow_of(sms(), viber()), "Failed", our_fault=True).outcome is None


@pytest.mark.parametrize(
    "status", [status for status in Status if not is_final(status)] + [Status.DELIVERED]
)
def test_nothing_ends_while_the_step_is_under_way(status: Status) -> None:
    """With expireOnDelivery, delivered is under way too (contract.md §7.5)."""
    for step in (viber(expireOnDelivery=True), voice()):
        assert played(flow_of(step), status).outcome is None


def test_a_delivered_message_that_nobody_saw_fails_over() -> None:
    """With expireOnDelivery its expiry counts, also after the delivery."""
    flow = flow_of(viber(expireOnDelivery=True), sms())
    progress = played(flow, Status.DELIVERED)
    expired = progress.after(flow, report(1, Status.EXPIRED))
    assert expired.outcome is None
    assert expired.steps[0].status is Status.EXPIRED


@pytest.mark.parametrize("second", [None, Status.SENT, Status.QUEUED])
def test_a_late_success_ends_the_flow_by_its_own_step(second: Status | None) -> None:
    """The Viber message arrived after all, while the Sms is under way."""
    flow = flow_of(viber(), sms())
    progress = played(flow, Status.EXPIRED).begun(flow.steps[1], later(2))
    if second:
        progress = progress.after(flow, report(2, second))
    assert progress.after(flow, report(1, Status.DELIVERED)).outcome == Outcome(
        status=FlowStatus.SUCCEEDED, channel=Channel.VIBER
    )


def test_a_late_success_that_its_step_lists_ends_nothing() -> None:
    """The client asked to go on after an answered call."""
    flow = flow_of(ALL_LISTED, sms())
    progress = played(flow, Status.BUSY).begun(flow.steps[1], later(2))
    late = progress.after(flow, report(1, Status.COMPLETED))
    assert late.outcome is None
    assert late.steps[0].status is Status.COMPLETED


def test_a_late_failure_of_an_earlier_step_ends_nothing() -> None:
    """Only the last step begun can fail the flow."""
    flow = flow_of(viber(failoverOnStatuses="Failed"), sms())
    progress = played(flow, Status.FAILED).begun(flow.steps[1], later(2))
    late = progress.after(flow, report(1, Status.UNDELIVERED))
    assert late.outcome is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.DELIVERED])
def test_what_comes_after_the_end_moves_a_step_only(status: Status) -> None:
    """The flow failed; the message that arrives later shows, and changes nothing else."""
    flow = flow_of(sms())
    ended: Progress = played(flow, Status.UNSENT)
    late = ended.after(flow, report(1, status))
    assert late.steps[0].status is status
    assert (
        late.outcome
        == ended.outcome
        == Outcome(status=FlowStatus.FAILED, code="1", channel=Channel.SMS)
    )
