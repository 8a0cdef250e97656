"""Signatures of callbacks by Standard Webhooks 1.0, ours to make and a receiver's to check.

HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.` and then the bytes of the body.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
"""What a key begins with; the rest is its bytes as base64."""

TOLERANCE = 300
"""Seconds by which a timestamp may be off: older ones may be replayed by a thief."""


class Unverified(Exception):
    """Nobody of whom we know the key has signed this now; the message says what is wrong."""


class BadKey(ValueError):
    """It is no key; the message says what is one, and shows nothing of it."""


def headers(webhook_id: str, body: bytes, keys: Sequence[str], at: int) -> dict[str, str]:
    """The headers of one attempt at a callback, at that moment, signed by each of the keys.

    `keys` are `whsec_…`, newest first; without any there is no signature.

    Raises:
        BadKey: one of them is none.
    """
    named = {"webhook-id": webhook_id, "webhook-timestamp": str(at)}
    signed = [_signature(key, webhook_id, str(at), body) for key in keys]
    return {**named, "webhook-signature": " ".join(signed)} if signed else named


def verified(
    headers: Mapping[str, str],
    body: bytes,
    keys: Sequence[str],
    now: float,
    tolerance: float = TOLERANCE,
) -> str:
    """Which of the keys has signed this callback; header names may be in any case.

    Raises:
        Unverified: none has, or not within so many seconds of now.
        BadKey: one of the keys is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not given.get(name):
            raise Unverified(f"there is no {name}")
    sent_at = given["webhook-timestamp"]
    _check_age(sent_at, now, tolerance)
    signatures = given["webhook-signature"].split(" ")
    for key in keys:
        expected = _signature(key, given["webhook-id"], sent_at, body).encode()
        if any(hmac.compare_digest(each.encode(), expected) for each in signatures):
            return key
    raise Unverified(_mismatch(signatures, keys))


def secret(key: str) -> bytes:
    """The bytes of a key.

    Raises:
        BadKey: it has another form, or holds nothing.
    """
    try:
        found = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not (found and key.startswith(PREFIX)):
        raise BadKey(f"a callback key is {PREFIX} and base64, as it was shown once")
    return found


def _signature(key: str, webhook_id: str, sent_at: str, body: bytes) -> str:
    signed = f"{webhook_id}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret(key), signed, hashlib.sha256)).decode()


def _check_age(sent_at: str, now: float, tolerance: float) -> None:
    if not re.fullmatch("[0-9]{1,12}", sent_at):
        raise Unverified("the webhook-timestamp is no number of seconds")
    age = now - int(sent_at)
    if abs(age) > tolerance:
        off = f"{abs(age):.0f} s {'old' if age > 0 else 'ahead'}"
        raise Unverified(f"the webhook-timestamp is {off}, more than {tolerance:.0f} s")


def _mismatch(signatures: Sequence[str], keys: Sequence[str]) -> str:
    if not any(each.startswith("v1,") for each in signatures):
        return "the webhook-signature has none of version v1"
    which = "the key" if len(keys) == 1 else f"any of {len(keys)} keys"
    return f"the signature is not by {which}, or something signed was changed"
