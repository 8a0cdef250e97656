"""Nothing that a run writes down holds a secret, and the same run without the seal holds all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage import schema
from storage.engine import connect
from tests.databases import Databases
from tests.engines import development
from tests.forking import Forks
from tests.secrecy.conftest import ROW
from tests.secrecy.dumping import (
    EMPTY,
    NUMBERS,
    Source,
    of_files,
    of_the_database,
    of_the_engine,
    of_the_processes,
)
from tests.secrecy.mistakes import REFUSALS
from tests.secrecy.needles import kinds_in
from tests.secrecy.playing import Player
from tests.secrecy.secrets import IN_CLEAR, SEALED
from tests.secrecy.site import sited

SINCE = {"reply", "receiver answer", "callback key"}
"""Kinds that are no part of a flow as it is accepted: its history never has them."""

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Dump:
    """What a run left: its sources, the kinds found in each, and how its mistakes were answered."""

    sources: Sequence[Source]
    found: Mapping[str, Sequence[str]]
    statuses: set[int]


@pytest.fixture(scope="module")
async def dumps(
    databases: Databases,
    database_server: Path | None,
    forks: Forks,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[bool, Dump]]:
    """The run's dump by whether it sealed; both were played at once, on one engine."""
    directory = tmp_path_factory.mktemp("secrecy")
    logs = [database_server / "log"] if database_server else []
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(development.running(directory))
        urls = [await stack.enter_async_context(databases.new(empty=True)) for _ in range(2)]
        for url in urls:  # one after the other: the migrations' context is a global one
            await _upgrade(url)
        sealed, unsealed = await asyncio.gather(
            *(
                _dumped(engine.address, directory, url, forks, logs, sealing=sealing)
                for url, sealing in zip(urls, (True, False), strict=True)
            )
        )
        yield {True: sealed, False: unsealed}


async def _upgrade(url: str) -> None:
    database = connect(url)
    await schema.upgrade(database)
    await database.dispose()


async def _dumped(
    address: str,
    directory: Path,
    url: str,
    forks: Forks,
    logs: Sequence[Path],
    *,
    sealing: bool,
) -> Dump:
    name = "sealed" if sealing else "unsealed"
    (directory / name).mkdir()
    async with sited(
        address, f"secrecy-{name}", url, directory / name, forks, sealing=sealing
    ) as site:
        player = Player(site)
        statuses = await player.play()
        sources = [each async for each in of_the_engine(site, player)]
        sources += [each async for each in of_the_database(site)]
        sources += of_files(site, directory / "temporal.db")
        sources += of_the_processes(site, directory / "temporal.log")
        sources += [
            Source("log of PostgreSQL", log.read_bytes(), "ready to accept") for log in logs
        ]
    needles = list(site.secrets.needles)
    found = {each.name: kinds_in(needles, each.data) for each in sources}
    return Dump(sources, found, statuses)


def test_every_source_was_read(dumps: Mapping[bool, Dump]) -> None:
    """Each holds a word that it must hold: an empty dump would tell no secret either."""
    for dump in dumps.values():
        assert [each.name for each in dump.sources if not each.was_read] == []
        assert {each.name for each in dump.sources if not each.data} == {
            f"table {name}" for name in EMPTY
        }
        assert dump.statuses >= REFUSALS


def test_no_secret_is_written_down(
    dumps: Mapping[bool, Dump], record_property: Callable[[str, object], None]
) -> None:
    """Nowhere, in no encoding; full numbers stand in one column, where clients search for them."""
    for source in dumps[True].sources:
        found = [", ".join(dumps[sealing].found[source.name]) or "-" for sealing in (True, False)]
        record_property(ROW, (source.name, f"{len(source.data):,}", *found))
    told = {(name, kind) for name, kinds in dumps[True].found.items() for kind in kinds}
    allowed = {(name, kind) for name in dumps[True].found for kind in IN_CLEAR}
    assert told - {(name, kind) for name, kind in allowed if name.startswith(NUMBERS)} == set()
    assert {(NUMBERS, kind) for kind in IN_CLEAR} <= told


def test_without_the_seal_the_same_dump_tells_everything(dumps: Mapping[bool, Dump]) -> None:
    """So it is the seal that hides it, and the dump would have told: from where it is kept."""
    found = dumps[False].found
    assert {kind for kinds in found.values() for kind in kinds} == set(SEALED)
    assert set(found["histories"]) == set(SEALED) - SINCE
    assert set(found["table callbacks"]) >= {"receiver answer", "reply"}
    assert set(found["table callback_keys"]) == {"callback key"}
