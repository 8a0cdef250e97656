"""Temporal's own programs, built from its Go module: the server, and the tool for its tables.

`python -m tests.engines.programs` builds them where they are not, in minutes. They are kept outside
of the repository, in FAILOVER_TEMPORAL_PROGRAMS or the user's cache: a clone finds them again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MODULE = "go.temporal.io/server"
VERSION = "v1.32.0"
SUM = "h1:JQoqsVREaGc8vcuDNfuRlySiV3tVi81XUOVC9LeL/1Y="
"""The module's checksum, as the public checksum database has it."""

SERVER, SQL_TOOL = "temporal-server", "temporal-sql-tool"
PACKAGES = {SERVER: "cmd/server", SQL_TOOL: "cmd/tools/sql"}
"""Each program, by the name that its images give it, and its package."""

PLACE = "FAILOVER_TEMPORAL_PROGRAMS"

GO_NEEDED = (
    "Go 1.26.8 or newer is needed to build the Temporal server: install it, and have `go` on the "
    "PATH."
)

Say = Callable[[str], None]


class Missing(Exception):
    """A program cannot be had, or is not the official one; the message says what to do."""


@dataclass(frozen=True)
class Programs:
    """The programs, and the files that make Temporal's tables, all in that directory."""

    directory: Path

    @property
    def server(self) -> Path:
        """The Temporal server."""
        return self.directory / SERVER

    @property
    def schema(self) -> Path:
        """What `deploy/temporal/schema.sh` calls TEMPORAL_SCHEMA."""
        return self.directory / "schema"

    @property
    def is_complete(self) -> bool:
        """Whether all of it is there."""
        return self.schema.is_dir() and all((self.directory / name).is_file() for name in PACKAGES)


def place() -> Path:
    """Where the programs are kept."""
    if chosen := os.environ.get(PLACE):
        return Path(chosen).absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "failover" / f"temporal-{VERSION.removeprefix('v')}"


def had(say: Say) -> Programs:
    """The programs, built now where they are not; what takes long is said.

    Raises:
        Missing: there is no Go, it could not build them, or they have other checksums.
    """
    programs = Programs(place())
    if not programs.is_complete:
        _built(programs, say)
    for name, package in PACKAGES.items():
        check(programs.directory / name, package)
    return programs


def check(program: Path, package: str) -> None:
    """Make sure that it was built from the official module.

    Raises:
        Missing: it was not, or nobody can tell.
    """
    told = _go("version", "-m", str(program)).splitlines()
    facts = [line.split() for line in told[1:]]
    wanted = (["path", f"{MODULE}/{package}"], ["mod", MODULE, VERSION, SUM])
    if not all(fact in facts for fact in wanted):
        raise Missing(
            f"{program} was not built from {MODULE} {VERSION} with the checksum {SUM}: remove it, "
            "and it is built anew"
        )


def _built(programs: Programs, say: Say) -> None:
    if _go("env", "GOSUMDB").strip() == "off":
        raise Missing("GOSUMDB is off: without the checksum database nothing vouches for a module")
    started = time.monotonic()
    say(f"building {' and '.join(PACKAGES)} {VERSION} in {programs.directory}: 2 to 10 minutes")
    programs.directory.mkdir(parents=True, exist_ok=True)
    # Whole or not at all, whoever else builds them at the same time.
    with tempfile.TemporaryDirectory(dir=programs.directory, prefix=".building-") as made:
        room = Path(made)
        _copy(_module() / "schema", room / "schema")
        for name, package in PACKAGES.items():
            _go("install", f"{MODULE}/{package}@{VERSION}", GOBIN=made)
            built = room / package.rpartition("/")[2]
            check(built, package)
            built.replace(programs.directory / name)
            say(f"{name}: built and verified, {time.monotonic() - started:.0f} s")
        if not programs.schema.exists():
            (room / "schema").rename(programs.schema)


def _copy(source: Path, target: Path) -> None:
    """Copy files but not their modes: in the module cache nobody may write."""
    for each in source.rglob("*"):
        if each.is_file():
            copy = target / each.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, copy)


def _module() -> Path:
    """The module's own directory, unpacked and verified."""
    told: Mapping[str, str] = json.loads(_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))
    if told["Sum"] != SUM:
        raise Missing(f"{MODULE} {VERSION} has the checksum {told['Sum']}, it must have {SUM}")
    return Path(told["Dir"])


def _go(*arguments: str, **more: str) -> str:
    go = shutil.which("go")
    if go is None:
        raise Missing(GO_NEEDED)
    # No module is exempt from the checksum database; what is built here is not of this repository.
    plain = {"GOFLAGS": "", "GONOSUMDB": "", "GOPRIVATE": "", "GOWORK": "off"}
    ended = subprocess.run(  # noqa: S603
        [go, *arguments],
        env={**os.environ, **plain, **more},
        cwd=tempfile.gettempdir(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip()[-2000:]
        raise Missing(f"`go {' '.join(arguments)}` failed; {GO_NEEDED} It said: {said}")
    return ended.stdout


def _show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> str | None:
    """Build what is missing; returns what is wrong."""
    try:
        programs = had(_show)
    except Missing as fault:
        return str(fault)
    _show(f"{' and '.join(PACKAGES)} {VERSION}: {programs.directory}")
    return None


if __name__ == "__main__":
    sys.exit(main())
