"""Serves the API until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from metrics import endpoint
from settings import Settings

KEEP_ALIVE = 75
"""Seconds: longer than a proxy's, so that the proxy closes idle connections, never we."""


MOST_CONNECTIONS = 1000
"""Open at once; more are answered 503. Each may hold a body of 64 kB."""


class Server(uvicorn.Server):
    """Stops at SIGTERM and SIGINT without passing them on: the command has its own ending.

    A passive one leaves the signals to whoever runs it.
    """

    def __init__(self, config: uvicorn.Config, passive: bool = False) -> None:
        super().__init__(config)
        self._passive = passive

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the signals for as long as the server runs."""
        loop = asyncio.get_running_loop()
        for name in () if self._passive else (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        yield


def config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the API is served."""
    return uvicorn.Config(
        app,
        http="httptools",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=20,
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        # Whoever is not named here could write any address into X-Forwarded-For.
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies or "",
    )


async def serve(settings: Settings) -> int:
    """Serve; returns the exit code.

    Raises:
        OSError: the address cannot be listened on.
    """
    host, port = settings.api_host, settings.api_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = Server(config(create_app(docs=settings.docs), settings))
    # Bound here: uvicorn ends the whole process when an address is taken.
    with (
        endpoint.serving(str(settings.metrics_host), settings.metrics_port),
        socket.create_server((host, port), family=family, backlog=2048) as listener,
    ):
        await server.serve(sockets=[listener])
    return 0 if server.started else 1
