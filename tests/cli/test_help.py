"""What the command says of itself."""

import re

import pytest
from typer.testing import CliRunner

from cli.main import app

VERBS = [
    (*path, command.name or command.callback.__name__)
    for path, group in (
        ((), app),
        *(((str(each.name),), each.typer_instance) for each in app.registered_groups),
    )
    if group
    for command in group.registered_commands
    if command.callback
]


def _help(*arguments: str) -> str:
    shown = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    return shown.output


def test_the_command_shows_its_verbs_and_an_example() -> None:
    """`failover --help` is where everybody begins."""
    shown = _help()
    assert re.search(r"Example: failover \w+", shown)
    first = {path[0] for path in VERBS}
    assert {"dev", "demo", "api", "worker", "sandbox", "bootstrap"} <= first
    assert [verb for verb in first if not re.search(rf"^\W+{verb}\s+\w", shown, re.M)] == []


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_each_verb_shows_an_example_that_it_understands(verb: tuple[str, ...]) -> None:
    """The example is of this verb, and each of its options is among those listed."""
    shown = _help(*verb)
    example = re.search(rf"Example: (.*failover {' '.join(verb)}\b.*)", shown)
    assert example, shown
    options = re.findall(r"--[a-z-]+", example[1])
    assert [option for option in options if shown.count(option) < 2] == []
