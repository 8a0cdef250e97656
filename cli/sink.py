"""A receiver of callbacks, as a client of the API would have one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.server import Server


@dataclass
class Sink:
    """What arrived, by tracking id, in the order of arrival."""

    port: int
    received: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where to send callbacks."""
        return f"http://127.0.0.1:{self.port}/callbacks"

    async def take(self, request: Request) -> Response:
        """Keep one callback, with its sequence number."""
        payload = await request.json()
        payload["sequence"] = int(request.headers["x-failover-sequence"])
        self.received.setdefault(payload["trackingId"], []).append(payload)
        return Response(status_code=200)

    def faults(self, tracking_id: str, status: str) -> list[str]:
        """What is wrong with the callbacks of a flow that ended with that status."""
        callbacks = self.received.get(tracking_id, [])
        sequence = [callback["sequence"] for callback in callbacks]
        terminal = [each for each in callbacks if each["status"] in {"Succeeded", "Failed"}]
        found = []
        if sequence != sorted(set(sequence)):
            found.append(f"callbacks out of order: {sequence}")
        if len(terminal) != 1 or callbacks[-1] is not terminal[0]:
            found.append(f"{len(terminal)} terminal callbacks instead of one at the end")
        elif terminal[0]["status"] != status:
            found.append(f"the last callback says {terminal[0]['status']}, not {status}")
        return found


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Sink]:
    """A sink that listens on loopback."""
    sink = Sink(port)
    app = Starlette(routes=[Route("/callbacks", sink.take, methods=["POST"])])
    server = Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False),
        passive=True,
    )
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if serving.done():
                raise OSError(f"the callback receiver could not listen on port {port}")
            await asyncio.sleep(0.02)
        yield sink
    finally:
        server.should_exit = True
        await serving
