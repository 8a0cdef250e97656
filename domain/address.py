"""An address that a client gave us to call: a strict grammar, so that nobody reads it otherwise.

Libraries disagree about odd URLs; what two of them could read differently is refused here.
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Self

import idna

LONGEST = 2048
PORTS = {"http": 80, "https": 443}
"""The ports that go without saying."""

LONGEST_NAME = 253

_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_WITHIN = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL)
_EMBEDDING = tuple(map(ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))

IP = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Address:
    """`host` in lower case and ASCII, a literal without brackets; `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str = field(default="/", repr=False)

    @classmethod
    def read(cls, url: str) -> Self:
        """The address that the URL is.

        Raises:
            ValueError: it is none, in a sentence that says what to do, and does not repeat it.
        """
        _check_characters(url)
        scheme, _, rest = url.partition("://")
        scheme = scheme.lower()
        if scheme not in PORTS or rest.startswith(("/", "?")) or not rest:
            raise ValueError("Input should be an absolute http or https URL")
        end = re.search(r"[/?]", rest)
        authority, target = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
        if "@" in authority:
            raise ValueError("Input should be a URL without a user name or password before its @")
        host, port = _bracketed(authority) if authority.startswith("[") else _plain(authority)
        return cls(
            scheme=scheme,
            host=host,
            port=PORTS[scheme] if port is None else _port(port),
            target=target if target.startswith("/") else f"/{target}",
        )

    @property
    def literal(self) -> IP | None:
        """The host, if it is an IP address."""
        if ":" in self.host:
            return IPv6Address(self.host)
        return IPv4Address(self.host) if self.host.rpartition(".")[2].isdigit() else None

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it goes without saying, port: https://hooks.acme.test."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """The same address, its beginning in the one form that everybody reads alike."""
        return f"{self.origin}{self.target}"


def origin(url: str) -> str:
    """What may be seen of a client's address; "" of one that is none, stored before these rules."""
    try:
        return Address.read(url).origin
    except ValueError:
        return ""


def _check_characters(url: str) -> None:
    if len(url) > LONGEST:
        raise ValueError(f"Input should be a URL of at most {LONGEST} characters")
    if not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(
            "Input should be a URL without spaces, control characters and backslashes: "
            "write them percent-encoded"
        )
    if "#" in url:
        raise ValueError("Input should be a URL without a fragment: leave out the # and the rest")


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise ValueError("Input should be a URL whose port is a plain number from 1 to 65535")
    return int(text)


def _bracketed(authority: str) -> tuple[str, str | None]:
    found = _WITHIN.fullmatch(authority)
    text, port = (found[1], found[2]) if found else ("", None)
    try:
        literal = IPv6Address(text)
    except ValueError:
        literal = None
    if literal is None or "%" in text or text != literal.compressed:
        raise ValueError("Input should be a URL whose IPv6 address is in its shortest form, [::1]")
    if literal.sixtofour or literal.teredo or _embeds(literal):
        raise ValueError("Input should be a URL with the IPv4 address itself, not one inside IPv6")
    return text, port


def _embeds(literal: IPv6Address) -> bool:
    return int(literal) > 1 and any(literal in network for network in _EMBEDDING)


def _plain(authority: str) -> tuple[str, str | None]:
    host, colon, port = authority.partition(":")
    named = host.lower() if host.isascii() else _mapped(host)
    if host.isascii() and _is_ipv4(named):
        return named, port if colon else None
    labels = named.split(".")
    if len(named) > LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            "Input should be a URL whose host is a name of letters, digits, hyphens and "
            "underscores between single dots"
        )
    if _NUMERIC.fullmatch(labels[-1]):
        raise ValueError(
            "Input should be a URL whose host is a name, or an IPv4 address of four decimal "
            "numbers without leading zeros"
        )
    return named, port if colon else None


def _is_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def _mapped(host: str) -> str:
    """A name beyond ASCII in the form that DNS knows; what it becomes is a name or nothing."""
    try:
        if len(host) > LONGEST_NAME:
            raise ValueError
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except ValueError:
        raise ValueError(
            "Input should be a URL whose host is written in its ASCII form, xn--…"
        ) from None
