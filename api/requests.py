"""Names each request, counts it, and logs it in one line: no query, no address, no body."""

import re
import time
from contextvars import ContextVar
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metrics import catalogue as metrics

HEADER = "X-Request-Id"

REFUSED: ContextVar[str | None] = ContextVar("refused", default=None)
"""The code with which this request was refused."""

_log = structlog.get_logger()


class RequestIds:
    """Takes the client's X-Request-Id, or makes one, and gives it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(Headers(scope=scope)) or str(uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        # Whose flow it is, is bound where it is known; nothing is left of the request before.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        REFUSED.set(None)
        try:
            await self._app(scope, receive, named)
        finally:
            _conclude(scope, status, time.perf_counter() - started)


def _conclude(scope: Scope, status: int, seconds: float) -> None:
    method, route = scope["method"], getattr(scope.get("route"), "path", "none")
    _log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
    metrics.answered(route, method, status, REFUSED.get(), seconds)


def _given(headers: Headers) -> str | None:
    given = headers.get(HEADER, "")
    return given if re.fullmatch(r"[A-Za-z0-9_.:-]{1,128}", given) else None
