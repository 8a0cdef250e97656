"""The answers to a request to send, down to the one that never comes."""

import asyncio

from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

PATIENCE = 120.0
"""Seconds for which a hanging request is held: longer than clients wait."""


class Unanswered(Response):
    """Holds the connection until the client leaves, at most some seconds, then closes it.

    Needs the `transport` that `sandbox.server` puts into the request's state.
    """

    def __init__(self, *, seconds: float, closing: asyncio.Event) -> None:
        super().__init__()
        self._seconds = seconds
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""
        gone = asyncio.create_task(_disconnected(receive))
        stopping = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait(
                {gone, stopping}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            scope["state"]["transport"].close()
            # uvicorn answers 500 for an app that returns while the connection still stands.
            await gone
        finally:
            gone.cancel()
            stopping.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def problem(status: int, error: str) -> JSONResponse:
    """{"error": ...} with that HTTP status; 429 asks for a second's pause."""
    headers = {"Retry-After": "1"} if status == 429 else None
    return JSONResponse({"error": error}, status, headers)
