"""Receivers of callbacks, good and bad: real servers on loopback."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """Where it listens, how often it was connected to, and the requests, head and body."""

    url: str = ""
    connections: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """Those of the last request, their names in lower case."""
        head, _ = self.requests[-1]
        lines = (line.partition(": ") for line in head.splitlines()[1:] if line)
        return {name.lower(): value for name, _, value in lines}


@asynccontextmanager
async def receiving(
    play: Play, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[Receiver]:
    """A server that reads each request and then plays; it is reached at every loopback address.

    Its `url` is that of the host, which may be a name.
    """
    receiver = Receiver()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            receiver.requests.append(await _request(reader))
            await play(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "0.0.0.0", 0, ssl=tls)  # noqa: S104
    scheme = "https" if tls else "http"
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"{scheme}://{host}:{port}/callbacks?flow=1"
    async with server:
        yield receiver


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length:")
    ]
    return head, await reader.readexactly(sum(lengths))


def answering(status: int, *headers: str, body: bytes = b"") -> Play:
    """Answers at once."""

    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", *headers]
        if status != 204:
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return play


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes the connection unanswered."""
    writer.close()


async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers in no HTTP."""
    writer.write(b"220 mail.acme.test ESMTP\r\n\r\n")
    await writer.drain()


async def stay_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says nothing until the other side goes."""
    await reader.read()


async def drip_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never pauses for long, and never ends."""
    await _drip(reader, writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x")


async def drip_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same, before its answer's body begins."""
    await _drip(reader, writer, b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n")


async def _drip(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, drop: bytes
) -> None:
    writer.write(head)
    gone = asyncio.create_task(reader.read())
    while not gone.done():
        writer.write(drop)
        await writer.drain()
        await asyncio.wait({gone}, timeout=0.02)


def slow(seconds: float) -> Play:
    """Takes so long before it answers 201."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.create_task(reader.read())
        await asyncio.wait({gone}, timeout=seconds)
        gone.cancel()
        await answering(201)(reader, writer)

    return play


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins its answer, and resets the connection."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with a gigabyte, for as long as anybody reads it."""
    size = 1 << 30
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    for _part in range(size >> 16):
        writer.write(bytes(1 << 16))
        await writer.drain()
