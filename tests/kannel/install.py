"""Where Kannel and what its tests need beside it are found, or how to install them.

`python -m tests.kannel.install` says whether this machine has all; with `--install` it installs
Debian's Kannel where none is. Needs nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STAND_IN = Path(__file__).with_name("smpp") / "smsc.mjs"
PACKAGES = ("kannel", "kannel-extras")
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"

MISSING = (
    "Kannel 1.4 and its fakesmsc are needed (Debian: apt install kannel kannel-extras; "
    "`make kannel` does it and keeps the service from running)."
)
NO_NODE = "Node.js is needed, and `npm ci --prefix tests/kannel/smpp`."
NO_SETPRIV = "setpriv of util-linux is needed: no box of Kannel may outlive the tests."


class Missing(Exception):
    """Something is not there; the message says what to install."""


@dataclass(frozen=True)
class Programs:
    """What the tests start."""

    bearerbox: str
    smsbox: str
    fakesmsc: str
    node: str
    setpriv: str


def programs() -> Programs:
    """All of them.

    Raises:
        Missing: one is not there.
    """
    node = shutil.which("node")
    if node is None or not (STAND_IN.parent / "node_modules" / "smpp").is_dir():
        raise Missing(NO_NODE)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Missing(NO_SETPRIV)
    return Programs(*_kannel(), node, setpriv)


def _kannel() -> tuple[str, str, str]:
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
    bearerbox, smsbox, fakesmsc = (
        shutil.which(name, path=places) for name in ("bearerbox", "smsbox", FAKESMSC)
    )
    if bearerbox and smsbox and fakesmsc:
        return bearerbox, smsbox, fakesmsc
    raise Missing(MISSING)


def install() -> None:
    """Install Debian's Kannel where none is, and keep the packaged service from running.

    Raises:
        Missing: that takes root and apt-get.
        CalledProcessError: apt-get failed, and has said why.
    """
    with suppress(Missing):
        _kannel()
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing(MISSING)
    somebody_elses = Path("/usr/sbin/bearerbox").exists()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        subprocess.run([apt, "--quiet", *command], check=True, env=environment)  # noqa: S603
    if not somebody_elses:
        for command in (["service", "kannel", "stop"], ["update-rc.d", "kannel", "disable"]):
            # Where no service may start, none can be stopped; the tests' ports are their own.
            subprocess.run(command, check=False)  # noqa: S603
    _kannel()


def main(arguments: Sequence[str]) -> str | None:
    """Look for what is needed, or install Kannel; returns what is wrong."""
    try:
        if "--install" in arguments:
            install()
        else:
            programs()
    except Missing as fault:
        return str(fault)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
