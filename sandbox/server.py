"""Runs the service with uvicorn, inside a running event loop."""

import asyncio
import contextlib
import socket
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sandbox.app import create_app
from sandbox.record import Record
from sandbox.reporting import Reporter


class _Protocol(AutoHTTPProtocol):  # type: ignore[valid-type, misc]  # chosen at import
    """Lets a request see its connection: ASGI has no way to close one unanswered."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Leaves promptly, and without the signal that ended it."""

    def __init__(self, config: uvicorn.Config, reporter: Reporter) -> None:
        super().__init__(config)
        self._reporter = reporter

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; uvicorn would also raise the signal again, and `serve` would never return."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down, open requests first: uvicorn waits for them before it tells the app."""
        self._reporter.stop()
        await super().shutdown(sockets)


async def serve(
    *, host: str, port: int, report_origin: str, dedupes: bool, record: Path | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, or until cancelled.

    What comes and goes is added to the file `record`, and what stands there is known.

    Raises:
        OSError: the address cannot be listened on, or the file not written.
    """
    app = create_app(report_origin=report_origin, dedupes=dedupes, record=Record(record))
    config = uvicorn.Config(
        app,
        http=_Protocol,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, app.state.desk.reporter)
    # Bound here: uvicorn ends the whole process when an address is taken.
    with socket.create_server((host, port), family=_family(host), backlog=2048) as listener:
        listener.setblocking(False)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            raise


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
