"""`failover callbacks replay`: has callbacks delivered again, one or all dead ones of a time."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from accounts import rules
from accounts.rules import NotDone
from cli.ages import moment
from cli.counting import counted
from cli.ending import run
from domain.errors import Unavailable
from settings import Settings
from storage import schema
from storage.keys import Keyring
from storage.seal import Sealer
from tracking.callbacks import CallbackRecords
from tracking.reopening import FlowKey, Reopened, Window
from workflows.client import FlowClient, connect
from workflows.replaying import handed_over

BATCH = 500
"""Callbacks in a transaction."""


def replay(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One callback, be it dead or delivered.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=moment, metavar="AGE|DATE", help="All dead ones that happened since: 3d."
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(parser=rules.identifier, metavar="ACCOUNT", help="Only this account's."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Have callbacks delivered again, each with its id and its bytes, on a new schedule.

    May be stopped and repeated: what a flow waits for is handed over again.
    """
    if (id is None) == (since is None):
        raise typer.BadParameter("name one callback, or say --since")
    if id is None and since is not None:
        run(_replay_window(account, Window(since), dry_run, yes))
    if id is not None:
        run(_replay_one(account, id, dry_run))


async def _replay_one(account: str | None, id: str, dry_run: bool) -> None:
    async with _opened() as (records, keys):
        if dry_run:
            entry = await records.find(account, id)
            typer.echo(f"would hand over {entry.id}, which is {entry.state}")
            return
        flows = await _flows(keys)
        reopened = await records.reopen(account, id)
        async for _ in handed_over(flows, reopened.flows):
            pass
    typer.echo(f"{id} was handed to the engine")


async def _replay_window(account: str | None, window: Window, dry_run: bool, yes: bool) -> None:
    async with _opened() as (records, keys):
        dead, of_flows = await records.count_dead(account, window)
        if dry_run:
            typer.echo(f"would hand over {dead} callbacks of {of_flows} flows")
            return
        if not (yes or _agreed(f"Deliver {dead} callbacks of {of_flows} flows again?")):
            raise NotDone("nothing was done; --yes does not ask")
        await hand_over(records, await _flows(keys), account, window, dead)


async def hand_over(
    records: CallbackRecords, flows: FlowClient, account: str | None, window: Window, dead: int
) -> None:
    """Reopen the window's dead callbacks, of which there are so many, and start their replays.

    Raises:
        Unavailable: the engine went away meanwhile; what it has was said.
    """
    console = Console(highlight=False, soft_wrap=True)
    handed: Counter[FlowKey] = Counter()
    try:
        with counted(console, "handing over", dead) as advance:
            async for reopened in _batches(records, account, window):
                async for taken in handed_over(flows, reopened.flows):
                    done = Counter({key: reopened.flows[key] for key in taken})
                    handed += done
                    advance(done.total())
    finally:  # also where it is stopped
        number = handed.total()
        console.print(f"{number} callbacks of {len(handed)} flows were handed to the engine")


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:  # nobody is there
        return False


async def _batches(
    records: CallbackRecords, account: str | None, window: Window
) -> AsyncIterator[Reopened]:
    began = datetime.now(UTC)
    while (reopened := await records.reopen_dead(account, window, BATCH, began)).flows:
        yield reopened


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[CallbackRecords, Keyring]]:
    settings = Settings()
    keys = settings.keyring()
    async with schema.opened(settings.database) as engine:
        yield CallbackRecords(engine, Sealer(keys)), keys


async def _flows(keys: Keyring) -> FlowClient:
    """The engine, if it answers: before any callback waits for it."""
    try:
        client = await connect()
    except RuntimeError as fault:
        raise Unavailable(
            f"the engine does not answer, run this again when it does ({fault})"
        ) from None
    return FlowClient(client, Sealer(keys), keys)
