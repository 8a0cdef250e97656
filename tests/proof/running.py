"""A whole run: engine and databases, one installation after the other, then the judge."""

import importlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.machine import machine
from tests.databases import Databases, on_postgres, on_sqlite
from tests.engines.base import Engine
from tests.proof.evidence import Records
from tests.proof.faults import kinds
from tests.proof.faults.base import Strike
from tests.proof.gathering import gathered
from tests.proof.invariants import Verdict, judged
from tests.proof.plan import drawn
from tests.proof.playing import Player
from tests.proof.report import Setting
from tests.proof.scenes import SCENES
from tests.proof.scenes.base import Scale
from tests.proof.scenes.playing import Stage
from tests.proof.site import sited
from tests.proof.storage import Storage, stored


class NoSuchFault(Exception):
    """No fault has that in its name."""


@dataclass(frozen=True)
class Order:
    """What is to be played; `only` faults and set pieces with that in their names.

    `many` flows or reports are a flood.
    """

    rounds: int
    seed: str
    engine: str = "development"
    database: str = "sqlite"
    only: str = ""
    many: int = 500

    @property
    def again(self) -> str:
        """The command that plays the same."""
        only = f" --only '{self.only}'" if self.only else ""
        return (
            f"python -m tests.proof --rounds {self.rounds} --seed {self.seed} --scale {self.many} "
            f"--engine {self.engine} --database {self.database}{only}"
        )


@dataclass(frozen=True)
class Ran:
    """How it went; `directory` holds all records."""

    setting: Setting
    runs: Sequence[Records]
    verdicts: Sequence[Verdict]
    directory: Path

    @property
    def holds(self) -> bool:
        """Whether nothing was broken."""
        return not any(each.breaches for each in self.verdicts)


def _somewhere() -> Path:
    return Path(tempfile.mkdtemp(prefix="failover-proof-"))


@dataclass(frozen=True)
class Run:
    """Plays an order; `strike_played` hears of each round and its seconds, `say` of the rest."""

    order: Order
    strike_played: Callable[[Strike, float], None]
    say: Callable[[str], None]
    directory: Path = field(
        default_factory=lambda: Path(tempfile.mkdtemp(prefix="failover-proof-"))
    )

    async def play(self) -> Ran:
        """All of it.

        Raises:
            NoSuchFault: there is nothing to play.
        """
        began = time.monotonic()
        rounds = self.order.rounds
        async with AsyncExitStack() as stack:
            running = importlib.import_module(f"tests.engines.{self.order.engine}").running
            engine = await stack.enter_async_context(running(_made(self.directory / "engine")))
            storage = None
            if self.order.database == "postgres":
                storage = await stack.enter_async_context(stored())
            databases = await stack.enter_async_context(self._databases(storage))
            part = partial(self._part, engine, databases, storage)
            half = (rounds + 1) // 2
            runs = [await part("dedupes", slice(half), dedupes=True)]
            if rounds > half:
                rest = slice(half, None)
                runs.append(await part("forgets", rest, dedupes=False))
        setting = Setting(
            seed=self.order.seed,
            rounds=rounds,
            engine=engine.name,
            database={"sqlite": "SQLite", "postgres": "PostgreSQL"}[self.order.database],
            machine=machine(),
            minutes=(time.monotonic() - began) / 60,
            again=self.order.again,
        )
        return Ran(setting, runs, judged(runs), self.directory)

    def forget(self) -> None:
        """Remove the records."""
        shutil.rmtree(self.directory, ignore_errors=True)

    async def _part(
        self,
        engine: Engine,
        databases: Databases,
        storage: Storage | None,
        name: str,
        rounds: slice,
        *,
        dedupes: bool,
    ) -> Records:
        """Those of the rounds that are played on one installation."""
        directory = _made(self.directory / name)
        async with (
            databases.new() as url,
            sited(engine, url, directory, name, dedupes=dedupes, storage=storage) as site,
        ):
            faults = {each.name: each for each in kinds(site) if self.order.only in each.name}
            scenes = [each for each in SCENES if self.order.only in each.name]
            if not faults and not scenes:
                raise NoSuchFault(f"no fault is called like {self.order.only}")
            plan = drawn(
                self.order.seed, self.order.rounds, list(faults.values()), calls=site.dedupes
            )
            player = Player(site, faults, self.strike_played)
            await player.play(plan[rounds])
            stage = Stage(site, Scale(self.order.many), self.strike_played)
            await stage.play(scenes if site.dedupes else [], self.order.seed, self.order.rounds)
            for scene, why in stage.hindered.items():
                self.say(f"{scene} is not played: {why}")
            began = time.monotonic()
            records = await gathered(site, [*player.strikes, *stage.strikes], stage.hindered)
            seconds = time.monotonic() - began
            self.say(f"{name}: {len(records.accepted)} flows, all told after {seconds:.0f} s")
            return records

    @asynccontextmanager
    async def _databases(self, storage: Storage | None) -> AsyncIterator[Databases]:
        if storage:
            async with on_postgres(storage.server.directory) as databases:
                yield databases
            return
        async with on_sqlite(_made(self.directory / "databases")) as databases:
            yield databases


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory
