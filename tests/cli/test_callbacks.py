"""`failover callbacks`: what ops see of callbacks, and what becomes of dead ones."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from typer.testing import CliRunner

from cli.callbacks import NONE_FOUND, app
from domain.letter import Letter
from domain.wire import milliseconds
from storage.seal import Sealer
from tests.cli.saying import complaint
from tests.conftest import KEYS, NewNamespace
from tests.forking import Forks, Said
from tests.keeping import a_letter, kept
from tests.processes import HOST, free_port
from tracking.callbacks import CallbackRecords
from tracking.outbox import State
from workflows.names import replay_id

BODY = json.dumps(
    {"status": "Failed", "messages": [{"to": "+306900000101", "body": "Parcel 7731 is ready"}]}
)

Ask = Callable[..., Awaitable[Said]]
Keep = Callable[..., Awaitable[Letter]]


@pytest.fixture
def settings(database_url: str) -> dict[str, str]:
    """Of the commands: nobody listens where the engine should be."""
    return {
        "FAILOVER_DATABASE_URL": database_url,
        "FAILOVER_KEYS": KEYS,
        "TEMPORAL_ADDRESS": f"{HOST}:{free_port()}",
    }


@pytest.fixture
def ask(forks: Forks, settings: dict[str, str]) -> Ask:
    """`failover callbacks …` on the test's database."""

    async def run(*arguments: str) -> Said:
        return await forks.run(("callbacks", *arguments), settings)

    return run


@pytest.fixture
async def engine(settings: dict[str, str], new_namespace: NewNamespace) -> Client:
    """The run's engine, which the commands reach as well; nobody works there."""
    client = await new_namespace(f"callbacks-{uuid4()}")
    settings["TEMPORAL_ADDRESS"] = client.service_client.config.target_host
    settings["TEMPORAL_NAMESPACE"] = client.namespace
    return client


@pytest.fixture
def keep(database: AsyncEngine, sealer: Sealer) -> Keep:
    """Puts a callback on record that happened so many days ago."""

    async def made(days: float = 0, state: State = State.DEAD, **members: Any) -> Letter:
        at = milliseconds(datetime.now(UTC) - timedelta(days=days))
        letter = a_letter(**{"at": at, "body": BODY, **members})
        return await kept(database, sealer, letter, state)

    return made


async def _states(database: AsyncEngine, sealer: Sealer, *letters: Letter) -> list[str]:
    records = CallbackRecords(database, sealer)
    return [(await records.find(None, each.event)).state for each in letters]


async def test_dead_callbacks_are_listed_newest_first(ask: Ask, keep: Keep) -> None:
    """Of every account, unless one is named; for people and for programs."""
    old, new, theirs = await keep(5), await keep(1), await keep(2, account="globex")
    delivered = await keep(1, State.DELIVERED)

    async def ids(*options: str) -> list[str]:
        return [each["id"] for each in (await ask("list", "--json", *options)).data]

    assert await ids() == [new.event, theirs.event, old.event]
    assert await ids("--account", "acme", "--since", "3d") == [new.event]
    assert await ids("--since", old.at.isoformat()) == [new.event, theirs.event, old.event]
    assert await ids("--state", "delivered") == [delivered.event]
    assert await ids("--last", "1") == [new.event]

    shown = (await ask("list", "--last", "2")).output
    assert "2 of 3 dead callbacks, newest first" in shown
    assert shown.index(new.event) < shown.index(theirs.event)
    assert "410" in shown
    assert NONE_FOUND in (await ask("list", "--state", "waiting")).output


async def test_a_callback_is_shown_without_what_was_sent(ask: Ask, keep: Keep) -> None:
    """Attempts, answer, and a masked body: no text, no number, no path of an address."""
    letter = await keep(seq=3)
    people, programs = await ask("show", letter.event), await ask("show", letter.event, "--json")
    for said in (people.output, programs.output):
        for word in ("no such shop", "http://127.0.0.1:9", "410", letter.event, "Failed"):
            assert word in said
        for secret in ("7731", "6900000101", "secret", "token"):
            assert secret not in said
    data = programs.data
    assert (data["account"], data["seq"], data["state"]) == ("acme", 3, "dead")
    assert data["attempts"][0]["status"] == 410
    assert data["body"] == {"status": "Failed", "messages": [{"to": "****", "body": "****"}]}


@pytest.mark.parametrize(
    "arguments", [("show", "msg_x-1"), ("replay", "msg_x-1", "--dry-run")], ids=" ".join
)
async def test_an_unknown_callback_is_told_in_a_sentence(
    ask: Ask, arguments: tuple[str, ...]
) -> None:
    """No traceback."""
    assert complaint(await ask(*arguments)) == "No callback has this id"


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--since", "yesterday"),
        ("list", "--state", "gone"),
        ("list", "--last", "0"),
        ("replay",),
        ("replay", "msg_x-1", "--since", "3d"),
        ("replay", "--since", "3"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    """Before anything is looked at."""
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert "Invalid value" in refused.output


async def test_a_dry_run_only_counts(
    ask: Ask, keep: Keep, database: AsyncEngine, sealer: Sealer
) -> None:
    """It needs no engine."""
    flow = str(uuid4())
    letters = [await keep(1, seq=seq, tracking_id=flow) for seq in (1, 2)]
    letters += [await keep(1), await keep(9), await keep(1, account="globex")]
    said = await ask("replay", "--since", "3d", "--account", "acme", "--dry-run")
    assert (said.code, said.output) == (0, "would hand over 3 callbacks of 2 flows\n")
    said = await ask("replay", letters[0].event, "--dry-run")
    assert said.output == f"would hand over {letters[0].event}, which is dead\n"
    assert await _states(database, sealer, *letters) == ["dead"] * 5


@pytest.mark.parametrize("one", [True, False])
async def test_without_an_engine_nothing_is_changed(
    ask: Ask, keep: Keep, database: AsyncEngine, sealer: Sealer, one: bool
) -> None:
    """And the sentence says what to do."""
    letter = await keep()
    said = await ask("replay", *((letter.event,) if one else ("--since", "3d", "--yes")))
    assert complaint(said).startswith("the engine does not answer, run this again when it does")
    assert await _states(database, sealer, letter) == ["dead"]


async def test_without_a_yes_nothing_is_done(
    ask: Ask, keep: Keep, database: AsyncEngine, sealer: Sealer
) -> None:
    """Where nobody can be asked."""
    letter = await keep()
    said = await ask("replay", "--since", "3d")
    assert said.code == 1
    assert said.errors.splitlines()[-1] == "failover: nothing was done; --yes does not ask"
    assert await _states(database, sealer, letter) == ["dead"]


@pytest.mark.server
async def test_dead_callbacks_are_handed_to_the_engine(
    ask: Ask, keep: Keep, engine: Client, database: AsyncEngine, sealer: Sealer
) -> None:
    """Once: a repetition while nobody works finds only what nobody tried, and says as much."""
    flow = str(uuid4())
    letters = [await keep(2, seq=seq, tracking_id=flow) for seq in (1, 2)] + [await keep(1)]
    theirs = await keep(1, account="globex")
    arguments = ("replay", "--since", "3d", "--account", "acme", "--yes")
    for _ in range(2):
        said = await ask(*arguments)
        assert said.code == 0, said.errors
        last = said.output.splitlines()[-1]
        assert last == "3 callbacks of 2 flows were handed to the engine"
        states = await _states(database, sealer, *letters, theirs)
        assert states == ["waiting"] * 3 + ["dead"]
    for each in {letter.tracking_id for letter in letters}:
        described = await engine.get_activity_handle(replay_id("acme", each)).describe()
        assert described.activity_type == "replay"

    said = await ask("replay", theirs.event)
    assert (said.code, said.output) == (0, f"{theirs.event} was handed to the engine\n")
    handle = engine.get_activity_handle(replay_id("globex", theirs.tracking_id))
    assert (await handle.describe()).activity_type == "replay"
