"""A wire between two processes that can be held or blocked."""

import asyncio
import random
import socket
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.processes import HOST, steady_ports

_chance = random.Random()  # noqa: S311  nothing is secret here


class Wire:
    """A TCP proxy in front of a loopback port or a socket's path, or of several, which take turns.

    Where one of several does not listen, the next takes the connection.

    `requests` and `answers` hold back what goes to and fro while they are cleared. After `block`
    nobody can connect any more: attempts hang, as with a host that drops packets; after `refuse`
    they are refused. With `slow` each piece of an answer comes so many seconds late, from and to.
    Linux only.
    """

    def __init__(self, *targets: int | Path) -> None:
        self._targets = targets
        self._turn, self._aimed = 0, False
        self.requests, self.answers = asyncio.Event(), asyncio.Event()
        self.requests.set()
        self.answers.set()
        self.slow: tuple[float, float] | None = None
        (self.port,) = steady_ports(1)  # it keeps one that it asked for, also while it refuses
        self._listener = socket.create_server((HOST, self.port))
        self._listener.setblocking(False)
        self._accepting: asyncio.Task[None] | None = None
        self._fillers: list[socket.socket] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self.held = 0
        """How many pieces are held back now."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        self.unblock()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_accepting()
        await self.cut()
        for each in (self._listener, *self._fillers):
            each.close()

    def unblock(self) -> None:
        """Take connections."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self._listener.listen(128)
        self._accepting = asyncio.create_task(self._accept())

    async def block(self) -> None:
        """Take no connections, and leave no room in the kernel's queue for one."""
        await self._stop_accepting()
        self._listener.listen(0)
        while await self._is_queued():
            pass

    async def refuse(self) -> None:
        """Take no connections, and close those that are open, until `unblock`."""
        await self._stop_accepting()
        self._listener.shutdown(socket.SHUT_RDWR)
        await self.cut()

    async def cut(self) -> None:
        """Close every connection; what was held back is lost."""
        carrying = list(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    @property
    def hanging(self) -> int:
        """How many connections are being attempted in vain."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        target = f"0100007F:{self.port:04X}"
        return sum(remote == target and state == "02" for _, _, remote, state, *_ in fields)

    async def _is_queued(self) -> bool:
        filler = socket.socket()
        filler.setblocking(False)
        try:
            async with asyncio.timeout(0.3):
                await asyncio.get_running_loop().sock_connect(filler, (HOST, self.port))
        except TimeoutError:
            filler.close()
            return False
        self._fillers.append(filler)
        return True

    async def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})

    async def _accept(self) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            task = asyncio.create_task(self._carry(connection))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            with suppress(OSError):
                target_reader, target_writer = await self._connected()
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._pump(reader, target_writer, self.requests))
                        both.create_task(self._pump(target_reader, writer, self.answers, late=True))
                finally:
                    target_writer.close()
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        turn = self._turn
        if not self._aimed:
            self._turn = (turn + 1) % len(self._targets)
        *others, last = self._targets[turn:] + self._targets[:turn]
        for target in others:
            with suppress(OSError):
                return await _open(target)
        return await _open(last)

    def aim(self, port: int | None) -> None:
        """Have new connections go there, as long as it listens; with None they take turns again."""
        self._aimed = port is not None
        if port is not None:
            self._turn = self._targets.index(port)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: asyncio.Event,
        *,
        late: bool = False,
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                self.held += 1
                try:
                    if late and self.slow:
                        await asyncio.sleep(_chance.uniform(*self.slow))
                    await gate.wait()
                finally:
                    self.held -= 1
                writer.write(chunk)
                await writer.drain()
        writer.close()


async def _open(target: int | Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, Path):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection(HOST, target)
