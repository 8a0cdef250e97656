"""The processes of `failover dev`: watched, and stopped whatever happens."""

import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from cli import stack as stacks
from cli.stack import Died, Ports, Stack
from providers.base import Content
from settings import Settings
from tests.conftest import until
from tests.providers.contract import step_of

IGNORES_SIGTERM = (
    "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack that has started nothing yet, and logs into files."""
    stack = Stack(Ports.free(), tmp_path, quiet=True)
    yield stack
    await stack.stop()


async def test_a_process_that_ends_is_named_with_its_code_and_log(
    stack: Stack, tmp_path: Path
) -> None:
    """The others run on until the stack is stopped."""
    await stack.spawn("worker", [sys.executable, "-c", "import time; time.sleep(600)"])
    await stack.spawn("sandbox", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(Died, match=rf"^sandbox ended with 3; .*{tmp_path}/logs/sandbox\.log$"):
        await stack.watch()
    worker = stack.children["worker"]
    assert worker.returncode is None
    await stack.stop()
    assert worker.returncode == -15


async def test_a_process_that_does_not_stop_is_killed(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its time, then `stop` does not wait for it any longer."""
    monkeypatch.setattr(stacks, "STOPPING", 0.1)
    deaf = tmp_path / "deaf"
    await stack.spawn("api", [sys.executable, "-c", IGNORES_SIGTERM, str(deaf)])
    await until(deaf.exists)
    api = stack.children["api"]
    await stack.stop()
    assert api.returncode == -9


def test_nothing_is_really_sent(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the environment sets a real provider up, and pins it."""
    monkeypatch.setenv("FAILOVER_KANNEL_URL", "http://127.0.0.1:13013")
    monkeypatch.setenv("FAILOVER_KANNEL_USERNAME", "u")
    monkeypatch.setenv("FAILOVER_KANNEL_PASSWORD", "p")
    monkeypatch.setenv("FAILOVER_SMS_PROVIDERS", "kannel")
    monkeypatch.setenv("FAILOVER_PINNED_PROVIDER", "kannel")
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    providers = Settings().providers()
    for content in Content:
        assert [each.name for each in providers.able(step_of(content))] == ["sandbox"]


@pytest.mark.parametrize(
    ("given", "reached", "refused"),
    [
        (None, ("127.0.0.1", "127.8.9.10", "::1"), ("10.1.2.3", "169.254.169.254")),
        ("", (), ("127.0.0.1", "::1")),
        ("10.1.0.0/16", ("10.1.2.3",), ("127.0.0.1", "::1")),
    ],
)
def test_receivers_on_this_machine_are_called_unless_the_environment_says_what(
    stack: Stack,
    given: str | None,
    reached: tuple[str, ...],
    refused: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Be it nothing: that is how the guard of production is tried out."""
    monkeypatch.delenv("FAILOVER_EGRESS_ALLOW_CIDRS", raising=False)
    if given is not None:
        monkeypatch.setenv("FAILOVER_EGRESS_ALLOW_CIDRS", given)
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    reach = Settings().reach()
    assert all(reach.judge(ip_address(ip)) for ip in reached)
    assert not any(reach.judge(ip_address(ip)) for ip in refused)
