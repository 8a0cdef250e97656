"""Who a caller is comes before what it sent."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.dependencies import Calling


class Guarded(APIRoute):
    """A route that answers 401 or 403 also to a stranger whose body cannot be read.

    The framework reads the body before it asks for the caller.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, with the caller asked for where it stopped at the body."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except (RequestValidationError, HTTPException, RecursionError) as fault:
                if _is_unreadable(fault):
                    await _identify(request)
                raise

        return guarded


async def _identified(caller: Calling) -> None:
    """Nothing but the caller."""


_identify = APIRoute("/", _identified).get_route_handler()


def _is_unreadable(fault: Exception) -> bool:
    if isinstance(fault, RequestValidationError):
        return any(each["type"] == "json_invalid" for each in fault.errors())
    return True
