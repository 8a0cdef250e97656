"""A change of the workflow, stage by stage: which code takes up which flows."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from tests.releases import HISTORIES, ROOT
from tests.replaying import read, replayer, write
from tests.workflows.conftest import Stage, strict
from tests.workflows.test_histories import failed_over
from tests.workflows.upgrades.reading import marks
from tests.workflows.upgrades.stages import PATCH, Bare, Deprecated, Patched
from workflows.failover import FailoverWorkflow

STAGES = {"patched": Patched, "deprecated": Deprecated, "bare": Bare}
KEPT = Path(__file__).with_name("histories")
BEFORE = HISTORIES / "0.1.0" / "failed_over.json"

TAKES_UP: dict[type, set[str]] = {
    FailoverWorkflow: {"before"},
    Patched: {"before", "patched", "deprecated"},
    Deprecated: {"patched", "deprecated", "bare"},
    Bare: {"deprecated", "bare"},
}
"""The flows that each code takes up, by the code that ran them so far; docs/upgrades.md says it."""


def _history(name: str) -> WorkflowHistory:
    return read(BEFORE if name == "before" else KEPT / f"{name}.json")


@pytest.mark.server
@pytest.mark.parametrize("name", STAGES)
async def test_each_stage_fails_over_after_a_moment(
    name: str, next_stage: Stage, request: pytest.FixtureRequest
) -> None:
    """All three do the same for the client; with --record-histories what they did is kept."""
    next_stage.code = STAGES[name]
    async with next_stage.working():
        flow = await failed_over(next_stage)
        handle = next_stage.handle(flow)
        outcome = await asyncio.wait_for(handle.result(), 30)
    history = await handle.fetch_history()

    assert outcome.channel == "Sms"
    timers = [each for each in history.events if each.HasField("timer_started_event_attributes")]
    assert len(timers) == 3
    _assert_marked(name, history)
    if request.config.getoption("--record-histories"):
        KEPT.mkdir(exist_ok=True)
        write(KEPT / f"{name}.json", history)


@pytest.mark.parametrize("history", ["before", *STAGES])
@pytest.mark.parametrize("code", TAKES_UP, ids=lambda code: code.__name__)
async def test_each_stage_takes_up_the_flows_of_its_neighbours(code: type, history: str) -> None:
    """Of the stage before it, and of its own; so no stage can be left out.

    Those of the stage after it, too: it can be gone back to. Only what knows no patch cannot.
    """
    replaying = replayer(code, strict()).replay_workflow(_history(history))
    if history in TAKES_UP[code]:
        await replaying
    else:
        with pytest.raises(NondeterminismError):
            await replaying


def test_the_document_says_who_takes_up_whose_flows() -> None:
    """The table is what people go by when they choose the moment of a stage."""
    text = (ROOT / "docs" / "upgrades.md").read_text(encoding="utf-8")
    table = text.partition("| code | before |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    codes = {"before": FailoverWorkflow, **STAGES}
    assert rows == [
        [name, *("yes" if history in TAKES_UP[code] else "no" for history in codes)]
        for name, code in codes.items()
    ]


@pytest.mark.parametrize("name", ["before", *STAGES])
def test_the_kept_histories_are_what_they_are_called(name: str) -> None:
    """A mark that says patched, one that says deprecated, and none."""
    _assert_marked(name, _history(name))


def _assert_marked(name: str, history: WorkflowHistory) -> None:
    assert marks(history) == ([PATCH] if name == "patched" else [])
    assert marks(history, deprecated=True) == ([PATCH] if name == "deprecated" else [])
