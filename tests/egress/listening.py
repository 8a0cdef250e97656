"""Sockets that count who connects, and a name server of the tests' own."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Counting:
    """Listens on one port of loopback, by IPv4 and IPv6; `connections` are those that came."""

    port: int = 0
    connections: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count, answer, close."""
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def counting() -> AsyncIterator[Counting]:
    """A receiver that nobody may reach."""
    counted = Counting()
    async with AsyncExitStack() as stack:
        four = await asyncio.start_server(counted.handle, "127.0.0.1", 0)
        await stack.enter_async_context(four)
        counted.port = four.sockets[0].getsockname()[1]
        six = await asyncio.start_server(
            counted.handle, "::1", counted.port, family=socket.AF_INET6
        )
        await stack.enter_async_context(six)
        yield counted


@dataclass
class Names:
    """Says where names lead: `answers` by name, each in its turn, the last one for ever.

    A name that nobody gave leads to loopback. `asked` counts the look-ups by name.
    """

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of the name."""
        self.asked[host] += 1
        left = self.answers.get(host, [("127.0.0.1", "::1")])
        return left.pop(0) if len(left) > 1 else left[0]
