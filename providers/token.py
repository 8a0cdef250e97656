"""The report address's token: which step a report is about, provably of our making.

`v1.{kid}.{payload}.{mac}`, letters that no provider escapes. The payload holds all that the
workflow id is made of, so a report that beats the send's answer finds its step without a table.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import uuid
from dataclasses import dataclass

from domain.errors import UnknownReport
from domain.flow import StepRef
from storage.keys import Keyring

_HEAD = struct.Struct(">IHB16s")  # expiry in epoch seconds, order, on_step, tracking id


@dataclass(frozen=True)
class Addressed:
    """What a token says: the step, and whether its client hears of every change."""

    ref: StepRef
    on_step: bool


class ReportTokens:
    """Makes and reads tokens; the newest key makes them, every live one reads them."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys.derived("report token")
        self._newest = keys.newest

    def make(self, provider: str, addressed: Addressed, expires: float) -> str:
        """A token for one provider's reports on one step, good until `expires` (epoch seconds)."""
        ref = addressed.ref
        head = _HEAD.pack(
            int(expires), ref.order, addressed.on_step, uuid.UUID(ref.tracking_id).bytes
        )
        payload = _text(head + ref.account.encode())
        return f"v1.{self._newest}.{payload}.{self._mac(self._newest, provider, payload)}"

    def read(self, provider: str, token: str, now: float) -> Addressed:
        """What the token says.

        Raises:
            UnknownReport: not ours, another provider's, or expired.
        """
        try:
            version, kid, payload, mac = token.split(".")
            genuine = hmac.compare_digest(self._mac(kid, provider, payload), mac)
            content = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
            expires, order, on_step, tracking_id = _HEAD.unpack_from(content)
            account = content[_HEAD.size :].decode()
        except (ValueError, KeyError, TypeError, struct.error, binascii.Error):
            raise UnknownReport("no such report address") from None
        if version != "v1" or not genuine or expires < now:
            raise UnknownReport("no such report address")
        ref = StepRef(account=account, tracking_id=str(uuid.UUID(bytes=tracking_id)), order=order)
        return Addressed(ref, bool(on_step))

    def _mac(self, kid: str, provider: str, payload: str) -> str:
        message = f"{provider}|{kid}|{payload}".encode()
        return _text(hmac.digest(self._keys[kid], message, hashlib.sha256)[:16])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
