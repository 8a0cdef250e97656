"""Which releases there are, and where what they left behind is kept."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
HISTORIES = ROOT / "tests" / "workflows" / "histories"
"""A folder for each release: flows as its workflow ran them."""


class AlreadyReleased(Exception):
    """The release's histories are kept as they are; the message says what to do instead."""


def version() -> str:
    """The version in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def release(version: str) -> str:
    """The release that the version is, or is on its way to: 0.2.0.dev0 leads to 0.2.0."""
    return re.split(r"\.?(?:dev|a|b|rc)", version, maxsplit=1)[0]


def changelog() -> str:
    """The text of CHANGELOG.md."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def dates(changelog: str) -> Mapping[str, str]:
    """When each release of the changelog was made, newest first: those with a date were."""
    return dict(
        re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    )


def to_record(version: str, changelog: str, histories: Path = HISTORIES) -> Path:
    """The folder into which this version's histories are recorded, made or made anew.

    Raises:
        AlreadyReleased: flows of that release may be in flight, and the folder stands for them.
    """
    name = release(version)
    folder = histories / name
    if name in dates(changelog) and any(folder.glob("*.json")):
        raise AlreadyReleased(
            f"the histories of {name} stay as they are: CHANGELOG.md says that it is released. "
            "Raise the version in pyproject.toml; if nobody has it yet, take the date from its "
            "heading first"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder
