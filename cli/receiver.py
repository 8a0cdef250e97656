"""A client's side of callbacks: an HTTP server that takes what is POSTed."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from accounts.rules import NotDone
from api.server import Server

Take = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def receiving(take: Take, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Have `take` answer every POST; gives the port, which is a free one for 0.

    Raises:
        NotDone: the address cannot be listened on.
    """
    app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    with _bound(host, port) as listener:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        server = Server(config, passive=True)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                if serving.done():
                    raise OSError(f"the receiver could not start on {host}, port {port}")
                await asyncio.sleep(0.02)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


def _bound(host: str, port: int) -> socket.socket:
    # Bound here: uvicorn would end the whole process where an address is taken.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise NotDone(f"port {port} is in use; choose another with --port") from None
        raise NotDone(f"cannot listen on {host}, port {port}: {fault.strerror or fault}") from None
