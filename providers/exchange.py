"""What goes to a provider and what comes from it, as bytes over HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson


@dataclass(frozen=True)
class HttpRequest:
    """What to write. The credentials' headers are added when it is written."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Self:
        """A POST of JSON."""
        typed = {"content-type": "application/json", **(headers or {})}
        # A template's parameter may have fifty digits, and orjson takes 64 bits.
        written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return cls("POST", url, written.encode(), typed)

    @classmethod
    def form(cls, url: str, fields: Mapping[str, str]) -> Self:
        """A POST of a form."""
        typed = {"content-type": "application/x-www-form-urlencoded"}
        return cls("POST", url, urlencode(fields).encode(), typed)


@dataclass(frozen=True)
class HttpAnswer:
    """What came back: headers with lower-case names, the body cut at the client's cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body read as JSON; None where it is none."""
        return _json(self.body)


@dataclass(frozen=True)
class RawReport:
    """A delivery report as it arrived: headers with lower-case names, the body's bytes.

    `url` is the public address that was called, query and all, by our own settings: what the caller
    says of its host proves nothing.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    method: str = "POST"

    def json(self) -> Any:
        """The body read as JSON; None where it is none."""
        return _json(self.body)

    def form(self) -> Mapping[str, str]:
        """The body read as a form; the last of equal names wins."""
        return _pairs(self.body.decode("utf-8", "replace"))

    @property
    def query(self) -> Mapping[str, str]:
        """The query's members; the last of equal names wins."""
        return _pairs(urlsplit(self.url).query)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _pairs(encoded: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(encoded, keep_blank_values=True, max_num_fields=200))
    except ValueError:  # more than anybody sends
        return {}
