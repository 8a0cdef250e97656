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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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

DURABLE = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
"""A server that loses nothing that it has confirmed, as in production."""

# The server ends when its standard input is closed: with the run, whatever ends that. Its files go,
# unless a line was written before.
UNTIL_STDIN_CLOSES = """
"$@" & read -r _ && kept=1; kill -INT $! 2>/dev/null; wait $!; [ "$kept" ] || rm -r "$PWD"
"""


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


@dataclass
class Server:
    """A server with its socket and log in that directory, which goes with it, and its data.

    The data may lie elsewhere, and stay. It can be ended in any way and started again.
    """

    directory: Path
    data: Path
    settings: Mapping[str, str]
    _guard: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Its first process, while it runs by our word."""
        told = self._told()
        return int(told[0]) if self._guard and told else None

    def start(self) -> None:
        """Start it, and return once it takes connections; its data are made where there are none.

        Raises:
            Missing: there is none to start.
            RuntimeError: it did not start; the message holds what it said.
        """
        found, owner, before = programs(), _owner(), self._told()
        self.data.mkdir(parents=True, exist_ok=True)
        for each in (self.directory, self.data) if owner else ():
            shutil.chown(each, SUPERUSER, SUPERUSER)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(found, owner)
        settings = {**self.settings, "unix_socket_directories": str(self.directory)}
        options = [part for each in settings.items() for part in ("-c", "=".join(each))]
        command = [str(found / "postgres"), "-D", str(self.data), *options]
        with self._log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", UNTIL_STDIN_CLOSES, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                start_new_session=True,  # Ctrl-C is for the tests, which still need it then
                **owner,
            )
        self._wait(before)

    def _initialise(self, found: Path, owner: dict[str, Any]) -> None:
        # Sorts by a language's rules, as the image of docker-compose.yml does, not by bytes.
        language = ("--locale-provider=icu", "--icu-locale=en-US", "--locale=C", "--encoding=UTF8")
        trusting = (f"--username={SUPERUSER}", "--auth=trust")
        careless = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        made = subprocess.run(  # noqa: S603
            [str(found / "initdb"), "-D", str(self.data), *trusting, *language, *careless],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.directory,
            **owner,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    def _told(self) -> Sequence[str]:
        """What the server that was started last says of itself."""
        with suppress(FileNotFoundError):
            return (self.data / "postmaster.pid").read_text().splitlines()
        return []

    def _wait(self, before: Sequence[str]) -> None:
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            told = self._told()
            if told != before and told[7:8] == ["ready   "]:
                return
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()}")

    def stop(self, *, for_good: bool = False) -> None:
        """End it in order, if it has not been ended otherwise; its directory stays, or goes."""
        guard, self._guard = self._guard, None
        if guard is None:
            return
        assert guard.stdin is not None
        with suppress(BrokenPipeError):
            guard.stdin.write(b"" if for_good else b"\n")
            guard.stdin.close()
        guard.wait(STARTING)


@contextmanager
def serving(settings: Mapping[str, str] = SETTINGS, data: Path | None = None) -> Iterator[Server]:
    """A server; without a place for its data they go with it. Its socket is for us alone.

    Raises:
        Missing: there is none to start.
        RuntimeError: it did not start; the message holds what it said.
    """
    # What is gone already, the guard has removed.
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as made:
        directory = Path(made)
        server = Server(directory, data or directory / "data", settings)
        try:
            server.start()
            yield server
        finally:
            server.stop(for_good=True)


@contextmanager
def running() -> Iterator[Path]:
    """A new server; yields its socket's directory, where the superuser may enter.

    Raises:
        Missing: there is none to start.
        RuntimeError: it did not start; the message holds what it said.
    """
    with serving() as server:
        yield server.directory


def _owner() -> dict[str, Any]:
    # The server refuses to run as root.
    user = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []}
    return user if os.geteuid() == 0 else {}


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
