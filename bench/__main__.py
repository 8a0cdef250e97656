"""Measures the service beside others. `python -m bench --help` says how."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Shown

from bench import bars, ground, performance
from bench.bench import Bench, Outside, Plan
from bench.ground import Kind
from bench.machine import machine, versions
from bench.measurements import MEASUREMENTS, Measurement
from bench.table import Found
from cli import ending

console = Console(stderr=True, highlight=False, soft_wrap=True)
PACKAGES = ("temporalio", "dbos", "sqlalchemy", "psycopg", "httpx", "uvicorn", "uvloop", "fastapi")
NAMES = [each.name for each in MEASUREMENTS]


def main(
    engine: Annotated[Kind, typer.Option(help="Where to measure")] = Kind.DEVELOPMENT,
    only: Annotated[list[str] | None, typer.Option(help=f"What: {', '.join(NAMES)}")] = None,
    flows: Annotated[int, typer.Option(min=2, help="Flows of a round of one side")] = 300,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each side")] = 6,
    in_flight: Annotated[int, typer.Option(min=1, help="Flows under way at a time")] = 50,
    creates: Annotated[int, typer.Option(min=1, help="creates: flows of a round")] = 300,
    failovers: Annotated[int, typer.Option(min=2, help="latency: flows of each side")] = 1000,
    sleeping: Annotated[
        list[int] | None, typer.Option(min=2, help="ttl: flows asleep [1000, 10000]")
    ] = None,
    fires: Annotated[int, typer.Option(min=4, help="ttl: flows that expire, spread")] = 500,
    burst: Annotated[int, typer.Option(min=2, help="ttl: flows that wake at one instant")] = 3000,
    finished: Annotated[
        list[int] | None, typer.Option(min=0, help="growth: on record [0, 10000, 100000]")
    ] = None,
    document: Annotated[Path | None, typer.Option(help="Write the tables here, too")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Draw into this directory")] = None,
    flames: Annotated[
        Path | None, typer.Option(help="Record flame graphs of ours into this directory")
    ] = None,
) -> None:
    """Measure flows a second, CPU and more, of ours beside a bare program and DBOS.

    \b
    python -m bench
        everything, on the development server, in half an hour on two cores
    python -m bench --engine cluster
        on the cluster on PostgreSQL
    python -m bench --only flows --flows 100 --rounds 2
        a quick look at one measurement
    python -m bench --only flows --rounds 1 --flames docs/images
        with flame graphs of API and worker, recorded in a round more
    python -m bench --only ttl --burst 10000
        with ten thousand flows that wake at one instant, in 20 minutes
    python -m bench --only ttl --sleeping 40 --sleeping 80 --fires 20 --burst 20 --flows 20
    python -m bench --only growth --finished 0 --finished 5000 --flows 20 --rounds 2
    python -m bench --only creates --only latency --creates 20 --failovers 20 --rounds 2
        trials that take a minute each
    python -m bench --document docs/performance.md --pictures docs/images
        written down, too; what the document says of others stays
    """
    unknown = [each for each in only or () if each not in NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no {unknown[0]}; there are {', '.join(NAMES)}")
    chosen = [each for each in MEASUREMENTS if not only or each.name in only]
    plan = Plan(
        flows, rounds, in_flight, creates, failovers, sleeping or Plan.sleeping, fires, burst,
        finished or Plan.finished,
    )  # fmt: skip
    ending.run(_all(engine, chosen, plan, document, pictures, flames))


async def _all(
    kind: Kind,
    chosen: Sequence[Measurement],
    plan: Plan,
    document: Path | None,
    pictures: Path | None,
    flames: Path | None,
) -> None:
    before, parts = machine(), dict[str, str]()
    async with _bench(kind, plan) as bench:
        bench.flames = flames
        for measurement in chosen:
            found = await _measured(measurement, bench)
            picture = _drawn(found, kind, measurement, pictures)
            parts[measurement.measures] = performance.part(found, picture)
            _print(measurement, found)
        head = "\n".join(
            [f"{before}; {versions(*PACKAGES)}.", *bench.ground.about, str(bench.noise)]
        )
    typer.echo(head)
    if document:
        _write(document, kind, head, parts)


def _write(document: Path, kind: Kind, head: str, parts: Mapping[str, str]) -> None:
    earlier = document.read_text(encoding="utf-8") if document.exists() else ""
    order = [each.measures for each in MEASUREMENTS]
    text = performance.updated(earlier, kind, head, parts, order)
    document.write_text(text, encoding="utf-8")


@asynccontextmanager
async def _bench(kind: Kind, plan: Plan) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as held:
        made = held.enter_context(tempfile.TemporaryDirectory(prefix="failover-bench-"))
        console.print(f"starting the engine ({kind})")
        stands = await held.enter_async_context(ground.running(kind, Path(made)))
        outside = await held.enter_async_context(Outside.started())
        yield Bench(stands, outside, plan, Path(made))


async def _measured(measurement: Measurement, bench: Bench) -> Found:
    columns = (
        TextColumn(measurement.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=measurement.loads(bench))

        def advance(after: str) -> None:
            progress.update(task, advance=1, description=f"after {after}")

        bench.advance = advance
        return await measurement.run(bench)


def _drawn(
    found: Found, kind: Kind, measurement: Measurement, directory: Path | None
) -> str | None:
    if directory is None or found.bars is None:
        return None
    name = f"performance-{kind}-{measurement.name}.svg"
    (directory / name).write_text(bars.drawn(found.bars), encoding="utf-8")
    return name


def _print(measurement: Measurement, found: Found) -> None:
    shown = Console(highlight=False)
    shown.print(f"\n[bold]{measurement.measures}[/bold]")
    for each in found.tables:
        table = Shown(*each.header, title=each.title or None)
        for row in each.rows:
            table.add_row(*row)
        shown.print(table)
    for line in (*found.goals, *found.notes):
        shown.print(str(line), markup=False)


if __name__ == "__main__":
    typer.run(main)
