"""Seals what nobody but the provider and the client may read: contents and callback addresses.

`v1.{kid}.{base64url(nonce ‖ ciphertext)}`, AES-256-GCM, bound to its place by associated data.
"""

import base64
import binascii
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.channels import AnyStep, opened
from domain.flow import Flow
from domain.letter import Letter
from storage.keys import Keyring


class Unsealable(Exception):
    """Sealed by a key that we do not have, moved from another place, or damaged."""


class Sealer:
    """Seals with the newest key, opens with every live one."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = {kid: AESGCM(key) for kid, key in keys.derived("seal").items()}
        self._newest = keys.newest

    def seal(self, text: str, place: str) -> str:
        """Seal the text so that it opens in that place only."""
        nonce = os.urandom(12)
        data = f"{place}|{self._newest}".encode()
        ciphertext = self._keys[self._newest].encrypt(nonce, text.encode(), data)
        return f"v1.{self._newest}.{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Open what was sealed in that place.

        Raises:
            Unsealable: it was not, or not by a key of ours.
        """
        try:
            version, kid, encoded = sealed.split(".")
            blob = base64.urlsafe_b64decode(encoded)
            if version != "v1":
                raise Unsealable(f"unknown seal version {version[:8]!r}")
            plain = self._keys[kid].decrypt(blob[:12], blob[12:], f"{place}|{kid}".encode())
        except KeyError:
            raise Unsealable("sealed by a key that is not in FAILOVER_KEYS") from None
        except (ValueError, binascii.Error, InvalidTag):
            raise Unsealable("damaged, or sealed for another place") from None
        return plain.decode()

    def resealed(self, sealed: str, place: str) -> str:
        """The same, sealed by the newest key; itself if it is so already, or is empty.

        Raises:
            Unsealable: it does not open.
        """
        if not sealed or sealed.startswith(f"v1.{self._newest}."):
            return sealed
        return self.seal(self.open(sealed, place), place)

    def resealed_flow(self, flow: Flow) -> Flow:
        """The sealed flow, its contents and its callback's address sealed by the newest key.

        Raises:
            Unsealable: one of them does not open.
        """
        return self._with_parts(flow, self.resealed)

    def sealed(self, flow: Flow) -> Flow:
        """The flow with its contents and its callback's address sealed."""
        return self._with_parts(flow, self.seal)

    def _with_parts(self, flow: Flow, change: Callable[[str, str], str]) -> Flow:
        """With each part that is sealed changed so, by what it holds and its place."""
        steps = tuple(
            step.model_copy(update={"content": change(step.content, _place(flow, step.order))})
            for step in flow.steps
        )
        callback = flow.callback and flow.callback.model_copy(
            update={"url": change(flow.callback.url, _place(flow, "callback"))}
        )
        return flow.model_copy(update={"steps": steps, "callback": callback})

    def content(self, flow: Flow, order: int) -> AnyStep:
        """The request step in that place of a sealed flow, in clear."""
        content = self.open(flow.steps[order - 1].content, _place(flow, order))
        return opened(content, flow.kind)

    def sealed_letter(self, letter: Letter) -> Letter:
        """The letter with its address and its body sealed."""
        update = {part: self.seal(getattr(letter, part), of(letter, part)) for part in _PARTS}
        return letter.model_copy(update=update)

    def letter(self, letter: Letter) -> Letter:
        """The sealed letter with its address and its body in clear."""
        update = {part: self.open(getattr(letter, part), of(letter, part)) for part in _PARTS}
        return letter.model_copy(update=update)

    def callback_url(self, flow: Flow) -> str | None:
        """The callback's address of a sealed flow, in clear."""
        return self.open(flow.callback.url, _place(flow, "callback")) if flow.callback else None


_PARTS = ("url", "body")


def of(letter: Letter, part: str) -> str:
    """Where a part of the letter is sealed, such as what its receiver answered."""
    return f"{letter.account}|{letter.tracking_id}|{letter.event}/{part}"


def _place(flow: Flow, part: int | str) -> str:
    return f"{flow.account}|{flow.tracking_id}|{part}"
