"""Only what was built from the official module is started."""

import shutil
from pathlib import Path

import pytest

from tests.engines import programs
from tests.engines.cluster import Cluster
from tests.engines.programs import PACKAGES, SERVER, SQL_TOOL, Missing, Programs

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]


@pytest.fixture
def built(engine: Cluster) -> Programs:
    """The programs that the cluster runs."""
    assert engine.pids("frontend")
    return Programs(programs.place())


async def test_the_programs_have_the_pinned_checksum(built: Programs) -> None:
    """By the information that Go writes into what it builds."""
    for name, package in PACKAGES.items():
        programs.check(built.directory / name, package)


async def test_a_program_of_another_package_is_refused(built: Programs) -> None:
    """One in the place of the other."""
    with pytest.raises(Missing, match="was not built from"):
        programs.check(built.directory / SQL_TOOL, PACKAGES[SERVER])


async def test_a_program_of_another_origin_is_refused(tmp_path: Path) -> None:
    """Go itself, under the server's name."""
    go = shutil.which("go")
    assert go
    shutil.copy(go, tmp_path / SERVER)

    with pytest.raises(Missing, match=r"go\.temporal\.io/server"):
        programs.check(tmp_path / SERVER, PACKAGES[SERVER])
