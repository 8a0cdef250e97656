"""A PostgreSQL server of our own for one run of the tests.

`python -m tests.postgres` says whether this machine has one to start; with `--install` it installs
Debian's where none is. Needs nothing but the standard library.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SUPERUSER = "postgres"
PREFIX = "failover-postgres-"
STARTING = 30.0
"""Seconds that the server has to become ready."""

MISSING = "PostgreSQL 15 or newer is needed: install its server (Debian: apt install postgresql)."

SETTINGS = {
    "listen_addresses": "",  # a socket in a directory that only its owner and root may enter
    "max_connections": "200",  # the fault tests run several processes, each with a pool
    "autovacuum": "off",  # no database here lives long enough
    # Nothing of this outlives the run, so nothing must outlive a power cut. For tests only.
    "fsync": "off",
    "full_page_writes": "off",
}

# The server ends when its standard input is closed: with the run, whatever ends that. Its files go.
UNTIL_STDIN_CLOSES = '"$@" & read -r _; kill -INT $!; wait $!; rm -r "$PWD"'


class Missing(Exception):
    """There is no server to start; the message says what to install."""


def programs() -> Path:
    """The directory that has `initdb` and `postgres`; the newest, if there are several.

    Raises:
        Missing: there is none.
    """
    for directory in _places():
        if all((directory / name).is_file() for name in ("initdb", "postgres")):
            return directory
    raise Missing(MISSING)


def _places() -> Iterator[Path]:
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda each: float(each.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True)  # noqa: S603
        yield Path(asked.stdout.strip())


def install() -> None:
    """Install Debian's server where none is.

    Raises:
        Missing: that takes root and apt-get.
        CalledProcessError: apt-get failed, and has said why.
    """
    with suppress(Missing):
        programs()
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing(MISSING)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
        subprocess.run([apt, "--quiet", *command], check=True, env=environment)  # noqa: S603
    programs()


@contextmanager
def running() -> Iterator[Path]:
    """A new server; yields its socket's directory, where the superuser may enter.

    Raises:
        Missing: there is none to start.
        RuntimeError: it did not start; the message holds what it said.
    """
    found = programs()
    # What is gone already, the guard has removed.
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as made:
        directory = Path(made)
        data, log = directory / "data", directory / "log"
        # The server refuses to run as root.
        user = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []}
        owner: dict[str, Any] = user if os.geteuid() == 0 else {}
        if owner:
            shutil.chown(directory, SUPERUSER, SUPERUSER)
        _initialise(found, data, owner)
        settings = SETTINGS | {"unix_socket_directories": made}
        options = [part for each in settings.items() for part in ("-c", "=".join(each))]
        server = [str(found / "postgres"), "-D", str(data), *options]
        with log.open("wb") as output:
            guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", UNTIL_STDIN_CLOSES, "sh", *server],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                start_new_session=True,  # Ctrl-C is for the tests, which still need it then
                **owner,
            )
        try:
            _wait(data / "postmaster.pid", log)
            yield directory
        finally:
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait(STARTING)


def _initialise(found: Path, data: Path, owner: dict[str, Any]) -> None:
    # Sorts by a language's rules, as the image of docker-compose.yml does, not by bytes.
    language = ("--locale-provider=icu", "--icu-locale=en-US", "--locale=C", "--encoding=UTF8")
    trusting = (f"--username={SUPERUSER}", "--auth=trust", "--no-sync")
    made = subprocess.run(  # noqa: S603
        [str(found / "initdb"), "-D", str(data), *trusting, *language],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=data.parent,
        **owner,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr}")


def _wait(lock: Path, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if lock.read_text().splitlines()[7:8] == ["ready   "]:
                return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")


def main(arguments: Sequence[str]) -> str | None:
    """Look for a server, or install one; returns what is wrong."""
    try:
        if "--install" in arguments:
            install()
        programs()
    except Missing as fault:
        return str(fault)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
