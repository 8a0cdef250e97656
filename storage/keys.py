"""Master keys, and the keys derived from them for each purpose."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LENGTH = 32
"""Bytes of a master key."""

_FORM = "a key has the form kid:base64 of 32 bytes, the kid being alphanumeric"


class BadKeys(ValueError):
    """The keys cannot be read; the message says why, without showing them."""


class Use(StrEnum):
    """What a master key is there for, as it is written behind it."""

    ALL = ""
    NEXT = "next"  # opens, and seals nothing yet: not every process has it
    DIGESTS = "digests"  # opens nothing any more


@dataclass(frozen=True)
class Master:
    """A master key of 32 bytes."""

    kid: str
    key: bytes = field(repr=False)
    use: Use = Use.ALL

    def __str__(self) -> str:
        """As it is written: a secret."""
        written = f"{self.kid}:{base64.b64encode(self.key).decode()}"
        return f"{written}:{self.use}" if self.use else written


class Keyring:
    """Master keys, newest first. New things use the newest, old ones still open.

    What must not change with a rotation (the id derived from an Idempotency-Key, the hashes that
    ops search by) uses the oldest. One that is to be the newest is first there to open only, until
    every process has it (`storage/rotation.py`).
    """

    def __init__(self, masters: Sequence[Master]) -> None:
        if not masters:
            raise BadKeys("no keys; set FAILOVER_KEYS, or FAILOVER_KEYS_FILE")
        if len({master.kid for master in masters}) < len(masters):
            raise BadKeys("two keys have the same kid")
        if all(master.use for master in masters):
            raise BadKeys("no key seals: there must be one without `next` or `digests` behind it")
        if masters[-1].use is Use.NEXT or any(each.use is Use.DIGESTS for each in masters[:-1]):
            raise BadKeys("the keys stand newest first: `next` is no oldest, `digests` no other")
        self.masters = tuple(masters)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `kid:base64,kid:base64`, newest first; `:next` or `:digests` may follow.

        Raises:
            BadKeys: another form, or a key that has not 32 bytes.
        """
        return cls([_master(part) for part in text.replace("\n", ",").split(",") if part.strip()])

    def written(self, between: str = "\n") -> str:
        """As `parse` reads them: a secret."""
        return between.join(map(str, self.masters))

    @classmethod
    def kept_in(cls, path: Path) -> Self:
        """Read the file; make it, for the owner's eyes only, with one new key if it is missing."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = f"{Master('k1', secrets.token_bytes(LENGTH))}\n"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(fresh)
        return cls.parse(path.read_text(encoding="ascii"))

    @cached_property
    def newest(self) -> str:
        """The id of the key that new things use."""
        return next(master.kid for master in self.masters if master.use is Use.ALL)

    @cached_property
    def oldest(self) -> str:
        """The id of the key that what must never change uses."""
        return self.masters[-1].kid

    @cached_property
    def coming(self) -> str:
        """The id of the key that is to be the newest; "" if there is none."""
        return next((master.kid for master in self.masters if master.use is Use.NEXT), "")

    def derived(self, purpose: str) -> Mapping[str, bytes]:
        """The purpose's keys by key id, 32 bytes each, newest first: those that open."""
        opening = (master for master in self.masters if master.use is not Use.DIGESTS)
        return {master.kid: _derived(master.key, purpose) for master in opening}

    def lasting_digest(self, purpose: str, *parts: str | bytes) -> bytes:
        """An HMAC-SHA256 of the parts that survives rotations."""
        key = _derived(self.masters[-1].key, purpose)
        message = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
        return hmac.digest(key, message, hashlib.sha256)


def _master(part: str) -> Master:
    kid, colon, rest = part.strip().partition(":")
    encoded, marked, mark = rest.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadKeys(_FORM) from None
    if not colon or not kid.isalnum() or len(kid) > 16 or len(key) != LENGTH:
        raise BadKeys(_FORM)
    if bool(marked) != (mark in _MARKS):
        raise BadKeys(f"{_FORM}; nothing may follow but :next or :digests")
    return Master(kid, key, Use(mark))


_MARKS = frozenset(use.value for use in Use if use)


@lru_cache(maxsize=256)
def _derived(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"failover/{purpose}".encode()).derive(master)
