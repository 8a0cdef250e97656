"""Flame graphs: recorded from a process at work, fit to be committed."""

import asyncio
import sys
import sysconfig
from pathlib import Path

import pytest

from bench.flames import recorded, titled

WORK = "def burn():\n    while True:\n        sum(range(1000))\nburn()\n"


def test_the_title_says_nothing_of_the_machine() -> None:
    """py-spy writes its own command there, with the paths of whoever ran it."""
    graph = '<svg><text id="title" x="50%">/home/me/py-spy record --pid 7</text><text>burn</text>'
    assert titled(graph, "API") == '<svg><text id="title" x="50%">API</text><text>burn</text>'


async def test_what_a_process_does_is_in_its_graph(tmp_path: Path) -> None:
    """By the names of its functions."""
    if not (Path(sysconfig.get_path("scripts")) / "py-spy").exists():
        pytest.skip("`make bench` installs py-spy")
    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", WORK)
    try:
        async with recorded({"API and worker": [busy.pid]}, tmp_path, "flames"):
            await asyncio.sleep(1)
    finally:
        busy.kill()
        await busy.wait()
    file = tmp_path / "flames-api-and-worker.svg"
    if not file.exists():
        pytest.skip("this system lets no process look into another")
    graph = file.read_text(encoding="utf-8")
    assert "burn" in graph
    assert str(tmp_path) not in graph
