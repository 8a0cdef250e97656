"""`python -m tests.proof`: plays the rounds, judges them, and says what was found."""

import asyncio
import importlib
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from tests import postgres
from tests.databases import Databases, on_postgres, on_sqlite
from tests.engines.base import Engine
from tests.proof.evidence import Records
from tests.proof.faults import kinds
from tests.proof.faults.base import Strike
from tests.proof.gathering import gathered
from tests.proof.invariants import Verdict, judged
from tests.proof.plan import drawn
from tests.proof.playing import Player
from tests.proof.site import sited

EXAMPLES = """Examples:

python -m tests.proof --rounds 20

python -m tests.proof --rounds 200 --seed 4f2a --database postgres --report docs/faults.md
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog=EXAMPLES)
def main(
    rounds: Annotated[int, typer.Option(help="How many faults.", min=1)] = 20,
    seed: Annotated[str, typer.Option(help="Play the same rounds as a run of this seed.")] = "",
    engine: Annotated[str, typer.Option(help="development or cluster.")] = "development",
    database: Annotated[str, typer.Option(help="sqlite or postgres.")] = "sqlite",
    only: Annotated[str, typer.Option(help="Only faults with this in their name.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Keep all records in this directory.")] = None,
) -> None:
    """Play rounds of faults amid traffic, and check from outside that nothing was lost."""
    drawn_seed = seed or secrets.token_hex(4)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    run = _Run(rounds, drawn_seed, engine, database, only, keep)
    raise SystemExit(asyncio.run(run.play()))


class _Run:
    def __init__(
        self, rounds: int, seed: str, engine: str, database: str, only: str, keep: Path | None
    ) -> None:
        self._rounds, self._seed = rounds, seed
        self._engine, self._database = engine, database
        self._only, self._keep = only, keep
        self._console = Console(highlight=False, soft_wrap=True)

    @property
    def _again(self) -> str:
        command = f"python -m tests.proof --rounds {self._rounds} --seed {self._seed}"
        return f"{command} --engine {self._engine} --database {self._database}" + (
            f" --only '{self._only}'" if self._only else ""
        )

    async def play(self) -> int:
        """All of it; returns the exit code."""
        self._console.print(f"to play this again: {self._again}")
        async with AsyncExitStack() as stack:
            directory = self._keep or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="failover-proof-"))
            )
            directory.mkdir(parents=True, exist_ok=True)
            running = importlib.import_module(f"tests.engines.{self._engine}").running
            engine = await stack.enter_async_context(running(_made(directory / "engine")))
            databases = await stack.enter_async_context(_databases(self._database, directory))
            progress = stack.enter_context(_progress(self._console))
            task = progress.add_task("rounds", total=self._rounds)
            runs = []
            for name, dedupes, share in (
                ("dedupes", True, (self._rounds + 1) // 2),
                ("forgets", False, self._rounds // 2),
            ):
                if share:
                    runs.append(
                        await self._part(
                            engine, databases, directory, name, dedupes, progress, task
                        )
                    )
        return self._say(judged(runs))

    async def _part(
        self,
        engine: Engine,
        databases: Databases,
        directory: Path,
        name: str,
        dedupes: bool,
        progress: Progress,
        task: TaskID,
    ) -> Records:
        async with (
            databases.new() as url,
            sited(engine, url, _made(directory / name), name, dedupes=dedupes) as site,
        ):
            faults = {each.name: each for each in kinds(site) if self._only in each.name}
            plan = drawn(self._seed, self._rounds, list(faults.values()), calls=dedupes)
            half = (self._rounds + 1) // 2
            mine = plan[:half] if dedupes else plan[half:]

            def say(strike: Strike, seconds: float) -> None:
                progress.advance(task)
                mark = "✓" if strike.fired else "✗ did not fire"
                progress.console.print(
                    f"{strike.round.number:3} {strike.round.fault}: {seconds:.1f} s {mark} "
                    f"{'; '.join(strike.proofs)}"
                )

            player = Player(site, faults, say)
            await player.play(mine)
            began = time.monotonic()
            records = await gathered(site, player.strikes)
            progress.console.print(
                f"{name}: {len(records.accepted)} flows over in {time.monotonic() - began:.0f} s"
            )
            return records

    def _say(self, verdicts: Sequence[Verdict]) -> int:
        for each in verdicts:
            mark = "holds" if not each.breaches else f"BROKEN {len(each.breaches)} times"
            self._console.print(f"{each.name:5} {each.what}: {mark} ({each.checked} looked at)")
            for breach in each.breaches[:20]:
                self._console.print(f"      {breach}")
        self._console.print(f"to play this again: {self._again}")
        return 1 if any(each.breaches for each in verdicts) else 0


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


@asynccontextmanager
async def _databases(kind: str, directory: Path) -> AsyncIterator[Databases]:
    if kind == "sqlite":
        async with on_sqlite(_made(directory / "databases")) as databases:
            yield databases
        return
    with postgres.running() as socket:
        async with on_postgres(socket) as databases:
            yield databases


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


if __name__ == "__main__":
    sys.exit(app())
