"""Which methods a path has: the framework names those of one route only (RFC 9110, Allow)."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.routing import Match, Route

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(request: Request) -> str:
    """The methods of the request's path, for the header Allow.

    A path that a route spells out is no id of another route's.
    """
    scope = {name: request.scope[name] for name in ("type", "path", "root_path", "method")}
    found = [route for route in _routes(request.app) if route.matches(scope)[0] is not Match.NONE]
    spelled_out = [route for route in found if not route.param_convertors]
    methods = {method for route in spelled_out or found for method in route.methods or ()}
    return ", ".join(method for method in _METHODS if method in methods)


def _routes(owner: Any) -> Iterator[Route]:
    for each in owner.routes:
        if isinstance(each, Route):
            yield each
        elif hasattr(each, "original_router"):
            yield from _routes(each.original_router)
