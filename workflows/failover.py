"""The flow: tries each step in turn until one is delivered or none is left."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.callbacks import Callbacks
    from activities.steps import Steps
    from domain.flow import Flow, Publication, Step
    from domain.progress import DeliveryReport, Outcome, Progress
    from domain.status import is_final
    from workflows import names, publishing, summaries

# A send takes an exchange with a provider, or a few; a worker that is silent for ALIVE is dead. How
# long sending is tried in all follows from the step's ttl.
EXCHANGE, ALIVE = timedelta(seconds=30), timedelta(seconds=3)
QUESTION = timedelta(seconds=5)
SEND_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15)
)


@workflow.defn(name=names.WORKFLOW)
class FailoverWorkflow:
    """One flow, from its acceptance to its last callback."""

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._progress = Progress.of(flow)
        self._unpublished: list[Progress] = []
        self._publishing: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Try the steps. The outcome is the client's; a failed execution is a bug of ours."""
        self._publishing.append(asyncio.create_task(self._publish_in_order()))
        try:
            for step in flow.steps:
                if self._progress.outcome is None:
                    await self._attempt(step)
        except asyncio.CancelledError:  # an operator pressed Cancel in the Temporal UI
            self._cancel()
        await self._until_published()
        return self._progress.outcome

    async def _attempt(self, step: Step) -> None:
        """Send the step and wait, both at once, until it has a final status or its ttl is over."""
        self._progress = self._progress.begun(step, workflow.now())
        self._show()
        sending = asyncio.create_task(self._send(step))
        try:
            await self._until(
                lambda: self._is_settled(step),
                sending,
                timeout=timedelta(seconds=step.ttl),
                summary=summaries.of_ttl(step),
            )
        except TimeoutError:
            await self._ask(step, sending)
            if not self._is_settled(step):
                self.report(_silence(step))
        finally:
            sending.cancel()

    async def _send(self, step: Step) -> DeliveryReport | None:
        """Hand the step over; whatever failed for good may have been sent, so the wait goes on."""
        ttl = timedelta(seconds=step.ttl)
        try:
            answer = await workflow.execute_activity_method(
                Steps.send_step,
                args=[self._flow, self._progress],
                task_queue=names.SENDS,
                schedule_to_close_timeout=ttl,
                start_to_close_timeout=min(ttl, EXCHANGE),
                heartbeat_timeout=ALIVE,
                retry_policy=SEND_RETRIES,
                summary=summaries.of_send(step),
            )
        except ActivityError:
            return None
        if answer:
            self.report(answer.model_copy(update={"at": workflow.now()}))
        return answer

    async def _ask(self, step: Step, sending: asyncio.Task[DeliveryReport | None]) -> None:
        """Ask the provider once, where it can be, before the next channel is paid for."""
        answer = sending.result() if sending.done() else None
        if answer is None or not answer.askable:
            return
        with contextlib.suppress(ActivityError):  # then silence is all that is known
            told = await workflow.execute_activity_method(
                Steps.ask,
                args=[self._flow, answer],
                task_queue=names.SENDS,
                schedule_to_close_timeout=QUESTION,
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary=summaries.of_question(step),
            )
            for each in told:
                self.report(each.model_copy(update={"at": workflow.now()}))

    @workflow.signal(name=names.REPORT_SIGNAL)
    def report(self, report: DeliveryReport) -> None:
        """Take a statement about any step, be it the current one or an earlier one."""
        if self._progress.outcome is None:
            self._move(self._progress.after(self._flow, report))

    @workflow.update(name=names.CANCEL_UPDATE)
    def cancel(self) -> Progress:
        """End the flow: no further step starts, the one in flight keeps its status."""
        self._cancel()
        return self._progress

    @cancel.validator
    def _refuse_when_over(self) -> None:
        if self._progress.outcome is not None:
            raise ApplicationError("the flow is over", type=names.ALREADY_FINAL)

    def _cancel(self) -> None:
        self._move(self._progress.cancelled(self._flow, workflow.now()))

    def _is_settled(self, step: Step) -> bool:
        standing = self._progress.step(step.order)
        over = self._progress.outcome is not None
        return over or (standing is not None and is_final(standing.status, step.until_seen))

    def _move(self, progress: Progress) -> None:
        """The one place where the flow moves, and where it is decided who hears of it."""
        if progress is self._progress:
            return
        self._progress = progress
        self._show()
        if progress.outcome:
            self._mark(progress.outcome)
            if self._unpublished:  # the record must not wait for a slow receiver
                self._publishing.append(asyncio.create_task(self._record(progress)))
        if progress.outcome or self._flow.on_step:
            self._unpublished.append(progress)

    async def _publish_in_order(self) -> None:
        """Publish each snapshot once its predecessor was taken; failing over never waits for it."""
        published, wanted = None, True
        while published is None or published.outcome is None:
            await workflow.wait_condition(lambda: bool(self._unpublished))
            published = self._unpublished[0]
            how = Publication.TOLD if wanted else Publication.UNWANTED
            wanted = await self._publish(published, how)
            self._unpublished.pop(0)

    async def _record(self, progress: Progress) -> None:
        await self._publish(progress, Publication.RECORDED)

    async def _publish(self, progress: Progress, how: Publication) -> bool:
        return await workflow.execute_activity_method(
            Callbacks.publish,
            args=[self._flow, progress, how],
            task_queue=names.PUBLISH,
            start_to_close_timeout=publishing.PUBLISHING,
            retry_policy=publishing.PUBLISH_RETRIES,
            summary=summaries.of_publication(self._flow, progress, how),
        )

    async def _until_published(self) -> None:
        while not all(task.done() for task in self._publishing):
            try:
                await self._until(lambda: all(task.done() for task in self._publishing))
            except asyncio.CancelledError:
                continue  # the outcome stands, and its callbacks still go out

    async def _until(
        self,
        condition: Callable[[], bool],
        *tasks: asyncio.Task[Any],
        timeout: timedelta | None = None,
        summary: str | None = None,
    ) -> None:
        """Wait for the condition; a task that broke fails the flow loudly instead of hanging it."""

        def broken() -> list[asyncio.Task[Any]]:
            done = (task for task in (*self._publishing, *tasks) if task.done())
            return [task for task in done if not task.cancelled() and task.exception()]

        await workflow.wait_condition(
            lambda: condition() or bool(broken()), timeout=timeout, timeout_summary=summary
        )
        for task in broken():
            task.result()

    def _mark(self, outcome: Outcome) -> None:
        marks = [names.STATUS.value_set(outcome.status)]
        if outcome.channel:
            marks.append(names.CHANNEL.value_set(outcome.channel))
        workflow.upsert_search_attributes(marks)

    def _show(self) -> None:
        workflow.set_current_details(summaries.table(self._flow, self._progress))


def _silence(step: Step) -> DeliveryReport:
    return DeliveryReport(
        order=step.order, status=step.silence, reason=step.silence_reason, at=workflow.now()
    )
