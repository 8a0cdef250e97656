"""An activity's lines name its flow."""

import dataclasses
from typing import Any

import structlog
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.naming import Naming
from domain.flow import Flow
from domain.progress import Progress
from tests.samples import a_flow, sms, viber


class Logging(ActivityInboundInterceptor):
    """An activity that logs a line, and fails if it is told to."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        structlog.get_logger().info("line")
        if input.args[2]:
            raise KeyError


def progress(flow: Flow, steps: int) -> Progress:
    """So many steps begun."""
    found = Progress.of(flow)
    for step in flow.steps[:steps]:
        found = found.begun(step, flow.created_at)
    return found


async def line(flow: Flow, steps: int, fails: bool = False) -> Any:
    """What an activity's line has at the third attempt."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, activity_type="send_step", attempt=3)
    named = Naming().intercept_activity(Logging())

    async def run() -> None:
        arguments = (flow, progress(flow, steps), fails)
        called = ExecuteActivityInput(fn=run, args=arguments, executor=None, headers={})
        try:
            await named.execute_activity(called)
        except KeyError:
            assert fails
        assert get_contextvars() == {}

    with capture_logs(processors=[merge_contextvars]) as logs:
        await environment.run(run)
    (found,) = logs
    return found


async def test_a_line_has_flow_step_activity_and_attempt() -> None:
    """The step is the one begun last; afterwards nothing of it is left."""
    flow = a_flow(viber(), sms())
    for steps, fails in ((1, False), (2, False), (2, True)):
        assert await line(flow, steps, fails) == {
            "event": "line",
            "log_level": "info",
            "activity": "send_step",
            "attempt": 3,
            "tracking_id": flow.tracking_id,
            "step": steps,
        }


async def test_before_the_first_step_there_is_none() -> None:
    """A flow that was cancelled at once is published, too."""
    found = await line(a_flow(sms()), 0)
    assert "step" not in found
    assert found["tracking_id"]
