"""Replays of what flows did: today's code must do the same again."""

import asyncio
import socket
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner

from workflows import names
from workflows.failover import FailoverWorkflow

FETCHING = 8
"""How many histories are fetched at once: the engine has other work too."""

OF_FLOWS = f"WorkflowType = '{names.WORKFLOW}'"


class Diverged(AssertionError):
    """Today's code would not have done the same; the message says in which flows."""


def replayer(code: type = FailoverWorkflow, runner: WorkflowRunner | None = None) -> Replayer:
    """Replays flows with that workflow."""
    return Replayer(
        workflows=[code],
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
        build_id="tests",
    )


def is_begun(history: WorkflowHistory) -> bool:
    """Whether a worker did anything that could be done again."""
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return any(event.event_type == done for event in history.events)


def write(path: Path, history: WorkflowHistory) -> None:
    """Keep the history, without the name and the paths of the machine that recorded it."""
    root = Path(__file__).parents[1]
    recorded = history.to_json().replace(f"{root}/", "").replace(socket.gethostname(), "machine")
    path.write_text(recorded, encoding="utf-8")


def read(path: Path) -> WorkflowHistory:
    """A history that was kept."""
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))


@dataclass
class Replays:
    """All replays of a run; `seconds` is what sweeping took.

    Every namespace that is watched is swept in the end: each of its flows is replayed.
    """

    seconds: float = 0.0
    _runs: set[str] = field(default_factory=set)
    _over: set[str] = field(default_factory=set)
    _watched: dict[str, tuple[Client, type]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many histories were replayed."""
        return len(self._runs)

    def watch(self, client: Client, code: type = FailoverWorkflow) -> None:
        """Have the flows of the client's namespace replayed in the end, with that workflow."""
        self._watched[client.namespace] = client, code

    async def one(
        self,
        history: WorkflowHistory,
        code: type = FailoverWorkflow,
        runner: WorkflowRunner | None = None,
    ) -> None:
        """Replay this history of a flow that does no more.

        Raises:
            NondeterminismError: the code would not have done the same.
        """
        await replayer(code, runner).replay_workflow(history)
        self._runs.add(history.run_id)
        self._over.add(history.run_id)

    async def finish(self, directory: Path) -> None:
        """Replay the flows of all watched namespaces; histories that do not replay are kept there.

        Raises:
            Diverged: not all of them went as they had gone.
        """
        watched, self._watched = list(self._watched.values()), {}
        faults = [fault for each in watched for fault in await self.faults(*each, directory)]
        if faults:
            title = f"{len(faults)} flows do not replay, their histories are in {directory}:"
            raise Diverged("\n".join((title, *faults)))

    async def faults(
        self, client: Client, code: type = FailoverWorkflow, directory: Path | None = None
    ) -> list[str]:
        """Replay all flows of the client's namespace; a line for each that does not replay.

        Those that were over at an earlier replay are left out.
        """
        began = time.monotonic()
        found = []
        async with replayer(code).workflow_replay_iterator(self._histories(client)) as results:
            async for each in results:
                self._runs.add(each.history.run_id)
                if (failure := each.replay_failure) is None:
                    continue
                flow = f"{client.namespace} {each.history.workflow_id}"
                found.append(f"{flow}: {type(failure).__name__}: {failure}")
                if directory:
                    write(directory / f"{flow.replace('/', '-')}.json", each.history)
        self.seconds += time.monotonic() - began
        return found

    async def _histories(self, client: Client) -> AsyncIterator[WorkflowHistory]:
        """Those that have something to replay."""
        coming: deque[asyncio.Task[WorkflowHistory]] = deque()
        async for found in client.list_workflows(OF_FLOWS):
            if found.run_id in self._over:
                continue
            if found.status is not WorkflowExecutionStatus.RUNNING:
                self._over.add(found.run_id)
            handle = client.get_workflow_handle(found.id, run_id=found.run_id)
            coming.append(asyncio.create_task(handle.fetch_history()))
            if len(coming) == FETCHING and is_begun(history := await coming.popleft()):
                yield history
        for task in coming:
            if is_begun(history := await task):
                yield history
