"""The API on the real engine, for requests that a machine makes up by the thousand."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import milliseconds
from storage.keys import Keyring
from tests.api.bench import Api, serving
from tests.api.conftest import without_engine
from tests.conftest import NewNamespace
from tests.fuzz.tally import Tally
from tracking.records import Tracking
from workflows import names
from workflows.client import FlowClient
from workflows.failover import FailoverWorkflow

TALLY = pytest.StashKey[Tally]()

NOWHERE = 9
"""Port of the sandbox: nobody sends."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long to look, and from where."""
    parser.addoption("--examples", type=int, default=20, help="cases of each kind")
    parser.addoption("--seed", type=int, help="make other cases than the last time")


@pytest.fixture(scope="session", autouse=True)
def tally(pytestconfig: pytest.Config) -> Tally:
    """What the run asked, and what it was told."""
    return pytestconfig.stash.setdefault(TALLY, Tally())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the tally."""
    tally = config.stash.get(TALLY, None)
    for line in tally.lines() if tally else ():
        terminalreporter.write_line(line)


class Sparing(FlowClient):
    """The real client, which starts flows only while it is `keeping` them.

    Thousands of flows at which nobody looks again would cost more than all the rest.
    """

    keeping = True

    async def _start(self, flow: Flow, hashes: list[str]) -> None:
        if self.keeping:
            await super()._start(flow, hashes)


class Quiet:
    """Activities of the real names: each step is taken and stays in flight, nobody is called back.

    A made-up address must not hear of it.
    """

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking

    @activity.defn
    async def send_step(self, flow: Flow, progress: Progress) -> DeliveryReport:
        """Record the step as taken."""
        await self._tracking.record(flow, progress)
        moment = milliseconds(activity.info().started_time)
        return DeliveryReport(order=progress.steps[-1].order, status=Status.QUEUED, at=moment)

    @activity.defn
    async def publish(self, flow: Flow, progress: Progress, tell: bool) -> bool:
        """Record the snapshot."""
        await self._tracking.record(flow, progress)
        return tell


@pytest.fixture
async def api(
    database: AsyncEngine, keys: Keyring, new_namespace: NewNamespace
) -> AsyncIterator[Api]:
    """All of it real, from the request to the workflow."""
    engineless = await without_engine(database, keys, NOWHERE)
    client = await new_namespace("fuzz")
    quiet = Quiet(engineless.tracking)
    flows = Sparing(client, engineless.sealer, keys)
    async with AsyncExitStack() as stack:
        for worker in (
            Worker(
                client,
                task_queue=names.FLOWS,
                workflows=[FailoverWorkflow],
                workflow_runner=UnsandboxedWorkflowRunner(),
            ),
            Worker(client, task_queue=names.SENDS, activities=[quiet.send_step]),
            Worker(client, task_queue=names.PUBLISH, activities=[quiet.publish]),
        ):
            await stack.enter_async_context(worker)
        yield await stack.enter_async_context(serving(replace(engineless, flows=flows)))


@pytest.fixture(autouse=True)
def _short_turns() -> Iterator[None]:
    # Two loops and a maker of cases take turns; each would keep the others waiting for 5 ms.
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(usual)
