"""Clocks that are wrong: libfaketime of Debian, in front of a process's own.

`python -m tests.faketime` says whether this machine has it; with `--install` it installs Debian's
where it is missing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MISSING = "libfaketime is needed: install it (Debian: apt install libfaketime)."

CACHED = 1
"""Whole seconds for which a process goes by what it read in its clock's file: less than 1 more."""


class Missing(Exception):
    """There is none; the message says what to install."""


def library() -> Path:
    """The one for processes of several threads.

    Raises:
        Missing: there is none.
    """
    for found in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return found
    raise Missing(MISSING)


def install() -> None:
    """Install Debian's where it is missing.

    Raises:
        Missing: that takes root and apt-get, and a package that can be had.
    """
    with suppress(Missing):
        library()
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing(MISSING)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "libfaketime"]):
        made = subprocess.run(  # noqa: S603
            [apt, "--quiet", *command], env=environment, capture_output=True
        )
        if made.returncode:
            raise Missing(MISSING)
    library()


def environment(clock: Path) -> Mapping[str, str]:
    """What a process needs whose clock is as that file says, from its start and when that changes.

    Its monotonic clock stays right, as it does when a machine's clock is set.

    Raises:
        Missing: there is none.
    """
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": str(CACHED),
    }


def put(clock: Path, seconds: float) -> None:
    """Have the clock wrong by so many seconds."""
    new = clock.with_suffix(".new")
    new.write_text(f"{seconds:+.0f}\n")
    new.replace(clock)


def main(arguments: Sequence[str]) -> str | None:
    """Look for it, or install it; returns what is wrong."""
    try:
        if "--install" in arguments:
            install()
        library()
    except Missing as fault:
        return str(fault)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
