"""Which methods a path has: the framework names those of one route only (RFC 9110, Allow)."""

from starlette.requests import Request
from starlette.routing import Match

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(request: Request) -> str:
    """The methods of the request's path, for the header Allow."""
    path = {name: request.scope[name] for name in ("type", "path", "root_path")}
    return ", ".join(
        method
        for method in _METHODS
        if any(
            route.matches({**path, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )
