"""How Sinch signs what it sends us: two ways, one for messages and one for calls.

Source: Conversation API, "Callbacks"; Voice API 2.0, "Webhook request signing"; the validators of
its Python SDK 2.3. Neither says how old a signature may be, nor whether a repetition is signed
anew, so that age proves nothing.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from providers.exchange import RawReport

_SIGNATURE = "x-sinch-webhook-signature"


def message_signed(secret: str, report: RawReport) -> bool:
    """Whether the secret has signed the body, the nonce and the time."""
    signature = report.headers.get(_SIGNATURE)
    nonce = report.headers.get(f"{_SIGNATURE}-nonce")
    timestamp = report.headers.get(f"{_SIGNATURE}-timestamp")
    if signature is None or nonce is None or timestamp is None:
        return False
    signed = b".".join((report.body, nonce.encode(), timestamp.encode()))
    return _made_by(secret.encode(), signed, signature)


def call_signed(service: str, secret: str, report: RawReport) -> bool:
    """Whether the service's secret, which is Base64, has signed method, body, time and path."""
    scheme, _, credentials = report.headers.get("authorization", "").partition(" ")
    named, colon, signature = credentials.partition(":")
    kind, timestamp = report.headers.get("content-type"), report.headers.get("x-timestamp")
    if scheme.lower() != "service" or not colon or kind is None or timestamp is None:
        return False
    if not hmac.compare_digest(named.encode(), service.encode()):
        return False
    digest = base64.b64encode(hashlib.md5(report.body, usedforsecurity=False).digest()).decode()
    path = urlsplit(report.url).path
    signed = "\n".join((report.method, digest, kind, f"x-timestamp:{timestamp}", path))
    return _made_by(base64.b64decode(secret), signed.encode(), signature)


def _made_by(key: bytes, signed: bytes, signature: str) -> bool:
    expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
    return hmac.compare_digest(expected, signature.encode())
