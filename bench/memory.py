"""What memory processes hold."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pids: Iterable[int]) -> int:
    """Bytes of these processes that are in memory; what they share counts for each."""
    found = 0
    for pid in pids:
        with suppress(OSError, IndexError):  # it has just ended
            found += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return found
