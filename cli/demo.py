"""The main job's demonstration: real flows on the embedded engine, shown live and checked."""

import asyncio
import os
import shutil
import sysconfig
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from rich.console import Console, Group
from rich.live import Live

from accounts.demonstration import ACME, CALLBACK_KEYS, SECRETS
from cli import board
from cli.board import Run
from cli.sink import Sink, listening
from cli.stack import Ports, Stack
from cli.stories import STORIES, Story
from workflows.names import workflow_id

LONGEST = 90.0
"""Seconds after which a flow that has not ended is a fault."""


async def demonstrate(data_dir: Path, keep: bool) -> int:
    """Run the stories; returns 0 if each ended as it should."""
    console = Console(highlight=False, soft_wrap=True)
    _make_room(data_dir)
    stack = Stack(Ports.free(), data_dir, quiet=True, say=console.print)
    async with stack, listening(keys=[CALLBACK_KEYS[ACME.id]]) as sink, _client(stack) as client:
        console.print(f"serving at {stack.api}\n")
        runs = [await _posted(client, story, sink) for story in STORIES]
        await _shown(console, client, runs, sink)
        _summarise(console, runs, stack)
        if keep:
            console.print(f"\nstill serving at {stack.api}; Ctrl-C stops it")
            await stack.watch()
    faults = any(run.faults for run in runs)
    console.print(
        "\n[red]a story ended otherwise[/]" if faults else "\n[green]all stories ended as told[/]"
    )
    console.print(f"look again: {_command()} dev --data-dir {data_dir}", style="bold")
    return 1 if faults else 0


def _command() -> str:
    """What to type: the command, wherever it is not on the PATH."""
    if shutil.which("failover"):
        return "failover"
    return os.path.relpath(Path(sysconfig.get_path("scripts")) / "failover")


def _make_room(data_dir: Path) -> None:
    # Each demonstration starts fresh; the one before it is only a demonstration.
    for name in ("temporal.db", "failover.db", "logs"):
        for path in data_dir.glob(f"{name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _client(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stack.api, trust_env=False, timeout=15)


async def _posted(client: httpx.AsyncClient, story: Story, sink: Sink) -> Run:
    if "authorization" not in client.headers:
        granted = await client.post(
            "/oauth/token",
            auth=(ACME.id, SECRETS[ACME.id]),
            data={"grant_type": "client_credentials"},
        )
        granted.raise_for_status()
        client.headers["authorization"] = f"Bearer {granted.json()['access_token']}"
    body: dict[str, Any] = {
        "flow": list(story.steps),
        "callback": {"strategy": "OnStep", "url": sink.url},
    }
    created = await client.post(story.path, json=body)
    created.raise_for_status()
    return Run(story, created.json()["trackingId"], time.monotonic())


async def _shown(console: Console, client: httpx.AsyncClient, runs: list[Run], sink: Sink) -> None:
    progress = board.bar()
    bar = progress.add_task("flows ended", total=len(runs))
    with Live(console=console, refresh_per_second=8) as live:
        while any(run.ended is None for run in runs):
            for run in runs:
                await _refresh(client, run, sink)
            progress.update(bar, completed=sum(run.ended is not None for run in runs))
            live.update(Group(board.table(runs, time.monotonic()), progress))
            await asyncio.sleep(0.2)


async def _refresh(client: httpx.AsyncClient, run: Run, sink: Sink) -> None:
    if run.ended is not None:
        return
    answer = await client.get(f"/failover/tracking/{run.tracking_id}")
    answer.raise_for_status()
    run.view = answer.json()
    run.callbacks = len(sink.received.get(run.tracking_id, []))
    over = run.status in {"Succeeded", "Failed"}
    late = time.monotonic() - run.started > LONGEST
    if late or (over and not sink.faults(run.tracking_id, run.status)):
        run.ended = time.monotonic()
        run.judge()
        run.faults += sink.faults(run.tracking_id, run.status)


def _summarise(console: Console, runs: list[Run], stack: Stack) -> None:
    again = Ports()
    told = sum(run.callbacks for run in runs)
    console.print(f"\ncallbacks received: {told}, rightly signed, each flow's in order and ended")
    console.print(f"charged: {sum(run.price for run in runs):.2f}")
    console.print(f"logs: {stack.data_dir}/logs")
    console.print("histories in the Temporal UI, once you look again:")
    for run in runs:
        name = quote(workflow_id(ACME.account, run.tracking_id), safe="")
        link = f"http://127.0.0.1:{again.ui}/namespaces/default/workflows/{name}"
        console.print(f"  {run.story.title}: {link}")
