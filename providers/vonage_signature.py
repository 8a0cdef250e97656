"""The signature of Vonage's webhooks: a JWT in the Authorization header, over the body's hash.

Source: developer.vonage.com, "Decoding signed webhooks"; vonage-jwt 1.1.5, whose own
`verify_signature` believes a token of any age, for any body.
"""

import hashlib
import hmac
import time
from typing import Any

import jwt

from providers.exchange import RawReport

OLDEST = 300.0
"""Seconds from its making in which a signature is believed."""

# `iat` is checked here: PyJWT refuses the future only, and a clock may be a little ahead.
_OPTIONS: Any = {"require": ["iat", "payload_hash"], "verify_iat": False, "verify_aud": False}


def is_signed(report: RawReport, secret: str) -> bool:
    """Whether Vonage signed this very body, not long ago."""
    scheme, _, token = report.headers.get("authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options=_OPTIONS)
    except jwt.PyJWTError:
        return False
    issued, claimed = claims["iat"], str(claims["payload_hash"]).lower()
    fresh = isinstance(issued, int | float) and abs(time.time() - issued) <= OLDEST
    digest = hashlib.sha256(report.body).hexdigest()
    genuine = hmac.compare_digest(claimed.encode(), digest.encode())
    return scheme.lower() == "bearer" and fresh and genuine
