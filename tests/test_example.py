"""deploy/providers.toml is complete, says what is true, and works when all of it is in force."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from domain.status import Channel
from settings import Settings
from tests.example import FILE, everything, sections, uncommented

ROUTES = {*(f"{channel.lower()}_providers" for channel in Channel)}
PINS = {"pinned_provider", "without_receipts"}
LINES = FILE.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With every setting of the file."""
    monkeypatch.setenv("FAILOVER_CONFIG", str(everything(tmp_path)))
    return Settings()


def test_as_it_stands_it_sets_nothing() -> None:
    """The compose file mounts it where nobody has made a copy."""
    assert tomllib.loads(FILE.read_text(encoding="utf-8")) == {}


def test_every_setting_of_every_provider_is_in_it() -> None:
    """Members, routes, the pin and the silent networks, and nothing else."""
    told: dict[str, Any] = tomllib.loads(uncommented())
    members = {name: set(kind.model_fields) for name, kind in sections().items()}
    assert {name: set(told[name]) for name in members} == members
    assert set(told) == {*members, *ROUTES, *PINS}


def test_it_works_when_all_of_it_is_in_force(settings: Settings) -> None:
    """Every provider is set up, and the routes lead to those that carry them."""
    providers = settings.providers()
    assert [each.name for each in providers.all()] == sorted(sections())  # as the file says
    assert providers.pinned == "kannel"
    assert settings.receipts().silent
    for channel, routes in providers.routes.items():
        assert routes.every, channel


@pytest.mark.parametrize("name", sorted(sections()))
def test_a_value_that_is_called_the_default_is_the_default(settings: Settings, name: str) -> None:
    """What must be set is called needed, and what is absent otherwise is called optional."""
    config = settings.configured()[name]
    for member, field in sections()[name].model_fields.items():
        comment = _comment(name, member)
        if field.is_required():
            assert comment.startswith("needed: ")
        elif field.default is None:
            assert comment.startswith("optional: ")
        else:
            assert comment.startswith("default: ")
            assert getattr(config, member) == field.default


@pytest.mark.parametrize("name", sorted(sections()))
def test_a_member_is_explained_as_in_the_code(name: str) -> None:
    """In the same words, but for the examples, which stand before them."""
    for member, field in sections()[name].model_fields.items():
        said = (field.description or "").partition(", such as")[0].partition("; line ends")[0]
        assert said in _comment(name, member)


def test_secrets_in_it_are_none() -> None:
    """Nobody shall put a real one into the repository."""
    told: dict[str, dict[str, str]] = tomllib.loads(uncommented())
    for name, kind in sections().items():
        for member, field in kind.model_fields.items():
            if "SecretStr" in str(field.annotation) and member != "private_key":
                assert told[name][member] in {"CHANGE-ME", "Q0hBTkdFLU1F"}


def _comment(section: str, member: str) -> str:
    """What stands behind the member's value."""
    begin = LINES.index(f"#[{section}]") + 1
    lines = (line for line in LINES[begin:] if line.startswith(f"#{member} = "))
    return next(lines).rpartition("  # ")[2]
