"""Where Temporal's programs come from."""

from pathlib import Path

import pytest

from tests.engines import programs
from tests.engines.programs import MODULE, PACKAGES, VERSION, Missing
from tests.test_compose import SERVICES


def test_they_are_of_the_version_that_production_runs() -> None:
    """What is tried on the cluster says something about production."""
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{VERSION.removeprefix('v')}"
    assert MODULE == "go.temporal.io/server"


def test_without_go_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence, before anything is built."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(programs.PLACE, str(tmp_path / "programs"))
    said: list[str] = []

    with pytest.raises(Missing, match=r"Go 1\.\d+\.\d+ or newer is needed"):
        programs.had(said.append)
    assert said == []


def test_their_place_is_the_cache_unless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone finds again what another one built."""
    monkeypatch.delenv(programs.PLACE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert programs.place() == tmp_path / "failover" / "temporal-1.32.0"

    monkeypatch.setenv(programs.PLACE, str(tmp_path / "elsewhere"))
    assert programs.place() == tmp_path / "elsewhere"


def test_half_of_them_is_not_enough(tmp_path: Path) -> None:
    """A build that was broken off is begun again."""
    made = programs.Programs(tmp_path)
    made.schema.mkdir()
    for name in PACKAGES:
        assert not made.is_complete
        (tmp_path / name).touch()
    assert made.is_complete
