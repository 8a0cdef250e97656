"""`failover dev`: everything in one terminal, and nothing left behind."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from accounts.demonstration import ACME
from cli.stack import Ports
from tests.cli.test_refusals import options
from tests.conftest import until
from tests.processes import (
    HOST,
    STARTING,
    Child,
    Processes,
    client_of,
    lives,
    sign_in,
)
from tests.replaying import Replays
from tests.samples import sms, viber
from workflows.names import workflow_id

pytestmark = [
    pytest.mark.server,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]


@dataclass(frozen=True)
class Dev:
    """A `failover dev` that has said that it is ready."""

    child: Child
    ports: Ports
    processes: dict[int, str]

    @property
    def survivors(self) -> dict[int, str]:
        """Which of its processes still run."""
        return {pid: command for pid, command in self.processes.items() if lives(pid)}


async def _dev(commands: Processes, data_dir: Path, *more: str) -> Dev:
    ports = Ports.free()
    child = await commands.start("dev", *options(ports), "--data-dir", str(data_dir), *more)
    await until(lambda: child.says(f"ready http://{HOST}:{ports.api}\n"), 2 * STARTING)
    return Dev(child, ports, commands.below(child))


async def _delivered(dev: Dev, replays: Replays) -> str:
    async with client_of(dev.ports.api) as api:
        await sign_in(api)
        created = await api.post("/failover/transactional", json={"flow": [viber(), sms()]})
        created.raise_for_status()
        flow = str(created.json()["trackingId"])

        async def succeeded() -> bool:
            tracked = await api.get(f"/failover/tracking/{flow}")
            return bool(tracked.json()["status"] == "Succeeded")

        await until(succeeded, within=30)
    assert await replays.faults(await Client.connect(f"{HOST}:{dev.ports.temporal}")) == []
    return flow


async def test_it_serves_flows_and_ctrl_c_leaves_nobody(
    commands: Processes, tmp_path: Path, replays: Replays
) -> None:
    """Ready when it says so; SIGINT stops engine, sandbox, worker and the reloading API in 30 s."""
    dev = await _dev(commands, tmp_path / "data")
    running = " ".join(dev.processes.values())
    for part in ("start-dev", "cli.main sandbox", "cli.main worker", "cli.main api"):
        assert part in running
    await _delivered(dev, replays)

    dev.child.process.send_signal(signal.SIGINT)
    told = time.monotonic()
    ended = await dev.child.ended()

    assert time.monotonic() - told < 30
    assert ended.code == 130
    assert dev.survivors == {}


async def test_flows_survive_a_restart(
    commands: Processes, tmp_path: Path, replays: Replays
) -> None:
    """With the same directory: tracking answers as before, and the engine has the history."""
    first = await _dev(commands, tmp_path / "data", "--no-reload")
    flow = await _delivered(first, replays)
    first.child.process.send_signal(signal.SIGTERM)
    assert (await first.child.ended()).code == 143
    assert first.survivors == {}

    again = await _dev(commands, tmp_path / "data", "--no-reload")

    async with client_of(again.ports.api) as api:
        await sign_in(api)
        tracked = await api.get(f"/failover/tracking/{flow}")
    assert (tracked.status_code, tracked.json()["status"]) == (200, "Succeeded")
    engine = await Client.connect(f"{HOST}:{again.ports.temporal}")
    history = await engine.get_workflow_handle(workflow_id(ACME.account, flow)).fetch_history()
    last = history.events[-1].event_type
    assert last == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED


async def test_a_process_that_dies_ends_everything(commands: Processes, tmp_path: Path) -> None:
    """It says which one died, and exits non-zero: half a system is worse than none."""
    dev = await _dev(commands, tmp_path / "data", "--no-reload")
    (sandbox,) = [pid for pid, line in dev.processes.items() if line.endswith("cli.main sandbox")]

    os.kill(sandbox, signal.SIGKILL)

    ended = await dev.child.ended()
    assert ended.code == 1
    assert "failover: sandbox ended with -9; stopping the rest\n" in ended.output
    assert dev.survivors == {}
