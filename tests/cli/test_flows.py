"""`failover flows`: what ops see of forgetting and repairing."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from typer.testing import CliRunner

from cli.counting import counted
from cli.flows import app
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import milliseconds
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import NewNamespace
from tests.keeping import a_letter, kept
from tests.processes import Processes
from tests.samples import NUMBER, a_flow, sms
from tracking.outbox import State
from tracking.records import Tracking
from workflows.client import FlowClient
from workflows.names import repair_id, workflow_id


async def _old(tracking: Tracking, sealer: Sealer, days: float, *, over: bool = True) -> Flow:
    """A flow on record that was made and, if `over`, ended so many days ago."""
    at = milliseconds(datetime.now(UTC) - timedelta(days=days))
    flow = a_flow(sms()).model_copy(update={"created_at": at, "tracking_id": str(uuid4())})
    sealed = sealer.sealed(flow)
    progress = Progress.of(sealed).begun(sealed.steps[0], at)
    if over:
        report = DeliveryReport(order=1, status=Status.DELIVERED, at=at)
        progress = progress.after(sealed, report)
    await tracking.record(sealed, progress)
    return sealed


async def _is_emptied(tracking: Tracking, flow: Flow) -> bool | None:
    """None if there is no such row."""
    tracked = await tracking.find(flow.account, flow.tracking_id)
    return tracked.flow.is_emptied if tracked else None


async def test_old_flows_are_emptied_and_very_old_ones_deleted(
    installed: Processes, tracking: Tracking, sealer: Sealer, database: AsyncEngine
) -> None:
    """After 30 and 365 days, or as told; a dry run says how many and changes nothing."""
    ages = (27.9, 29.9, 30.1, 363.9, 364.9, 365.1)
    flows = [await _old(tracking, sealer, days) for days in ages]
    running = await _old(tracking, sealer, 1000, over=False)
    now = datetime.now(UTC)
    for days, state in (
        (27.9, State.DEAD),
        (29.9, State.DEAD),
        (30.1, State.DEAD),
        (30.1, State.DELIVERED),
        (30.1, State.WAITING),
    ):
        await kept(database, sealer, a_letter(at=now - timedelta(days=days)), state)

    dry = await installed.run("flows", "prune", "--dry-run")
    assert (dry.code, dry.output) == (
        0,
        "would empty 4 flows and delete 1; would delete 2 callbacks\n",
    )
    assert [await _is_emptied(tracking, flow) for flow in flows] == [False] * 6

    done = await installed.run("flows", "prune", "--content-days", "29", "--row-days", "364")
    assert done.code == 0
    assert done.output.splitlines() == [
        "deleting callbacks: 1 of 3",
        "deleting callbacks: 3 of 3",
        "emptying: 5 of 5",
        "deleting: 2 of 2",
        "emptied 5 flows and deleted 2; deleted 3 callbacks",
    ]
    left = [await _is_emptied(tracking, flow) for flow in flows]
    assert left == [False, True, True, True, None, None]
    assert await _is_emptied(tracking, running) is False


@pytest.mark.parametrize(
    "options",
    [
        ("prune", "--content-days", "0"),
        ("prune", "--row-days", "6"),
        ("prune", "--content-days", "30", "--row-days", "29"),
        ("repair", "--older-than", "ten"),
        ("repair", "--older-than", "10"),
    ],
)
def test_what_makes_no_sense_is_refused(options: tuple[str, ...]) -> None:
    """Providers report for days, and rows must not go before the contents do."""
    refused = CliRunner().invoke(app, options)
    assert refused.exit_code == 2
    assert "Invalid value" in refused.output


async def test_without_an_engine_nothing_is_changed(
    installed: Processes, tracking: Tracking, sealer: Sealer
) -> None:
    """An engine that does not answer has forgotten nothing."""
    flow = await _old(tracking, sealer, 1, over=False)
    ended = await installed.run("flows", "repair")
    assert ended.code == 1
    assert ended.output.startswith("failover: the engine does not answer, run this again")
    assert "Traceback" not in ended.output
    tracked = await tracking.find("acme", flow.tracking_id)
    assert tracked is not None
    assert tracked.progress.outcome is None


@pytest.fixture
async def engine(installed: Processes, new_namespace: NewNamespace) -> Client:
    """The run's engine in a namespace of its own, which the commands reach as well."""
    client = await new_namespace(f"flows-{uuid4()}")
    installed.environment["TEMPORAL_ADDRESS"] = client.service_client.config.target_host
    installed.environment["TEMPORAL_NAMESPACE"] = client.namespace
    return client


@pytest.mark.server
async def test_a_repair_says_what_it_does(
    installed: Processes,
    engine: Client,
    tracking: Tracking,
    sealer: Sealer,
    keys: Keyring,
) -> None:
    """First dry, then really; a flow that runs or was just recorded is left alone."""
    gate = FlowClient(engine, sealer, keys)

    async def started(hours: float) -> Flow:
        at = milliseconds(datetime.now(UTC) - timedelta(hours=hours))
        flow = (
            await gate.start(a_flow(sms()).model_copy(update={"created_at": at}), [NUMBER])
        ).flow
        await tracking.record(flow, Progress.of(flow))
        return flow

    lost, young, _ = await started(2), await started(0), await started(1)
    for flow in (lost, young):
        handle = engine.get_workflow_handle(workflow_id("acme", flow.tracking_id))
        await handle.terminate()

    found = "2 flows looked up, 1 of them no longer run"
    said = {}
    for options in (("--dry-run",), ("--older-than", "30m")):
        ended = await installed.run("flows", "repair", *options)
        assert ended.code == 0, ended.output
        said[options] = ended.output.splitlines()

    name = f"acme/{lost.tracking_id} terminated"
    assert said["--dry-run",][-3:] == [found, f"{name}: would be mended", "1 would be mended"]
    assert said["--older-than", "30m"][-3:] == [found, f"{name}: ended", "1 ended"]
    described = await engine.get_activity_handle(repair_id("acme", lost.tracking_id)).describe()
    assert described.activity_type == "publish"


@pytest.mark.server
async def test_a_wrong_namespace_ends_no_flow(
    installed: Processes, engine: Client, tracking: Tracking, sealer: Sealer
) -> None:
    """All flows in flight look lost from there; who really lost them says so."""
    flow = await _old(tracking, sealer, 1, over=False)
    refused = await installed.run("flows", "repair")
    assert refused.code == 1
    sentence = refused.output.splitlines()[-1]
    assert sentence.startswith(f"failover: the namespace {engine.namespace} does not know")
    assert flow.tracking_id in sentence
    believed = await installed.run("flows", "repair", "--lost")
    assert believed.code == 0
    assert believed.output.splitlines()[-1] == "1 ended"


@pytest.mark.parametrize("watched", [True, False])
def test_long_work_shows_how_far_it_is(watched: bool) -> None:
    """A bar in a terminal; elsewhere a line for each tenth, no more."""
    console = Console(force_terminal=watched, width=80, record=True, file=StringIO())
    with counted(console, "emptying", 100) as advance:
        for _ in range(100):
            advance(1)
    shown = console.export_text()
    lines = [f"emptying: {done} of 100" for done in range(10, 101, 10)]
    assert [line for line in shown.splitlines() if line in lines] == ([] if watched else lines)
    assert ("100/100" in shown) is watched
