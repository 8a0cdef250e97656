"""The world outside: a provider and receivers of callbacks that repeat whatever they are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.secrecy.secrets import Secrets

REFUSES, UNREADABLE, BABBLES, THROTTLES, HOLDS = "0201", "0202", "0203", "0204", "0205"
"""Last digits of recipients that the provider itself answers; the sandbox has the rest."""


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Outside:
    """Both of them, at one port. `sends` are the provider's requests, the bodies read."""

    secrets: Secrets
    sandbox: httpx.AsyncClient
    port: int = 0
    sends: list[dict[str, Any]] = field(default_factory=list)
    told: list[Request] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def provider_url(self) -> str:
        """Where the service believes the sandbox to be."""
        return f"http://127.0.0.1:{self.port}/provider"

    def receiver(self, manner: str, kind: str = "callback address") -> str:
        """The address of a receiver that `takes`, is `gone`, `breaks`, `babbles` or `redirects`."""
        secret = self.secrets.words[kind]
        return f"http://127.0.0.1:{self.port}/receiver/{manner}/{secret}?token={secret}"

    def sent_to(self, number: str) -> dict[str, Any] | None:
        """The first request to send to that number."""
        return next((each for each in self.sends if each["to"] == number), None)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, httpx.TransportError):
            request = await _read(reader)
            provides = request.path.startswith("/provider/")
            writer.write(await (self._provide(request) if provides else self._receive(request)))
            await writer.drain()
        writer.close()

    async def _provide(self, request: Request) -> bytes:
        if request.method == "POST" and (answer := await self._answered(request.json)):
            return answer
        path = request.path.removeprefix("/provider")
        kept = {"content-type": request.headers.get("content-type", "")}
        told = await self.sandbox.request(request.method, path, content=request.body, headers=kept)
        return _answer(told.status_code, told.text)

    async def _answered(self, send: dict[str, Any]) -> bytes | None:
        """What the provider itself answers, if it does."""
        self.sends.append(send)
        echo = json.dumps({"error": self.secrets["provider words"], "you": send})
        script = send["to"][-4:]
        if script == HOLDS:
            await self.released.wait()
        answers = {
            REFUSES: _answer(400, echo),
            UNREADABLE: _answer(200, echo),
            BABBLES: echo.encode() + b"\r\n\r\n",
            THROTTLES: _answer(429, echo, f"Retry-After: {self.secrets.words['provider words']}"),
        }
        return answers.get(script)

    async def _receive(self, request: Request) -> bytes:
        self.told.append(request)
        said = self.secrets["receiver answer"]
        echo = f"{said} {request.body.decode()} {request.path}"
        match request.path.split("/")[2]:
            case "gone":
                return _answer(410, echo)
            case "breaks":
                return _answer(500, echo, f"X-Echo: {request.path}")
            case "babbles":
                return f"HTTP/1.1 two hundred {echo}\r\n\r\n".encode()
            case "redirects":
                return _answer(302, echo, f"Location: http://127.0.0.1{request.path}")
            case _:
                return _answer(200, echo)


def _answer(status: int, body: str, *headers: str) -> bytes:
    content = body.encode()
    lines = (f"HTTP/1.1 {status} So", f"Content-Length: {len(content)}", *headers)
    closing = ("Content-Type: application/json", "Connection: close", "", "")
    return "\r\n".join((*lines, *closing)).encode() + content


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.splitlines()
    method, path, _ = first.split(" ")
    pairs = (line.partition(": ") for line in lines if line)
    headers = {name.lower(): value for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


@asynccontextmanager
async def outside(secrets: Secrets, sandbox: httpx.AsyncClient) -> AsyncIterator[Outside]:
    """The world, listening on loopback, the sandbox behind it."""
    world = Outside(secrets, sandbox)
    server = await asyncio.start_server(world.handle, "127.0.0.1", 0)
    world.port = int(server.sockets[0].getsockname()[1])
    try:
        yield world
    finally:
        world.released.set()
        server.close()
