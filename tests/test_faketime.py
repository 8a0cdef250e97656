"""Processes whose clock is wrong."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import faketime

SAYS = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""


@pytest.fixture(autouse=True)
def _there() -> None:
    try:
        faketime.library()
    except faketime.Missing as fault:
        pytest.skip(str(fault))


def test_a_clock_can_be_set_while_its_process_runs(tmp_path: Path) -> None:
    """And its monotonic clock does not care, as on a machine whose clock is set."""
    clock = tmp_path / "clock"
    faketime.put(clock, 600)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", SAYS],
        env=dict(faketime.environment(clock)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def off() -> tuple[float, float]:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        told, monotonic = map(float, process.stdout.readline().split())
        return told - time.time(), monotonic

    try:
        fast, first = off()
        faketime.put(clock, -600)
        slow, second = off()
        while slow > 0 and second - first < 10 * faketime.CACHED:
            time.sleep(0.1)
            slow, second = off()
    finally:
        process.kill()
        process.communicate()
    assert 500 < fast < 601
    assert -601 < slow < -500
    assert 0 < second - first < 100
