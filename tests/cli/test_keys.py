"""`failover keys`: what it says, and what it never says."""

import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import CALLBACK_KEYS
from domain.progress import Progress
from storage.keys import Keyring
from storage.seal import Sealer
from tests.cli.saying import complaint
from tests.conftest import KEYS
from tests.forking import Forks, Said
from tests.samples import a_flow
from tracking.records import Tracking

NEW = "k2:" + "B" * 43 + "="
Ask = Callable[..., Awaitable[Said]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The keys' file, as an embedded installation has it."""
    path = tmp_path / "keys"
    path.write_text(f"{KEYS}\n")
    return path


@pytest.fixture
def ask(forks: Forks, database_url: str, tmp_path: Path, file: Path) -> Ask:
    """`failover keys …`, with the keys in the file."""
    environment = {"FAILOVER_DATABASE_URL": database_url, "FAILOVER_DATA_DIR": str(file.parent)}

    async def run(*arguments: str, **more: str) -> Said:
        return await forks.run(("keys", *arguments), {**environment, **more})

    return run


def _hidden(said: Said, file: Path) -> bool:
    """Whether nothing of the file's keys was said."""
    secrets = [line.partition(":")[2][:12] for line in file.read_text().split()]
    return not any(secret in said.output + said.errors for secret in secrets)


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _put(file: Path, *keys: str) -> None:
    file.write_text("\n".join((*keys, "")))


def _last(said: Said) -> str:
    """The sentence with which a command refused that had looked at rows first."""
    assert (said.code, said.output) == (1, ""), said
    return said.errors.splitlines()[-1]


def _names(file: Path) -> list[tuple[str, str]]:
    return [(each.kid, str(each.use)) for each in Keyring.parse(file.read_text()).masters]


async def test_a_rotation_has_two_steps(ask: Ask, file: Path) -> None:
    """Each rewrites the file, and says what to do next; neither shows a key."""
    begun = await ask("rotate", "--kid", "k2")
    assert _names(file) == [("k2", "next"), ("k1", "")]
    assert "k2 is added, and opens only; k1 still seals" in begun.errors
    assert "failover keys rotate --finish" in begun.errors
    assert "k2 is coming already" in complaint(await ask("rotate"))

    done = await ask("rotate", "--finish")
    assert _names(file) == [("k2", ""), ("k1", "")]
    assert "failover keys reseal" in done.errors
    assert _mode(file) == 0o600
    assert (begun.output, done.output) == ("", "")
    assert _hidden(begun, file)
    assert _hidden(done, file)


async def test_a_new_key_is_named_after_its_moment(ask: Ask, file: Path) -> None:
    """So that a list tells how old each is."""
    assert (await ask("rotate", "--at-once")).code == 0
    (new, _), old = _names(file)
    assert new.startswith("k20")
    assert len(new) == 15
    assert old == ("k1", "")


async def test_keys_of_a_variable_are_written_where_it_is_said(ask: Ask, tmp_path: Path) -> None:
    """No command can change its parent's environment, and a secret is not printed unasked."""
    refused = await ask("rotate", FAILOVER_KEYS=KEYS)
    assert "--output FILE" in complaint(refused)
    output = tmp_path / "new-keys"

    written = await ask("rotate", "--kid", "k2", "--output", str(output), FAILOVER_KEYS=KEYS)

    assert _names(output) == [("k2", "next"), ("k1", "")]
    assert _mode(output) == 0o600
    assert _hidden(written, output)
    assert "FAILOVER_KEYS" in written.errors


async def test_the_list_is_printed_where_that_is_wanted(ask: Ask, file: Path) -> None:
    """Alone on standard output, as the variable takes it; the file stays as it is."""
    printed = await ask("rotate", "--kid", "k2", "--print", FAILOVER_KEYS=KEYS)
    ring = Keyring.parse(printed.output)
    assert [each.kid for each in ring.masters] == ["k2", "k1"]
    assert "," in printed.output
    await ask("rotate", "--kid", "k3", "--print")
    assert _names(file) == [("k1", "")]


async def test_the_list_says_who_does_what(
    ask: Ask, database: AsyncEngine, sealer: Sealer, file: Path
) -> None:
    """Names alone, and how many rows depend on each."""
    flow = sealer.sealed(a_flow())
    await Tracking(database, sealer).record(flow, Progress.of(flow))
    _put(file, f"{NEW}:next", KEYS)

    listed = await ask("list", "--json")
    shown = await ask("list")

    rows = {"flows": 1, "callbacks": 0, "callback keys": len(CALLBACK_KEYS)}
    new, old = listed.data["keys"]
    assert (new["kid"], new["use"], set(new["rows"].values())) == ("k2", "next", {0})
    assert (old["kid"], old["rows"]) == ("k1", rows)
    assert old["does"] == "seals, makes the digests that never change"
    assert "opens, seals from `rotate --finish` on" in shown.output
    assert "11 days" in shown.output
    assert _hidden(listed, file)
    assert _hidden(shown, file)


async def test_a_key_retires_once_nothing_depends_on_it(ask: Ask, file: Path) -> None:
    """No flow under way, no token, no row; the oldest stays for the digests."""
    _put(file, NEW, KEYS)
    assert "--unused-since" in complaint(await ask("retire", "k1"))
    early = await ask("retire", "k1", "--unused-since", "10d")
    assert "flows that it sealed may be under way for 1 day more" in complaint(early)
    late = ("retire", "k1", "--unused-since", "12d")
    assert "callback keys: run `failover keys reseal` first" in _last(await ask(*late))
    assert "rows are sealed by k2 now" in (await ask("reseal")).errors

    retired = await ask(*late)

    assert retired.code == 0, retired.errors
    assert _names(file) == [("k2", ""), ("k1", "digests")]
    assert "digests" in retired.errors
    assert "opens nothing any more" in complaint(await ask(*late))


async def test_a_stolen_key_retires_at_once(ask: Ask, file: Path) -> None:
    """What it sealed under way is lost; its rows are not, if they were sealed anew."""
    _put(file, NEW, KEYS)
    assert "reseal" in _last(await ask("retire", "k1", "--stolen"))
    await ask("reseal")
    assert (await ask("retire", "k1", "--stolen")).code == 0
    assert _names(file) == [("k2", ""), ("k1", "digests")]


async def test_tokens_of_long_lives_keep_a_key(
    forks: Forks, ask: Ask, database_url: str, file: Path
) -> None:
    """Until somebody says that they may end."""
    settings = {"FAILOVER_DATABASE_URL": database_url, "FAILOVER_KEYS": KEYS}
    long = ("accounts", "add-application", "acme", "--token-lifetime", "31536000")
    assert (await forks.run(long, settings)).code == 0
    _put(file, NEW, KEYS)
    await ask("reseal")
    late = ("retire", "k1", "--unused-since", "12d")
    assert "--end-tokens ends them" in complaint(await ask(*late))
    assert (await ask(*late, "--end-tokens")).code == 0
