"""Whether somebody listens at an address: a connection is made and closed, nothing is sent."""

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass
from ipaddress import ip_address
from socket import gaierror
from urllib.parse import urlsplit

PATIENCE = 3.0
"""Seconds for a connection, its TLS included: as long as a send would wait for it."""

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
    """The host and the port of an address, without anything secret that it may hold."""

    host: str
    port: int
    secure: bool

    @classmethod
    def of(cls, url: str) -> "Place":
        """Read it from an address.

        Raises:
            ValueError: it has no host, or no port that can be one.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("no such address")
        return cls(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme == "https")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine gets there."""
        with contextlib.suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost" or self.host.endswith(".localhost")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Reached:
    """How it went: in so many ms, or `why` it did not go."""

    address: str
    ms: int | None = None
    why: str = ""

    @property
    def reachable(self) -> bool:
        """Whether there was a connection."""
        return self.ms is not None

    def __str__(self) -> str:
        return f"{self.address} {f'{self.ms} ms' if self.reachable else f'not: {self.why}'}"


async def reached(url: str, patience: float = PATIENCE) -> Reached:
    """Connect to the address, with TLS where it says https."""
    try:
        place = Place.of(url)
    except ValueError:
        return Reached("?", why="it is no address")
    began = time.perf_counter()
    try:
        async with asyncio.timeout(patience):
            context = ssl.create_default_context() if place.secure else None
            _, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
    except (OSError, UnicodeError) as fault:
        return Reached(str(place), why=_why(fault, patience))
    ms = round((time.perf_counter() - began) * 1000)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return Reached(str(place), ms)


def _why(fault: Exception, patience: float) -> str:
    match fault:
        case TimeoutError():
            return f"no connection within {patience:g} s"
        case gaierror() | UnicodeError():
            return "its name does not resolve"
        case ConnectionRefusedError():
            return "nobody listens there"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not believed ({fault.verify_message})"
        case ssl.SSLError():
            return "it does not speak TLS with us"
    return f"no connection ({type(fault).__name__})"
