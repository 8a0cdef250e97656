"""How the list of master keys changes: a new one comes, seals, and once all is moved, one retires.

Every step leaves a list with which each process opens what the others seal, be they restarted
already or not.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from storage.keys import LENGTH, Keyring, Master, Use


class NotRotated(Exception):
    """The list cannot change so; the message says why, and what to do."""


def begun(keys: Keyring, kid: str) -> Keyring:
    """With a new key that opens, and seals nothing yet.

    Raises:
        NotRotated: one is coming already, or there was one of that name.
    """
    if keys.coming:
        raise NotRotated(
            f"{keys.coming} is coming already: once every API and worker was restarted with it, "
            "run `failover keys rotate --finish`"
        )
    if any(master.kid == kid for master in keys.masters):
        raise NotRotated(f"there is a key {kid} already: give the new one another name")
    return Keyring([Master(kid, secrets.token_bytes(LENGTH), Use.NEXT), *keys.masters])


def finished(keys: Keyring) -> Keyring:
    """With the key that was coming as the one that seals.

    Raises:
        NotRotated: none is coming.
    """
    if not keys.coming:
        raise NotRotated("no key is coming: `failover keys rotate` makes one")
    return Keyring([_used(master, Use.ALL, of=(Use.NEXT,)) for master in keys.masters])


def retired(keys: Keyring, kid: str) -> Keyring:
    """Without that key; the oldest stays for the digests that must not change, and opens nothing.

    Raises:
        NotRotated: there is none, it seals, it is coming, or it is kept for the digests only.
    """
    master = next((each for each in keys.masters if each.kid == kid), None)
    if master is None:
        raise NotRotated(f"there is no key {kid}: `failover keys list` shows all")
    if kid == keys.newest:
        raise NotRotated(f"{kid} is the one that seals: `failover keys rotate` makes another")
    if master.use is Use.DIGESTS:
        raise NotRotated(
            f"{kid} opens nothing any more: it is kept for the digests that must not change"
        )
    if kid != keys.oldest:
        return Keyring([each for each in keys.masters if each.kid != kid])
    return Keyring([*keys.masters[:-1], replace(master, use=Use.DIGESTS)])


def _used(master: Master, use: Use, of: Sequence[Use]) -> Master:
    return replace(master, use=use) if master.use in of else master
