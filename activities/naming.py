"""Names the flow in each line that an activity logs."""

from typing import Any

from structlog.contextvars import bound_contextvars
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.flow import Flow
from domain.progress import Progress


class Naming(Interceptor):
    """For a worker: its activities' lines have tracking_id, step and attempt."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """What stands before each activity."""
        return _Named(next)


class _Named(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        names: dict[str, Any] = {"activity": info.activity_type, "attempt": info.attempt}
        for argument in input.args:
            match argument:
                case Flow():
                    names["tracking_id"] = argument.tracking_id
                case Progress() if argument.steps:
                    names["step"] = argument.steps[-1].order
        with bound_contextvars(**names):
            return await super().execute_activity(input)
