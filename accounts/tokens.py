"""Access tokens: signed JWTs, opaque to clients. They outlive restarts and key rotations."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.base import Application
from domain.errors import Unauthenticated
from storage.keys import Keyring

ALGORITHM = "ES256"
ISSUER = AUDIENCE = "failover"
LONGEST = 8192
"""Characters of a token that are looked at; a longer one is refused unread."""

_CURVE = ec.SECP256R1()
_CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Bearer:
    """What a valid token says."""

    application_id: str
    account: str
    scopes: frozenset[str]


class AccessTokens:
    """Signs with the newest key, believes every live one."""

    def __init__(self, keys: Keyring) -> None:
        self._private = {kid: _signing_key(key) for kid, key in keys.derived("token").items()}
        self._newest = keys.newest

    def issue(self, application: Application, scopes: Iterable[str], now: float) -> str:
        """A token for the application, limited to the scopes."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": application.id,
            "acc": application.account,
            "scope": " ".join(scopes),
            "iat": int(now),
            "exp": int(now) + application.token_lifetime,
            "jti": secrets.token_urlsafe(12),
        }
        key = self._private[self._newest]
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": self._newest})

    def read(self, token: str) -> Bearer:
        """What the token says.

        Raises:
            Unauthenticated: not ours, expired, or no token at all.
        """
        if len(token) > LONGEST:
            raise Unauthenticated("the access token is too long")
        try:
            claims = self._verified(token)
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the access token has expired") from None
        except (jwt.PyJWTError, KeyError, ValueError, TypeError):
            raise Unauthenticated("the access token is not valid") from None
        return Bearer(claims["sub"], claims["acc"], frozenset(claims["scope"].split()))

    def _verified(self, token: str) -> dict[str, Any]:
        # The key decides the algorithm, never the token.
        key = self._private[str(jwt.get_unverified_header(token)["kid"])]
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=30,
            options={"require": ["exp", "iss", "aud", "sub", "acc", "scope"]},
        )
        if not all(isinstance(claims[name], str) for name in ("iss", "sub", "acc", "scope")):
            raise ValueError("a claim has another type")
        return claims


def _signing_key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    # One secret to keep: the signing key is derived from the master key, like every other.
    return ec.derive_private_key(int.from_bytes(seed) % (_CURVE_ORDER - 1) + 1, _CURVE)
