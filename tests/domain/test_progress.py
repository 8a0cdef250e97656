"""How reports move a step: the properties that make tracking and the workflow agree."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flow import Flow
from domain.progress import DeliveryReport, FlowStatus, Outcome, Progress, StepProgress
from domain.status import Channel, Status, ladder
from tests.domain.plays import MAKERS, START, flow_of, later, played, report
from tests.samples import sms, viber, voice

LADDERS = [
    (Channel.SMS, False),
    (Channel.VIBER, False),
    (Channel.VIBER, True),
    (Channel.VOICE, False),
]


def _flow(channel: Channel, until_seen: bool) -> Flow:
    """The channel's step, with one of each other channel behind it."""
    members: dict[str, Any] = {"expireOnDelivery": True} if until_seen else {}
    others = [make() for other, make in MAKERS.items() if other is not channel]
    return flow_of(MAKERS[channel](**members), *others)


def _begun(flow: Flow) -> Progress:
    return Progress.of(flow).begun(flow.steps[0], START)


def _after(flow: Flow, reports: list[DeliveryReport]) -> Progress:
    progress = _begun(flow)
    for told in reports:
        progress = progress.after(flow, told)
    return progress


@st.composite
def _told(draw: st.DrawFn, channel: Channel, until_seen: bool) -> list[DeliveryReport]:
    """Some of the channel's statuses, each with one detail, in no order."""
    statuses = draw(st.sets(st.sampled_from(ladder(channel, until_seen)), min_size=1))
    moments = draw(st.permutations(range(1, len(statuses) + 1)))
    return [
        report(
            1,
            status,
            seconds,
            reason=draw(st.sampled_from(["", "Failed", "Busy"])),
            our_fault=draw(st.booleans()),
            message_id="m1",
            duration=7,
        )
        for status, seconds in zip(sorted(statuses), moments, strict=True)
    ]


@pytest.mark.parametrize(("channel", "until_seen"), LADDERS)
@given(data=st.data())
@settings(deadline=None)
def test_any_order_and_repetition_of_reports_ends_alike(
    channel: Channel, until_seen: bool, data: st.DataObject
) -> None:
    """A step stands where its highest report put it, whenever the others came."""
    flow = _flow(channel, until_seen)
    told = data.draw(_told(channel, until_seen))
    repeated = data.draw(st.lists(st.sampled_from(told), max_size=6))
    shuffled = data.draw(st.permutations(told + repeated))

    standing = _after(flow, shuffled).step(1)

    rungs = ladder(channel, until_seen)
    highest = max(told, key=lambda each: rungs.index(each.status))
    assert standing is not None
    assert standing == StepProgress(
        order=1,
        status=highest.status,
        reason=highest.reason,
        started_at=START,
        updated_at=highest.at,
        message_id="m1",
        duration=7,
        our_fault=highest.our_fault,
        delivered=standing.delivered,  # before what ended the step, so that is a matter of order
    )
    again = _after(flow, told).step(1)
    assert again == standing.model_copy(update={"delivered": again and again.delivered})


@pytest.mark.parametrize(("channel", "until_seen"), LADDERS)
@given(data=st.data())
@settings(deadline=None)
def test_no_report_moves_a_step_down(
    channel: Channel, until_seen: bool, data: st.DataObject
) -> None:
    """And one that moves nothing gives back the very same progress."""
    flow = _flow(channel, until_seen)
    rungs = ladder(channel, until_seen)
    progress, rung = _begun(flow), -1
    for status in data.draw(st.lists(st.sampled_from(list(Status)), max_size=12)):
        moved = progress.after(flow, report(1, status))
        if status in rungs and rungs.index(status) > rung:
            rung = rungs.index(status)
            assert moved.seq == progress.seq + 1
        else:
            assert moved is progress
        progress = moved
        standing = progress.step(1)
        assert standing is not None
        assert standing.status is (rungs[rung] if rung >= 0 else None)


@given(order=st.integers().filter(lambda order: order not in (1, 2)))
@settings(deadline=None)
def test_a_report_on_a_step_that_is_not_there_does_nothing(order: int) -> None:
    """Whatever its number: nought and negative ones count from no end."""
    flow = flow_of(viber(), sms())
    progress = played(flow, Status.EXPIRED)
    assert progress.after(flow, report(order, Status.DELIVERED)) is progress


@pytest.mark.parametrize(
    ("channel", "status"),
    [(channel, each) for channel in Channel for each in Status if each not in ladder(channel)],
)
def test_a_status_of_another_channel_does_nothing(channel: Channel, status: Status) -> None:
    """An Sms cannot be busy."""
    flow = _flow(channel, until_seen=False)
    progress = _begun(flow)
    assert progress.after(flow, report(1, status)) is progress


@given(data=st.data())
@settings(deadline=None)
def test_the_outcome_is_fixed_when_first_reached(data: st.DataObject) -> None:
    """What comes later moves steps, never the outcome."""
    flow = flow_of(viber(), voice(), sms())
    progress = Progress.of(flow)
    for step in flow.steps:
        progress = progress.begun(step, START)
    first: Outcome | None = None
    reports = st.builds(report, st.integers(1, 3), st.sampled_from(list(Status)))
    for told in data.draw(st.lists(reports, max_size=15)):
        progress = progress.after(flow, told)
        first = first or progress.outcome
        assert progress.outcome == first


def test_a_report_may_come_before_the_step_was_seen_to_begin() -> None:
    """Tracking folds reports over a snapshot that is older than the step."""
    flow = flow_of(viber(), sms())
    progress = Progress.of(flow).after(flow, report(1, Status.QUEUED, 3))
    assert progress.steps == (
        StepProgress(order=1, status=Status.QUEUED, started_at=later(3), updated_at=later(3)),
    )


def test_a_later_report_keeps_the_message_id_and_duration_it_does_not_tell() -> None:
    """They belong to the message, not to the report."""
    flow = flow_of(voice(), sms())
    told = [
        report(1, Status.QUEUED, message_id="m1"),
        report(1, Status.IN_PROGRESS, duration=0),
        report(1, Status.BUSY),
    ]
    standing = _after(flow, told).step(1)
    assert standing is not None
    assert (standing.message_id, standing.duration) == ("m1", 0)


def test_a_step_begins_once() -> None:
    """The second time changes nothing."""
    flow = flow_of(viber(), sms())
    progress = _begun(flow)
    assert progress.begun(flow.steps[0], later(9)) is progress
    assert progress.seq == 1


def test_a_flow_is_queued_then_in_progress_then_over() -> None:
    """By what has been begun, and by its outcome (contract.md §7.1)."""
    flow = flow_of(sms())
    assert Progress.of(flow) == Progress(seq=0, steps=(), updated_at=START)
    assert Progress.of(flow).status is FlowStatus.QUEUED
    assert _begun(flow).status is FlowStatus.IN_PROGRESS
    assert played(flow, Status.DELIVERED).status is FlowStatus.SUCCEEDED


def test_a_report_of_the_past_does_not_turn_the_flows_clock_back() -> None:
    """The step shows the report's moment; the flow the latest of all."""
    flow = flow_of(viber(), sms())
    progress = played(flow, Status.EXPIRED).begun(flow.steps[1], later(60))
    progress = progress.after(flow, report(1, Status.DELIVERED, 30))
    assert progress.steps[0].updated_at == later(30)
    assert progress.updated_at == later(60)


@pytest.mark.parametrize(("begun", "channel"), [(0, None), (1, Channel.VIBER), (2, Channel.SMS)])
def test_cancelling_fails_the_flow_and_leaves_its_steps(
    begun: int, channel: Channel | None
) -> None:
    """statusCode 3, ended by the step in flight (contract.md §5.5)."""
    flow = flow_of(viber(), sms())
    progress = Progress.of(flow)
    for step in flow.steps[:begun]:
        progress = progress.begun(step, later(1))
    cancelled = progress.cancelled(flow, later(2))
    assert cancelled.outcome == Outcome(status=FlowStatus.FAILED, code="3", channel=channel)
    assert cancelled.steps == progress.steps
    assert (cancelled.seq, cancelled.updated_at) == (progress.seq + 1, later(2))


def test_a_flow_that_is_over_cannot_be_cancelled() -> None:
    """Its outcome is fixed."""
    progress = played(flow_of(viber(), sms()), Status.DELIVERED)
    assert progress.cancelled(flow_of(viber()), later(9)) is progress
