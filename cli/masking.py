"""Takes out of a log line what must not stand in a log: numbers, and what is secret by its name."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from structlog.types import EventDict, WrappedLogger

MASK = "****"

SECRET = frozenset(
    {"authorization", "body", "password", "pin", "secret", "text", "to", "token", "url"}
)
"""Last words of names whose values are masked: `to`, `access_token`, `callbackUrl`, …"""

DEEPEST = 8
"""Levels of a nested value that are shown."""

_NAMES = "|".join(sorted(SECRET))

_ASSIGNED = re.compile(
    # 'pin': '4711'   "callbackUrl": "…"   body='…'   secret=…   Authorization: Basic …
    rf"""(?P<name>["']?\b(?:\w*[_.-]|[a-z]\w*(?=[A-Z]))?(?i:{_NAMES})["']?)"""
    r"""(?P<sign>\s*:\s*(?=["'])|:\s+(?=(?i:basic|bearer)\b)|=)"""
    r"""(?:(?i:basic|bearer)\s+\S+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)""",
)
_BEARER = re.compile(r"(?i)\b(basic|bearer)\s+[\w.~+/=-]+")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_ADDRESS = re.compile(r"""(?P<scheme>\b[a-z][a-z0-9+.-]{0,30}://)(?P<rest>[^\s"'<>]+)""", re.I)
_MANY_DIGITS = re.compile(r"\d{7}|\+\d")
_DIGITS = re.compile(
    r"""(?P<id>
        (?<![0-9A-Za-z])
        (?: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}   # a UUID
          | (?=[0-9]*[a-f])(?:[0-9a-f]{32}|[0-9a-f]{24}) )                 # an application's id
        (?![0-9A-Za-z])
      )
      | \+\d(?:[\ ().-]*\d){6,14}(?![0-9A-Za-z])                          # +30 690 000 0101
      | \d{7,}
    """,
    re.X,
)


def masked(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The processor: the last before the renderer, so that tracebacks are text by then."""
    return {_clean(str(name)): _value(str(name), value) for name, value in event.items()}


def _value(name: str, value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name):
        return MASK
    if isinstance(value, int | float):
        return MASK if abs(value) >= 1_000_000 else round(value, 6)
    if isinstance(value, str):
        return _clean(value)
    return _nested(name, value, depth)


def _nested(name: str, value: Any, depth: int) -> Any:
    if depth >= DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {_clean(str(key)): _value(str(key), each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(name, each, depth + 1) for each in value]
    return _clean(repr(value))


@functools.lru_cache(maxsize=1024)  # names come from nested values, too
def _is_secret(name: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    return bool(words) and words[-1].lower() in SECRET


def _clean(text: str) -> str:
    if "://" in text:
        text = _ADDRESS.sub(_origin, text)
    if "=" in text or ":" in text:
        text = _ASSIGNED.sub(rf"\g<name>\g<sign>{MASK}", text)
    if " " in text:
        text = _BEARER.sub(rf"\1 {MASK}", text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    return _DIGITS.sub(_unless_id, text) if _MANY_DIGITS.search(text) else text


def _unless_id(found: re.Match[str]) -> str:
    return found["id"] or MASK


def _origin(found: re.Match[str]) -> str:
    """An address without its user and its path: either may be a secret."""
    authority, slash, path = found["rest"].partition("/")
    host = authority.partition("?")[0].partition("#")[0].rpartition("@")[2]
    cut = bool(path) or host != authority
    return f"{found['scheme']}{host}{'/' + MASK if cut else slash}"
