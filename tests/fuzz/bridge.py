"""The application served to another thread: it stays in the loop that its database knows."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bridge:
    """An application of any loop that has each request served in one."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection: the whole request there, the whole answer back."""
        if scope["type"] == "lifespan":  # whoever made the application has started it
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = await _whole(receive)
        answering = asyncio.run_coroutine_threadsafe(self._answers(scope, body), self._loop)
        for message in await asyncio.wrap_future(answering):
            await send(message)

    async def _answers(self, scope: Scope, body: bytes) -> list[Message]:
        messages: list[Message] = []
        request: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return request.pop() if request else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        return messages


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)
