"""The workflow: tries each step in turn until one is delivered or none is left."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from bench.bare.shape import FLOWS as FLOWS
from bench.bare.shape import PUBLISH, REPORT, SENDS, WORKFLOW, Flow, Outgoing, Report, Step, Told

EXCHANGE, ALIVE, TELLING = timedelta(seconds=30), timedelta(seconds=3), timedelta(seconds=20)
FINAL = {"delivered", "undelivered", "failed", "expired"}


@workflow.defn(name=WORKFLOW)
class BareWorkflow:
    """One flow."""

    def __init__(self) -> None:
        self._statuses: dict[int, str] = {}

    @workflow.run
    async def run(self, flow: Flow) -> str:
        """Try the steps, and tell the client."""
        outcome = "Failed"
        for step in flow.steps:
            if await self._attempt(flow, step) == "delivered":
                outcome = "Succeeded"
                break
        statuses = {str(order): status for order, status in self._statuses.items()}
        await workflow.execute_activity(
            "tell",
            Told(flow.callback_url, flow.tracking_id, outcome, statuses),
            task_queue=PUBLISH,
            start_to_close_timeout=TELLING,
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5)),
        )
        return outcome

    async def _attempt(self, flow: Flow, step: Step) -> str:
        """Send the step and wait, both at once, until it has a final status or its ttl is over."""
        sending = asyncio.create_task(self._send(flow, step))
        try:
            await workflow.wait_condition(
                lambda: self._statuses.get(step.order) in FINAL, timeout=timedelta(seconds=step.ttl)
            )
        except TimeoutError:
            self._statuses[step.order] = "expired"
        finally:
            sending.cancel()
        return self._statuses[step.order]

    async def _send(self, flow: Flow, step: Step) -> None:
        """Once: a second attempt could send twice. One that failed may have been sent."""
        ttl = timedelta(seconds=step.ttl)
        try:
            await workflow.execute_activity(
                "send",
                Outgoing(flow.tracking_id, step),
                task_queue=SENDS,
                schedule_to_close_timeout=ttl,
                start_to_close_timeout=min(ttl, EXCHANGE),
                heartbeat_timeout=ALIVE,
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            return
        self._statuses.setdefault(step.order, "queued")

    @workflow.signal(name=REPORT)
    def report(self, report: Report) -> None:
        """Take what a provider says; nothing comes after a final status."""
        if self._statuses.get(report.order) not in FINAL:
            self._statuses[report.order] = report.status
