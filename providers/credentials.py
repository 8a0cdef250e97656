"""How a provider knows us: the headers that its requests bear, and where they come from."""

import base64
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

FRESH = 30.0
"""Seconds before its end from which a token is not used any more."""

BELIEVED = 86400.0
"""Seconds that a token is used at most, whatever its issuer says."""


_TOKEN = re.compile(r"[!-~]+")
"""What a header can hold of RFC 6749's tokens (A.12)."""


class NoToken(Exception):
    """The issuer gave no token, so nothing was sent; `refused` if it will not give one."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


@dataclass(frozen=True)
class TokenRequest:
    """The POST of a form that gets a token."""

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


Ask = Callable[[TokenRequest], Awaitable[Mapping[str, Any]]]
"""Sends it and returns the JSON of a 2xx answer; raises NoToken."""


class Credentials(Protocol):
    """What makes a request ours."""

    async def headers(self, ask: Ask) -> Mapping[str, str]:
        """The headers of the next request.

        Raises:
            NoToken: there are none now.
        """
        ...

    def renew(self, status: int) -> bool:
        """Forget what an answer of that status says is void; True if asking again makes sense."""
        ...


@dataclass(frozen=True)
class Fixed:
    """The same headers for ever."""

    fixed: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def headers(self, ask: Ask) -> Mapping[str, str]:
        """Those."""
        return self.fixed

    def renew(self, status: int) -> bool:
        """There is nothing to renew."""
        return False


def basic(user: str, password: str) -> Fixed:
    """RFC 7617."""
    return Fixed({"authorization": "Basic " + encoded(user, password)})


def encoded(user: str, password: str) -> str:
    """A name and its password as HTTP's Basic scheme writes them."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def rsa_key(pem: str) -> RSAPrivateKey:
    """The private key in a PEM text.

    Raises:
        ValueError: it holds none, one of another kind, or one under a password.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("Input should be an RSA private key in PEM, without a password")
    return key


@dataclass(frozen=True)
class SignedToken:
    """A JWT of our own for each request, signed with an application's private key (RS256)."""

    application_id: str
    private_key: str = field(repr=False)
    lifetime: int = 600

    async def headers(self, ask: Ask) -> Mapping[str, str]:
        """A new token."""
        now = int(time.time())
        claims = {
            "application_id": self.application_id,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, self._key, algorithm="RS256")
        return {"authorization": f"Bearer {token}"}

    @cached_property
    def _key(self) -> RSAPrivateKey:
        # Once: a key is checked as it is read, which takes a hundred times as long as signing.
        return rsa_key(self.private_key)

    def renew(self, status: int) -> bool:
        """Every request has a new one anyway."""
        return False


@dataclass
class ClientCredentials:
    """An OAuth 2 token, kept until shortly before its end (RFC 6749, 4.4).

    On a status of `void` it is thrown away, and the request repeated once with a new one: who does
    not know the caller has done nothing for it.
    """

    url: str
    client_id: str
    secret: str = field(repr=False)
    void: frozenset[int] = frozenset({401})
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    async def headers(self, ask: Ask) -> Mapping[str, str]:
        """The token; a new one where there is none."""
        if time.monotonic() >= self._until:
            await self._fetch(ask)
        return {"authorization": f"Bearer {self._token}"}

    async def _fetch(self, ask: Ask) -> None:
        basic = {"authorization": "Basic " + encoded(self.client_id, self.secret)}
        answer = await ask(TokenRequest(self.url, {"grant_type": "client_credentials"}, basic))
        try:
            token = _TOKEN.fullmatch(answer["access_token"])
            lifetime = min(float(answer.get("expires_in", 3600)), BELIEVED)
        except (KeyError, TypeError, ValueError):
            token = None
        if token is None:
            raise NoToken("unreadable token answer")
        self._token = token[0]
        self._until = time.monotonic() + max(0.0, lifetime - FRESH)

    def renew(self, status: int) -> bool:
        """Whether the token was the reason."""
        if status not in self.void:
            return False
        self._until = 0.0
        return True
