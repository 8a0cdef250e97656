"""What the command says of itself."""

import re
from collections.abc import Iterator, Mapping

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.main import app


def _verbs(command: object, *path: str) -> Iterator[tuple[str, ...]]:
    groups: Mapping[str, object] = getattr(command, "commands", {})
    for name, each in groups.items():
        yield from list(_verbs(each, *path, name)) or [(*path, name)]


VERBS = list(_verbs(get_command(app)))


def _help(*arguments: str) -> str:
    shown = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    return shown.output


def test_the_command_shows_its_verbs_and_an_example() -> None:
    """`failover --help` is where everybody begins."""
    shown = _help()
    assert re.search(r"Example: failover \w+", shown)
    first = {path[0] for path in VERBS}
    assert {"dev", "demo", "api", "worker", "sandbox", "bootstrap", "accounts"} <= first
    assert [verb for verb in first if not re.search(rf"^\W+{verb}\s+\w", shown, re.M)] == []


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_each_verb_shows_an_example_that_it_understands(verb: tuple[str, ...]) -> None:
    """The example is of this verb, and each of its options is among those listed."""
    shown = _help(*verb)
    example = re.search(rf"Example: (.*failover {' '.join(verb)}\b.*)", shown)
    assert example, shown
    options = re.findall(r"--[a-z-]+", example[1])
    assert [option for option in options if shown.count(option) < 2] == []
