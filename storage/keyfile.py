"""Where master keys are kept in a file: written whole or not at all, for the owner's eyes only."""

import os
from contextlib import suppress
from pathlib import Path

from storage.keys import Keyring


class Busy(OSError):
    """Somebody else is writing the file, or was killed while writing it."""


def write(path: Path, keys: Keyring) -> None:
    """Put the keys into the file in place of what it holds; its owner stays, its mode is 0600.

    Raises:
        Busy: the file beside it, which becomes it, is there already.
        OSError: it cannot be written.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Busy(
            f"{beside} is there: another command writes the keys; if none does, remove it"
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            _own_as(target, descriptor)
            file.write(keys.written() + "\n")
            file.flush()
            os.fsync(descriptor)
        beside.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise
    _settle(target.parent)


def _own_as(target: Path, descriptor: int) -> None:
    """A service's own user must still read what root rewrote."""
    with suppress(FileNotFoundError):
        known = target.stat()
        if os.geteuid() == 0:
            os.fchown(descriptor, known.st_uid, known.st_gid)


def _settle(directory: Path) -> None:
    """A power cut must not bring back the old list: something may be sealed by the new one."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
