"""`python -m tests.proof`: plays the rounds, judges them, and says what was found."""

import asyncio
import os
import secrets
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.proof import timeline
from tests.proof.faults.base import Strike
from tests.proof.report import SHOWN, written
from tests.proof.running import NoSuchFault, Order, Ran, Run
from tests.proof.scenes.base import FULL

EXAMPLES = """
Examples: [bold]python -m tests.proof --rounds 20[/bold] · the same again:
[bold]python -m tests.proof --rounds 20 --seed 4f2a[/bold] · one kind of fault, five times:
[bold]python -m tests.proof --rounds 5 --only "worker stopped"[/bold] · the whole report:
[bold]python -m tests.proof --rounds 200 --report docs/faults.md --picture docs/images/faults.svg
[/bold]
"""

LONG = 200
"""Rounds from which on a run is a long one, with set pieces of full size."""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class OnEngine(StrEnum):
    """The engines that can be had."""

    DEVELOPMENT = "development"
    CLUSTER = "cluster"


class OnDatabase(StrEnum):
    """The databases."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


@app.command(epilog=EXAMPLES)
def main(
    rounds: Annotated[int, typer.Option(help="How many faults.", min=1)] = 20,
    seed: Annotated[str, typer.Option(help="Play the same rounds as a run of this seed.")] = "",
    engine: Annotated[OnEngine, typer.Option(help="On which engine.")] = OnEngine.DEVELOPMENT,
    database: Annotated[OnDatabase, typer.Option(help="On which database.")] = OnDatabase.SQLITE,
    only: Annotated[str, typer.Option(help="Only faults with this in their names.")] = "",
    scale: Annotated[
        int | None,
        typer.Option(help="Flows and reports of a flood; 10,000 in a run of 200 rounds.", min=50),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report there, as Markdown.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw the timeline of one killed flow there, as SVG.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Keep all records, also if nothing broke.")] = False,
) -> None:
    """Play rounds of faults amid traffic, and check from outside that nothing was lost.

    Exits with 1 if anything was lost, sent twice or not told, or if a fault did not fire.
    """
    # Retries of our own clients are no news here, and would tear the progress bar.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    many = scale or (FULL if rounds >= LONG else Order.many)
    order = Order(rounds, seed or secrets.token_hex(4), engine, database, only, many)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"to play this again: {order.again}")
    try:
        code = asyncio.run(_played(order, console, report, picture, keep))
    except NoSuchFault as fault:
        console.print(str(fault))
        code = 2
    except asyncio.CancelledError:
        console.print("stopped; nothing is judged")
        code = 130
    sys.stdout.flush()
    os._exit(code)  # the engine's client can abort at the interpreter's end


async def _played(
    order: Order, console: Console, report: Path | None, picture: Path | None, keep: bool
) -> int:
    task = asyncio.current_task()
    assert task
    for name in (signal.SIGTERM, signal.SIGINT):  # so that no process of ours is left
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    with _progress(console) as progress:
        bar = progress.add_task("rounds", total=order.rounds)

        def strike_played(strike: Strike, seconds: float) -> None:
            proof = "; ".join(strike.proofs) if strike.fired else "[red]did not fire[/red]"
            number = f"{strike.round.number + 1:3}"
            progress.console.print(f"{number} {strike.round.fault}, {seconds:.1f} s: {proof}")
            for wrong in strike.wrongs:
                progress.console.print(f"    wrong: {wrong}", markup=False)
            if strike.round.number < order.rounds:  # set pieces come after them
                progress.advance(bar)

        run = Run(order, strike_played, progress.console.print)
        try:
            ran = await run.play()
        except NoSuchFault:
            run.forget()
            raise
    _say(ran, console)
    _write(ran, report, picture)
    if ran.holds and not keep:
        run.forget()
    else:
        console.print(f"all records are in {run.directory}")
    console.print(f"to play this again: {order.again}")
    return 0 if ran.holds else 1


def _say(ran: Ran, console: Console) -> None:
    for each in ran.verdicts:
        mark = f"[red]broken {len(each.breaches)} times[/red]" if each.breaches else "holds"
        console.print(f"{each.name:5} {each.what}: {mark} ({each.checked:,} looked at)")
        for breach in each.breaches[:SHOWN]:
            console.print(f"      {breach}", markup=False)


def _write(ran: Ran, report: Path | None, picture: Path | None) -> None:
    shown = ""
    killed = timeline.chosen(ran.runs)
    if picture and killed:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(timeline.drawn(killed), "utf-8")
        shown = os.path.relpath(picture, (report or picture).parent)
    if report:
        report.write_text(written(ran.setting, ran.runs, ran.verdicts, shown), "utf-8")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


if __name__ == "__main__":
    app()
