"""The worked example of docs/upgrades.md: the same change of the workflow in its three stages.

Providers correct themselves: "failed", and a second later "delivered". So before the next channel
is paid for, the flow waits a moment for good news of the last: a timer more for each failover.
"""

import contextlib
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.flow import Flow, Step
    from domain.progress import Outcome
    from workflows import names
    from workflows.failover import FailoverWorkflow

PATCH = "wait-before-failing-over"
MOMENT = timedelta(seconds=1)


class _Waiting(FailoverWorkflow):
    """What the change adds."""

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await self._until(
                lambda: self._progress.outcome is not None,
                timeout=MOMENT,
                summary="a moment for good news",
            )

    async def _attempt_still(self, step: Step) -> None:
        if self._progress.outcome is None:
            await super()._attempt(step)


@workflow.defn(name=names.WORKFLOW)
class Patched(_Waiting):
    """First: flows that come by here on new code wait, those that are past it go on as before."""

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Run as ever."""
        return await super().run(flow)

    async def _attempt(self, step: Step) -> None:
        if step.order > 1 and workflow.patched(PATCH):
            await self._wait()
        await self._attempt_still(step)


@workflow.defn(name=names.WORKFLOW)
class Deprecated(_Waiting):
    """Then, once no flow is open that went by without waiting: the old branch is gone."""

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Run as ever."""
        return await super().run(flow)

    async def _attempt(self, step: Step) -> None:
        if step.order > 1:
            workflow.deprecate_patch(PATCH)
            await self._wait()
        await self._attempt_still(step)


@workflow.defn(name=names.WORKFLOW)
class Bare(_Waiting):
    """Last, once no flow is open that was patched: as if it had always been so.

    It is also what the change would be without a patch: wrong today, right in the end.
    """

    @workflow.init
    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)

    @workflow.run
    async def run(self, flow: Flow) -> Outcome | None:
        """Run as ever."""
        return await super().run(flow)

    async def _attempt(self, step: Step) -> None:
        if step.order > 1:
            await self._wait()
        await self._attempt_still(step)
