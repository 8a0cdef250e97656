"""Measures what dead receivers do to the others. `python -m bench.callbacks --help` says how."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import curves, verdict
from bench.isolation import Bench, Found, Plan
from bench.machine import machine
from bench.pace import Service
from bench.receivers import Receivers
from cli import ending

console = Console(stderr=True, highlight=False, soft_wrap=True)


def main(
    flows: Annotated[int, typer.Option(min=8, help="How many flows each side has")] = 1000,
    failovers: Annotated[int, typer.Option(min=8, help="How many each side fails over")] = 250,
    rate: Annotated[float, typer.Option(help="One-step flows a second, of both kinds")] = 7.0,
    failing: Annotated[float, typer.Option(help="Two-step flows a second")] = 3.0,
    document: Annotated[Path | None, typer.Option(help="Write the tables here, too")] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the percentiles here")] = None,
) -> None:
    """Measure how callbacks and failing over fare beside dead receivers.

    \b
    python -m bench.callbacks
        1,000 flows to a healthy receiver beside 1,000 to dead ones, and so on: 20 minutes
    python -m bench.callbacks --flows 100
        a quick look
    python -m bench.callbacks --document docs/isolation.md --picture docs/images/isolation.svg
        written down, too
    """
    ending.run(_all(Plan(flows, failovers, rate, failing), document, picture))


async def _all(plan: Plan, document: Path | None, picture: Path | None) -> None:
    before = machine()
    _tell(await _measured(plan), plan, before, document, picture)


def _tell(
    found: Found, plan: Plan, before: str, document: Path | None, picture: Path | None
) -> None:
    text = verdict.document(found, plan, before, picture.name if picture else None)
    if picture:
        picture.write_text(curves.drawn(found), encoding="utf-8")
    if document:
        document.write_text(text, encoding="utf-8")
    typer.echo(text)


async def _measured(plan: Plan) -> Found:
    columns = TextColumn("flows posted"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    async with AsyncExitStack() as held:
        console.print("starting two services, one of which is to have dead receivers")
        clean, burdened = [await held.enter_async_context(Service.started()) for _ in range(2)]
        receivers = await held.enter_async_context(Receivers.started())
        progress = held.enter_context(Progress(*columns, console=console))
        task = progress.add_task("flows posted", total=plan.posted)

        def advance(done: int) -> None:
            progress.advance(task, done)

        return await Bench(clean, burdened, receivers, plan, advance).measure()


if __name__ == "__main__":
    typer.run(main)
