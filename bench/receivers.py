"""The clients' receivers, in a process of their own: some answer at once, the others are dead.

`python -m bench.receivers` prints their addresses as a line of JSON, and serves until its input
ends: a benchmark that dies takes them along.
"""

import asyncio
import json
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.server import Server

HOST = "127.0.0.1"
EACH = 4
"""How many receivers there are of each kind of dead ones."""

FULL = 64
"""More connections than a backlog of none can hold."""


@dataclass(frozen=True)
class Addresses:
    """The receivers: the healthy one that is measured; as many others as dead ones.

    Of three neighbours among the dead, one refuses connections, one takes requests and never
    answers, and one never lets anybody in.
    """

    healthy: str
    others: list[str]
    dead: list[str]


@dataclass
class Healthy:
    """Answers 200 at once, and notes when that was."""

    arrivals: list[tuple[str, str, float]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Note a callback: (trackingId, updatedAt, seconds since the epoch)."""
        at = time.time()
        payload = await request.json()
        self.arrivals.append((payload["trackingId"], payload["updatedAt"], at))
        return Response(status_code=200)

    async def show(self, _: Request) -> Response:
        """What has arrived since this was last asked."""
        arrivals, self.arrivals = self.arrivals, []
        return JSONResponse(arrivals)

    def server(self) -> Server:
        """What serves it."""
        app = Starlette(
            routes=[
                Route("/callbacks", self.take, methods=["POST"]),
                Route("/arrivals", self.show, methods=["GET"]),
            ]
        )
        return Server(uvicorn.Config(app, log_config=None, access_log=False), passive=True)


def url(listener: socket.socket) -> str:
    """Where to send callbacks that this socket is to take."""
    return f"http://{HOST}:{listener.getsockname()[1]}/callbacks"


def refusing(held: ExitStack) -> socket.socket:
    """A port that nobody listens on, and that nobody else can take meanwhile."""
    taken = held.enter_context(socket.socket())
    taken.bind((HOST, 0))
    return taken


def listening(held: ExitStack, backlog: int = 1024) -> socket.socket:
    """A port that somebody listens on."""
    listener = held.enter_context(socket.create_server((HOST, 0), backlog=backlog))
    listener.setblocking(False)
    return listener


async def full(held: ExitStack) -> socket.socket:
    """A port whose backlog is full: to whoever connects it is like a host that is gone.

    Raises:
        OSError: this system lets in whoever comes.
    """
    listener = listening(held, backlog=0)
    loop = asyncio.get_running_loop()
    for _ in range(FULL):
        waiting = held.enter_context(socket.socket())
        waiting.setblocking(False)
        try:
            async with asyncio.timeout(0.3):
                await loop.sock_connect(waiting, listener.getsockname())
        except TimeoutError:
            return listener
    raise OSError("no backlog can be filled on this system")


async def silent(held: ExitStack) -> socket.socket:
    """A port that takes whatever is sent, and never answers."""
    listener = listening(held)
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, sock=listener)
    held.callback(server.close)
    return listener


async def dead(held: ExitStack) -> list[str]:
    """The addresses of all that are dead, a third of each kind."""
    found = []
    for _ in range(EACH):
        found += [url(refusing(held)), url(await silent(held)), url(await full(held))]
    return found


async def _serve() -> None:
    with ExitStack() as held:
        buried = await dead(held)
        sockets = [listening(held) for _ in range(1 + len(buried))]
        known = Addresses(url(sockets[0]), [url(each) for each in sockets[1:]], buried)
        server = Healthy().server()
        serving = asyncio.create_task(server.serve(sockets=sockets))
        sys.stdout.write(json.dumps(asdict(known)) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


@dataclass
class Receivers:
    """The process as the benchmark sees it."""

    addresses: Addresses
    client: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        """Start it, and stop it in the end."""
        arguments = (sys.executable, "-m", "bench.receivers")
        child = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE)
        assert child.stdin  # noqa: S101  it was asked for
        assert child.stdout  # noqa: S101  so was this
        try:
            known: dict[str, Any] = json.loads(await child.stdout.readline())
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                yield cls(Addresses(**known), client)
        finally:
            child.stdin.close()
            await child.wait()

    async def arrivals(self) -> list[tuple[str, str, float]]:
        """What the healthy ones received since this was last asked."""
        answer = await self.client.get(httpx.URL(self.addresses.healthy).join("/arrivals"))
        answer.raise_for_status()
        return [tuple(each) for each in answer.json()]


if __name__ == "__main__":
    asyncio.run(_serve())
