"""HTTP/1.1 at the least cost: what clients, provider and receiver cost must not be what is seen."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import cast
from urllib.parse import SplitResult, urlsplit

import httptools

Answer = tuple[int, bytes]
"""A status, and a body of JSON."""

Take = Callable[[bytes, bytes], "Answer | Awaitable[Answer]"]
"""Answers a request by its target and its body: at once, or as soon as it can."""

MOST_CONNECTIONS = 64
"""Open at once to one origin; who finds none free waits."""

_HEAD = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Serving(asyncio.Protocol):
    """One connection of a server; requests are answered in turn."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body = bytearray()
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer by."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read on; what cannot be read ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport:
                self._transport.close()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._target += url

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer."""
        target, body = self._target, bytes(self._body)
        self._target, self._body = b"", bytearray()
        answer = self._take(target, body)
        if isinstance(answer, tuple):
            self._write(answer)
        else:
            task = asyncio.ensure_future(self._later(answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _later(self, answer: Awaitable[Answer]) -> None:
        try:
            self._write(await answer)
        except Exception as fault:
            self._write((500, type(fault).__name__.encode()))
            raise

    def _write(self, answer: Answer) -> None:
        status, body = answer
        if self._transport and not self._transport.is_closing():
            self._transport.write(_HEAD % (status, len(body)) + body)


class _Connection(asyncio.Protocol):
    """One connection of a client, that asks one thing at a time."""

    def __init__(self) -> None:
        self.is_open = True
        self.transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("closed unanswered"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive() and self.transport:
            self.is_open = False
            self.transport.close()
        body, self._body = bytes(self._body), bytearray()
        if self._waiting and not self._waiting.done():
            self._waiting.set_result((self._parser.get_status_code(), body))
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        assert self.transport  # noqa: S101  it is asked once it is open
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._waiting


class Origin:
    """A client of one origin, its connections kept open."""

    def __init__(self, parts: SplitResult, headers: Mapping[str, str] | None = None) -> None:
        self._host, self._port = parts.hostname or "", parts.port or 80
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._head = f"host: {parts.netloc}\r\ncontent-type: application/json\r\n{more}"
        self._idle: list[_Connection] = []
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)

    async def post(self, target: str, body: bytes) -> Answer:
        """POST once; again on a new connection where an idle one was just being closed.

        Raises:
            OSError: nobody answers.
        """
        head = f"POST {target} HTTP/1.1\r\n{self._head}content-length: {len(body)}\r\n\r\n"
        request = head.encode("ascii") + body
        async with self._places:
            connection, was_idle = await self._connection()
            try:
                answer = await connection.ask(request)
            except ConnectionResetError:
                if not was_idle:
                    raise
                connection = await self._opened()
                answer = await connection.ask(request)
            if connection.is_open:
                self._idle.append(connection)
            return answer

    async def _connection(self) -> tuple[_Connection, bool]:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection, True
        return await self._opened(), False

    async def _opened(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection


class Origins:
    """Clients by origin, for addresses that are only known once they are used."""

    def __init__(self) -> None:
        self._known: dict[str, Origin] = {}

    async def post(self, url: str, body: bytes) -> Answer:
        """POST once.

        Raises:
            OSError: nobody answers.
        """
        parts = urlsplit(url)
        origin = self._known.get(parts.netloc)
        if origin is None:
            origin = self._known[parts.netloc] = Origin(parts)
        return await origin.post(parts.path, body)
