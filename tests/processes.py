"""Our commands as real processes."""

import asyncio
import os
import random
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from accounts.demonstration import ACME, SECRETS
from tests.conftest import until

HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent

STARTING = 110.0
"""Seconds that a process may take to start on a busy machine."""

STANDING_BY = "import cli.main; print('loaded', flush=True); input(); cli.main.main()"


@dataclass(frozen=True)
class Ended:
    """A process that is over: its exit code, and all that it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class Child:
    """A process of ours and the file that it prints to."""

    process: Process
    log: Path

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def is_over(self) -> bool:
        """Whether it has ended, whatever ended it."""
        return self.process.returncode is not None

    def says(self, words: str) -> bool:
        """Whether it has printed that; an error if it ended before it did."""
        if words in self.output:
            return True
        assert not self.is_over, f"ended with {self.process.returncode}: {self.output}"
        return False

    def go(self) -> None:
        """Let one that stands by begin."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.close()

    async def killed(self) -> None:
        """Kill it with -9, and return once it is gone."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def ended(self, within: float = STARTING) -> Ended:
        """Wait for its end, at most so many seconds."""
        async with asyncio.timeout(within):
            code = await self.process.wait()
        return Ended(code, self.output)


@dataclass
class Processes:
    """Starts `failover …` with this environment; on leaving, none of them is left.

    Of the run's own environment they see nothing that is meant for us or for the engine's client.
    """

    directory: Path
    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)
    program: str = "cli.main"
    """The module that is `failover`."""
    _below: dict[int, str] = field(default_factory=dict)

    async def start(self, *arguments: str, **more: str) -> Child:
        """`failover` with these arguments; `more` is added to its environment."""
        return await self._start("-m", self.program, *arguments, more=more)

    async def module(self, name: str, *arguments: str, **more: str) -> Child:
        """A module of another name, run as a program with these arguments."""
        return await self._start("-m", name, *arguments, more=more)

    async def run(self, *arguments: str, **more: str) -> Ended:
        """The same, to its end."""
        return await (await self.start(*arguments, **more)).ended()

    async def stand_by(self, *arguments: str) -> Child:
        """The same, but once it is loaded it waits until it is told to `go`."""
        child = await self._start("-c", STANDING_BY, *arguments, more={}, stdin=True)
        await until(lambda: child.says("loaded"), STARTING)
        return child

    async def _start(self, *arguments: str, more: Mapping[str, str], stdin: bool = False) -> Child:
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory / f"{len(self.children):02}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=ROOT,
                env={**inherited(), **self.environment, **more},
            )
        child = Child(process, log)
        self.children.append(child)
        return child

    def below(self, child: Child) -> dict[int, str]:
        """The command lines of all processes that this one started, by id."""
        found = descendants(child.process.pid)
        self._below |= found
        return found

    @property
    def said(self) -> str:
        """The last of what each has printed: it explains what went wrong."""
        return "\n".join(f"{each.log.name}: {each.output[-2000:]}" for each in self.children)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, fault: BaseException | None, __: object) -> None:
        if fault:
            fault.add_note(self.said)
        for child in self.children:
            if child.process.stdin:
                child.process.stdin.close()
            if not child.is_over:
                self.below(child)
                await child.killed()
        for pid, line in self._below.items():
            if line and _command_line(pid) == line:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def inherited() -> Mapping[str, str]:
    """The run's own environment, without what is meant for us or for the engine's client."""
    ours = ("FAILOVER_", "TEMPORAL_")
    plain = {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | plain


def descendants(pid: int) -> dict[int, str]:
    """The command lines of all processes below that one, by id."""
    parents: dict[int, list[int]] = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            after_name = (directory / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(after_name[1]), []).append(int(directory.name))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found |= {child: _command_line(child) for child in children}
        waiting += children
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def lives(pid: int) -> bool:
    """Whether a process of that id runs (one that only waits to be reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def steady_ports(count: int) -> Sequence[int]:
    """Ports that no outgoing connection takes while those who listen on them are down.

    Raises:
        RuntimeError: there are not so many.
    """
    found: list[int] = []
    for port in random.sample(range(12000, 32000), 1000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


def client_of(port: int) -> httpx.AsyncClient:
    """A client of what listens on that loopback port."""
    return httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=15)


async def sign_in(api: httpx.AsyncClient) -> None:
    """Give the client acme's access token."""
    granted = await api.post(
        "/oauth/token", auth=(ACME.id, SECRETS[ACME.id]), data={"grant_type": "client_credentials"}
    )
    granted.raise_for_status()
    api.headers["authorization"] = f"Bearer {granted.json()['access_token']}"
