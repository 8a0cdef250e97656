"""Keeps receivers as processes: starts them, kills them with -9 by their scripts, restarts them."""

import asyncio
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.chaos.phases import CALM, Phase, now
from tests.chaos.plan import Plan
from tests.chaos.receiver import Post
from tests.conftest import until
from tests.processes import HOST, ROOT, inherited, steady_ports


@dataclass
class Keeper:
    """One receiver, by its post."""

    name: str
    post: Post
    kills: int = 0
    _process: Process | None = None
    _playing: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.post.port}"

    async def begin(self) -> None:
        """Play the script from here on; returns once the receiver listens, if it is to."""
        self.post = replace(self.post, began=time.time())
        if now(self.post.script, 0).phase is not Phase.KILLED:
            await self._start()
        self._playing = asyncio.create_task(self._play())

    async def calm(self) -> None:
        """End the chaos: kill it once more, and restart it as one that takes everything."""
        await self.end()
        self.post = replace(self.post, script=CALM, began=time.time(), part=2)
        await self._start()

    async def end(self) -> None:
        """Kill it."""
        if self._playing:
            self._playing.cancel()
            with suppress(asyncio.CancelledError):
                await self._playing
            self._playing = None
        await self._kill()

    async def _play(self) -> None:
        while True:
            span = now(self.post.script, time.time() - self.post.began)
            if span.phase is Phase.KILLED:
                await self._kill()
            elif self._process is None:
                await self._start()
            await asyncio.sleep(span.seconds)

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chaos.receiver",
            self.post.written(),
            stdin=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=dict(inherited()),
            start_new_session=True,  # Ctrl-C is for who started it
        )
        await until(self._listens, within=30, every=0.05)

    async def _kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        code = await self._process.wait()
        self._process = None
        self.kills += 1
        assert code == -9, f"{self.name} ended by itself: {code}"

    async def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"{self.name} did not start"
        try:
            _, writer = await asyncio.open_connection(HOST, self.post.port)
        except OSError:
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True


@asynccontextmanager
async def kept(plan: Plan, directory: Path, key: str) -> AsyncIterator[Mapping[str, Keeper]]:
    """The plan's receivers, by their names; the directory gets their notes."""
    ports = steady_ports(len(plan.scripts))
    keepers = {
        name: Keeper(name, Post(port, str(directory / f"{name}.jsonl"), script, 0.0, 1, key))
        for (name, script), port in zip(plan.scripts.items(), ports, strict=True)
    }
    async with AsyncExitStack() as stack:
        for keeper in keepers.values():
            stack.push_async_callback(keeper.end)
            await keeper.begin()
        yield keepers
