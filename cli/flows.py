"""What ops do with flows: forget old ones, end those that nobody runs."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from temporalio.client import Client
from temporalio.service import RPCError

from cli.ages import age
from cli.counting import counted
from cli.ending import run
from domain.errors import Unavailable
from settings import Settings
from storage import schema
from storage.seal import Sealer
from tracking.expiry import Expiry
from tracking.records import Tracking
from tracking.retention import Retention
from tracking.unfinished import Recorded
from workflows.client import FlowClient, connect
from workflows.repair import UNKNOWN, Gone, Repair

app = typer.Typer(
    help="Forget old flows, and end those whose workflow no longer runs.", no_args_is_help=True
)

AT_ONCE = 20
"""How many flows the engine is asked for at a time."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@app.command(epilog="Example: failover flows prune --content-days 30 --row-days 365 --dry-run")
def prune(
    content_days: Annotated[
        int,
        typer.Option(
            min=1, help="Empty flows that ended, delete callbacks, more than so many days ago."
        ),
    ] = 30,
    row_days: Annotated[
        int, typer.Option(min=7, help="Delete flows that ended more than so many days ago.")
    ] = 365,
    dry_run: DryRun = False,
) -> None:
    """Forget old flows: contents, numbers and callbacks first, later all but the ledger."""
    if row_days < content_days:
        raise typer.BadParameter("--row-days is less than --content-days")
    run(_prune(timedelta(days=content_days), timedelta(days=row_days), dry_run))


async def _prune(content: timedelta, rows: timedelta, dry_run: bool) -> None:
    console = _console()
    now = datetime.now(UTC)
    async with schema.opened(Settings().database) as engine:
        retention, expiry = Retention(engine), Expiry(engine)
        to_empty = await retention.count(now - content, emptied=False)
        to_delete = await retention.count(now - rows)
        callbacks = await expiry.count(now - content)
        if dry_run:
            console.print(
                f"would empty {to_empty} flows and delete {to_delete}; "
                f"would delete {callbacks} callbacks"
            )
            return
        told = await _counted(
            console, "deleting callbacks", callbacks, expiry.delete(now - content)
        )
        emptied = await _counted(console, "emptying", to_empty, retention.empty(now - content))
        deleted = await _counted(console, "deleting", to_delete, retention.delete(now - rows))
    console.print(f"emptied {emptied} flows and deleted {deleted}; deleted {told} callbacks")


async def _counted(console: Console, what: str, total: int, batches: AsyncIterator[int]) -> int:
    done = 0
    with counted(console, what, total) as advance:
        async for number in batches:
            done += number
            advance(number)
    return done


@app.command(epilog="Example: failover flows repair --older-than 1h --dry-run")
def repair(
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Leave flows alone that were recorded since.")
    ] = "10m",
    dry_run: DryRun = False,
    lost: Annotated[
        bool,
        typer.Option("--lost", help="The engine has lost data: believe that it knows nothing."),
    ] = False,
) -> None:
    """End flows whose workflow was terminated, failed or is unknown, and tell their clients."""
    run(_repair(age(older_than), dry_run, lost))


async def _repair(older_than: timedelta, dry_run: bool, lost: bool) -> None:
    console = _console()
    settings = Settings()
    async with schema.opened(settings.database) as engine:
        keys = settings.keyring()
        sealer = Sealer(keys)
        try:
            client = await _engine()
            flows = FlowClient(client, sealer, keys)
            repair = Repair(client, flows, engine, Tracking(engine, sealer))
            suspects = await repair.suspects(datetime.now(UTC) - older_than)
            gone = await _gone(repair, suspects, console)
            if any(each.why == UNKNOWN for each in gone) and not lost:
                await repair.check()
            console.print(f"{len(suspects)} flows looked up, {len(gone)} of them no longer run")
            await _end(repair, gone, dry_run, console)
        except RPCError as fault:
            raise _away(fault) from None


async def _engine() -> Client:
    try:
        return await connect()
    except RuntimeError as fault:
        raise _away(fault) from None


def _away(fault: Exception) -> Unavailable:
    return Unavailable(f"the engine does not answer, run this again when it does ({fault})")


async def _gone(repair: Repair, suspects: Sequence[Recorded], console: Console) -> Sequence[Gone]:
    gone: list[Gone] = []
    with counted(console, "looking up", len(suspects)) as advance:
        for first in range(0, len(suspects), AT_ONCE):
            batch = suspects[first : first + AT_ONCE]
            gone += await repair.gone(batch)
            advance(len(batch))
    return gone


async def _end(repair: Repair, gone: Sequence[Gone], dry_run: bool, console: Console) -> None:
    done: Counter[str] = Counter()
    for each in gone:
        did = "would be mended" if dry_run else str(await repair.end(each))
        done[did] += 1
        console.print(f"{each.flow.account}/{each.flow.tracking_id} {each.why}: {did}")
    for did, number in done.items():
        console.print(f"{number} {did}")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
