"""What must be found nowhere, and how it is recognised in whatever form it was written."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Bytes: a shorter one is met by chance."""


@dataclass(frozen=True)
class Needle:
    """A secret of some kind. A number's national part is one of its own."""

    kind: str
    value: bytes

    @classmethod
    def of(cls, kind: str, text: str) -> "Needle":
        """The one that is this text."""
        return cls(kind, text.encode())

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST:
            raise ValueError(f"a {self.kind} of {len(self.value)} bytes is met by chance")

    @cached_property
    def forms(self) -> frozenset[bytes]:
        """Every sequence of bytes that tells it."""
        written = {form for spelt in _spelt(self.value) for form in _carried(spelt)}
        return frozenset(written | _wide(self.value))

    def is_in(self, hay: bytes) -> bool:
        """Whether it stands there, in any form."""
        return any(form in hay for form in self.forms)


def _spelt(value: bytes) -> set[bytes]:
    """As it is, and as it stands inside JSON and addresses."""
    spelt = {value}
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return spelt
    for ascii_only in (True, False):
        inside = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()
        again = json.dumps(inside.decode())[1:-1].encode()
        spelt |= {inside, inside.replace(b"/", b"\\/"), again}
    for escaped in (quote(text, safe=""), quote(text), quote_plus(text)):
        spelt |= {escaped.encode(), _small_escapes(escaped).encode()}
    return spelt


def _small_escapes(escaped: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), escaped)


def _carried(spelt: bytes) -> Iterator[bytes]:
    """Plain, in hex, and in base64 from any place within the encoded text."""
    yield spelt
    yield spelt.hex().encode()
    yield spelt.hex().upper().encode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + spelt)
        # What the neighbouring bytes share in, is not ours to know.
        first = -(-before * 8 // 6)
        last = (before + len(spelt)) * 8 // 6
        inner = encoded[first:last]
        yield inner
        yield inner.translate(_URL_SAFE)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _wide(value: bytes) -> set[bytes]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return set()
    return {text.encode(encoding) for encoding in ("utf-16-le", "utf-16-be")}


_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")

DEEPEST = 3
"""How many encodings within each other are undone."""


def unwrapped(data: bytes) -> bytes:
    """The data, and after it all that it holds in base64, and what that holds."""
    layers = [data]
    for _ in range(DEEPEST):
        inner = b"\n".join(map(_decoded, _ENCODED.findall(layers[-1])))
        if not inner:
            break
        layers.append(inner)
    return b"\n".join(layers)


def _decoded(encoded: bytes) -> bytes:
    plain = encoded.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    usable = plain[: len(plain) // 4 * 4 + (len(plain) % 4 if len(plain) % 4 != 1 else 0)]
    return base64.b64decode(usable + b"=" * (-len(usable) % 4))


Found = Mapping[str, Sequence[str]]
"""By the name of a source, the kinds of needles that were found in it."""


def kinds_in(needles: Iterable[Needle], hay: bytes) -> Sequence[str]:
    """The kinds of those that are in it, in their own order."""
    whole = unwrapped(hay)
    return list(dict.fromkeys(needle.kind for needle in needles if needle.is_in(whole)))
