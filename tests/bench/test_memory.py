"""Memory of processes."""

import os

from bench.memory import resident


def test_memory_is_what_a_process_has_touched() -> None:
    """And one that has ended holds none."""
    before = resident([os.getpid()])
    held = bytearray(b"x" * 64_000_000)
    assert 50_000_000 < resident([os.getpid()]) - before < 200_000_000
    assert held
    assert resident([2**22 + 1]) == 0
