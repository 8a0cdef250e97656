"""What a release is called everywhere, and that what it left behind is not rewritten."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from api.app import create_app
from settings import Settings
from tests import releases
from tests.releases import HISTORIES, ROOT, AlreadyReleased

DATED = "## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n\n## [0.1.0] - 2026-11-25\n"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_version_stands_in_the_changelog() -> None:
    """A release's changes stand under its number; what leads to one has them under Unreleased."""
    version, text = releases.version(), releases.changelog()
    if version == releases.release(version):
        assert f"\n## [{version}]" in text
    assert "\n## [Unreleased]\n" in text


def test_the_changelog_has_the_newest_release_first() -> None:
    """And each with the day on which it was made."""
    dated = releases.dates(releases.changelog())
    assert dated
    for newer, older in pairwise(dated.items()):
        assert _numbers(newer[0]) > _numbers(older[0])
        assert newer[1] >= older[1]


def test_everything_that_shows_the_version_shows_this_one() -> None:
    """The API's document, the committed one, and the build of the workers under Compose."""
    release = releases.release(releases.version())
    assert create_app().version == release
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert committed["info"]["version"] == release
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    build = compose["services"]["worker"]["environment"]["FAILOVER_BUILD"]
    assert build == f"${{FAILOVER_BUILD:-{release}}}"


def test_the_build_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each deployment says what it runs; a checkout says nothing."""
    monkeypatch.delenv("FAILOVER_BUILD", raising=False)
    assert Settings().build == "development"
    monkeypatch.setenv("FAILOVER_BUILD", "0.1.0-7")
    assert Settings().build == "0.1.0-7"


def test_the_newest_release_left_its_histories() -> None:
    """Without them nobody knows whether tomorrow's code takes up today's flows.

    Older ones go, one by one, when no flow of theirs can be left.
    """
    recorded = {path.parent.name for path in HISTORIES.glob("*/*.json")}
    newest, *_ = releases.dates(releases.changelog())
    assert newest in recorded


@pytest.mark.parametrize(
    ("version", "release"),
    [("0.1.0", "0.1.0"), ("0.2.0.dev0", "0.2.0"), ("1.0.0rc1", "1.0.0"), ("1.0.0a2", "1.0.0")],
)
def test_a_version_on_its_way_leads_to_a_release(version: str, release: str) -> None:
    """Its histories are those of the release that it becomes."""
    assert releases.release(version) == release


def test_a_new_release_records_into_a_folder_of_its_own(tmp_path: Path) -> None:
    """What older ones recorded lies beside it, untouched."""
    old = tmp_path / "0.1.0" / "delivered.json"
    old.parent.mkdir()
    old.write_text("{}", encoding="utf-8")

    folder = releases.to_record("0.3.0.dev0", DATED, tmp_path)

    assert folder == tmp_path / "0.3.0"
    assert folder.is_dir()
    assert old.read_text(encoding="utf-8") == "{}"


def test_what_is_not_released_yet_can_be_recorded_again(tmp_path: Path) -> None:
    """Nobody has flows of it in flight. Its heading has no date."""
    (tmp_path / "0.3.0").mkdir()
    (tmp_path / "0.3.0" / "delivered.json").touch()
    undated = f"## [0.3.0]\n\n{DATED}"
    assert releases.to_record("0.3.0", undated, tmp_path) == tmp_path / "0.3.0"


def test_a_release_is_recorded_once(tmp_path: Path) -> None:
    """Also where its date was written first; from then on its histories stay."""
    (releases.to_record("0.2.0", DATED, tmp_path) / "delivered.json").touch()
    with pytest.raises(AlreadyReleased, match=r"0\.2\.0 .*Raise the version"):
        releases.to_record("0.2.0", DATED, tmp_path)
