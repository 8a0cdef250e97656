"""How long and how slow a request's body may be."""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import closing
from domain.errors import TooLarge, TooSlow

MOST_BYTES = 64 * 1024

DEADLINE = 10.0
"""Seconds for a whole body."""

LINGERING = 1.0
"""Seconds for which the rest of a refused body is thrown away.

A connection closed with bytes unread is reset, and the answer may be lost with it.
"""


class BodyLimit:
    """Reads the whole body first, so that what is refused never reaches the application."""

    def __init__(
        self, app: ASGIApp, most_bytes: int = MOST_BYTES, deadline: float = DEADLINE
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._deadline = deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Incoming(receive)
        try:
            async with asyncio.timeout(self._deadline):
                message = await self._read(scope, body)
        except TooLarge as refusal:
            await _refuse(closing(refusal), body, send)
        except TimeoutError:
            sentence = f"The body did not arrive within {self._deadline:g} seconds"
            await closing(TooSlow(sentence))(scope, receive, send)
        else:
            await self._app(scope, _replaying(message, receive), send)

    async def _read(self, scope: Scope, body: "_Incoming") -> Message:
        """The whole body in one message; or that its sender hung up."""
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal():
            self._check(int(declared[:19]))  # so many digits are too much whatever follows
        read = bytearray()
        while body.more:
            message = await body.receive()
            if message["type"] != "http.request":
                return message
            read += message.get("body", b"")
            self._check(len(read))
        return {"type": "http.request", "body": bytes(read), "more_body": False}

    def _check(self, size: int) -> None:
        if size > self._most_bytes:
            raise TooLarge(f"The body has more than {self._most_bytes} bytes")


class _Incoming:
    """A body on its way, and whether there is more of it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.more = True

    async def receive(self) -> Message:
        message = await self._receive()
        self.more = message.get("more_body", False)
        return message


async def _refuse(response: Response, body: _Incoming, send: Send) -> None:
    start = {"status": response.status_code, "headers": response.raw_headers}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGERING):
            while body.more:
                await body.receive()
    await send({"type": "http.response.body"})  # now the server closes the connection


def _replaying(message: Message, receive: Receive) -> Receive:
    messages = iter((message,))

    async def replay() -> Message:
        return next(messages, None) or await receive()

    return replay
