"""Where a flow stands, how a report moves it, and when it is over (contract.md §7)."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from domain.flow import Flow, Step
from domain.status import SHORT_OF_MONEY, SUCCESSES, Channel, Status, is_final, rises
from domain.wire import Moment, Wire


class FlowStatus(StrEnum):
    """Where the whole flow stands."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


OVER = (FlowStatus.SUCCEEDED, FlowStatus.FAILED)
"""Where a flow stays; on any other status it is still under way."""

SERVER_ERROR, NO_BALANCE, NO_NEXT_STEP, NOT_TRIGGERED = "0", "1", "2", "3"
"""Why a flow failed: its statusCode on the wire."""


class DeliveryReport(Wire):
    """One statement about one step: a provider's, or the workflow's own about its silence.

    `reason` is a detailedStatus of contract.md §7.3; `message_id` the provider's own id;
    `duration` a call's length in seconds; `our_fault` marks what failed on our side; `provider` is
    who was asked to send it, `askable` whether it can be asked what became of it.
    """

    order: int
    status: Status
    reason: str = ""
    at: Moment
    message_id: str = ""
    duration: int | None = None
    our_fault: bool = False
    provider: str = ""
    askable: bool = False


class StepProgress(Wire):
    """Where one step stands. Without a status its send is still unanswered.

    `delivered`: it was delivered, whatever became of it then (expireOnDelivery, contract.md §7.5).
    """

    order: int
    status: Status | None = None
    reason: str = ""
    started_at: Moment
    updated_at: Moment
    message_id: str = ""
    duration: int | None = None
    our_fault: bool = False
    provider: str = ""
    delivered: bool = False


class Outcome(Wire):
    """How a flow ended. `code` says why it failed; `channel` ended it."""

    status: FlowStatus
    code: str | None = None
    channel: Channel | None = None


class Progress(Wire):
    """Where a flow stands: the steps attempted so far, and its outcome once it has one.

    `seq` counts the moves. Every transition returns a new value, or the same one if nothing moved.
    """

    seq: int = 0
    steps: tuple[StepProgress, ...] = ()
    outcome: Outcome | None = None
    updated_at: Moment

    @classmethod
    def of(cls, flow: Flow) -> Self:
        """Where every flow begins."""
        return cls(updated_at=flow.created_at)

    @property
    def status(self) -> FlowStatus:
        """The flow's status."""
        if self.outcome:
            return self.outcome.status
        return FlowStatus.IN_PROGRESS if self.steps else FlowStatus.QUEUED

    def step(self, order: int) -> StepProgress | None:
        """Where that step stands, if it was begun."""
        return next((step for step in self.steps if step.order == order), None)

    def begun(self, step: Step, at: datetime) -> Self:
        """The step's turn has come."""
        if self.step(step.order):
            return self
        return self._with(StepProgress(order=step.order, started_at=at, updated_at=at), at)

    def after(self, flow: Flow, report: DeliveryReport) -> Self:
        """Move the report's step up its ladder, or do nothing.

        The outcome is fixed when first reached: what comes later moves a step, never the outcome.
        """
        step = flow.step(report.order)
        if step is None:
            return self
        standing = self.step(report.order) or StepProgress(
            order=report.order, started_at=report.at, updated_at=report.at
        )
        if not rises(step.channel, step.until_seen, standing.status, report.status):
            return self
        moved = standing.model_copy(
            update={
                "status": report.status,
                "reason": report.reason,
                "updated_at": report.at,
                "message_id": report.message_id or standing.message_id,
                "duration": report.duration if report.duration is not None else standing.duration,
                "our_fault": report.our_fault,
                "provider": report.provider or standing.provider,
                "delivered": standing.delivered or report.status is Status.DELIVERED,
            }
        )
        progress = self._with(moved, report.at)
        outcome = self.outcome or _outcome(flow, progress.steps)
        return progress.model_copy(update={"outcome": outcome})

    def cancelled(self, flow: Flow, at: datetime) -> Self:
        """No further step starts; the one in flight keeps its status (contract.md §5.5)."""
        return self if self.outcome else self._over(self._failed(flow, NOT_TRIGGERED), at)

    def abandoned(self, flow: Flow, at: datetime, outcome: Outcome | None = None) -> Self:
        """Nobody runs the flow any more: it ended as `outcome` or its reports say, or it failed."""
        return self._over(outcome or self.outcome or self._failed(flow, SERVER_ERROR), at)

    def _failed(self, flow: Flow, code: str) -> Outcome:
        last = flow.step(self.steps[-1].order) if self.steps else None
        channel = last.channel if last else None
        return Outcome(status=FlowStatus.FAILED, code=code, channel=channel)

    def _over(self, outcome: Outcome, at: datetime) -> Self:
        updated_at = max(self.updated_at, at)
        update = {"seq": self.seq + 1, "outcome": outcome, "updated_at": updated_at}
        return self.model_copy(update=update)

    def _with(self, step: StepProgress, at: datetime) -> Self:
        others = (other for other in self.steps if other.order != step.order)
        steps = tuple(sorted((*others, step), key=lambda standing: standing.order))
        update = {"seq": self.seq + 1, "steps": steps, "updated_at": max(self.updated_at, at)}
        return self.model_copy(update=update)


def _outcome(flow: Flow, steps: tuple[StepProgress, ...]) -> Outcome | None:
    """The flow's end, if this is one (contract.md §7.1)."""
    for standing in steps:
        step = flow.steps[standing.order - 1]
        if _succeeded(step, standing.status) and standing.status not in step.failures:
            return Outcome(status=FlowStatus.SUCCEEDED, channel=step.channel)
    last = steps[-1]
    step = flow.steps[last.order - 1]
    if last.status is None or not is_final(last.status, step.until_seen):
        return None
    if last.status not in step.failures:
        code = NO_BALANCE if last.status in SHORT_OF_MONEY else NOT_TRIGGERED
    elif last.order < len(flow.steps):
        return None
    elif _succeeded(step, last.status):
        return Outcome(status=FlowStatus.SUCCEEDED, channel=step.channel)
    else:
        code = NO_NEXT_STEP
    code = SERVER_ERROR if last.our_fault else code
    return Outcome(status=FlowStatus.FAILED, code=code, channel=step.channel)


def _succeeded(step: Step, status: Status | None) -> bool:
    return status in SUCCESSES and is_final(status, step.until_seen)
