"""What a measurement ran on."""

import os
import platform
from datetime import UTC, datetime


def machine() -> str:
    """In a line: system, cores, memory, Python, how busy it is, the date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, load {os.getloadavg()[1]:.1f}, "
        f"{datetime.now(UTC):%Y-%m-%d}"
    )
