"""Every receiver that docs/callbacks.md shows, against right and wrong callbacks."""

from pathlib import Path

import pytest

from tests.receivers.cases import CASES, Case
from tests.receivers.samples import LANGUAGES, PATIENCE, Program

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module", params=LANGUAGES)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The page's sample, compiled; that its language is not installed is an error, no excuse."""
    directory: Path = tmp_path_factory.mktemp("receiver")
    return LANGUAGES[request.param].built(directory)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_receiver_takes_what_is_right_and_nothing_else(program: Program, case: Case) -> None:
    """Who copies a sample that takes too much lets everybody report anything."""
    assert program.verifies(case) is case.right
