"""Master keys, and the keys derived from them for each purpose."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORM = "a key has the form kid:base64 of 32 bytes, the kid being alphanumeric"


class BadKeys(ValueError):
    """The keys cannot be read; the message says why, without showing them."""


class Keyring:
    """Master keys of 32 bytes each, newest first. New things use the newest, old ones still open.

    What must not change with a rotation (the id derived from an Idempotency-Key, the hashes that
    ops search by) uses the oldest.
    """

    def __init__(self, masters: Sequence[tuple[str, bytes]]) -> None:
        if not masters:
            raise BadKeys("no keys; set FAILOVER_KEYS, or FAILOVER_KEYS_FILE")
        self._masters = dict(masters)
        if len(self._masters) < len(masters):
            raise BadKeys("two keys have the same kid")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `kid:base64,kid:base64`, newest first.

        Raises:
            BadKeys: another form, or a key that has not 32 bytes.
        """
        return cls([_master(part) for part in text.replace("\n", ",").split(",") if part.strip()])

    @classmethod
    def kept_in(cls, path: Path) -> Self:
        """Read the file; make it, for the owner's eyes only, with one new key if it is missing."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(fresh)
        return cls.parse(path.read_text(encoding="ascii"))

    @cached_property
    def newest(self) -> str:
        """The id of the key that new things use."""
        return next(iter(self._masters))

    @cached_property
    def oldest(self) -> str:
        """The id of the key that what must never change uses."""
        return list(self._masters)[-1]

    def derived(self, purpose: str) -> Mapping[str, bytes]:
        """The purpose's keys by key id, 32 bytes each, newest first."""
        return {kid: _derived(master, purpose) for kid, master in self._masters.items()}

    def lasting_digest(self, purpose: str, *parts: str | bytes) -> bytes:
        """An HMAC-SHA256 of the parts that survives rotations."""
        key = _derived(self._masters[self.oldest], purpose)
        message = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
        return hmac.digest(key, message, hashlib.sha256)


def _master(part: str) -> tuple[str, bytes]:
    kid, colon, encoded = part.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadKeys(_FORM) from None
    if not colon or not kid.isalnum() or len(kid) > 16 or len(key) != 32:
        raise BadKeys(_FORM)
    return kid, key


@lru_cache(maxsize=256)
def _derived(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"failover/{purpose}".encode()).derive(master)
