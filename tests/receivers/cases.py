"""Callbacks that every receiver must tell apart: right ones and wrong ones."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from egress.signing import headers

KEY, OLD, FOREIGN = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (251, 62, 3))
ID = "msg_c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02-3"
BODY = '{"status": "Succeeded",\r\n "body": "Ναι ✓"}'.encode()


@dataclass(frozen=True)
class Case:
    """A callback that was signed by some keys, changed on its way, and a receiver with a key.

    `age` is in seconds; `shift` is how many more its timestamp says than what was signed.
    """

    name: str
    right: bool
    signed_by: tuple[str, ...] = (KEY,)
    key: str = KEY
    age: int = 0
    shift: int = 0
    signed: bytes = BODY
    body: bytes = BODY
    changed: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> Mapping[str, str]:
        """What arrives now; a header that was emptied is not there."""
        sent_at = int(time.time()) - self.age
        sent = headers(ID, self.signed, self.signed_by, sent_at)
        shifted = {"webhook-timestamp": str(sent_at + self.shift)}
        return {name: value for name, value in {**sent, **shifted, **self.changed}.items() if value}


CASES = [
    Case("right", True),
    Case("an empty body", True, signed=b"", body=b""),
    Case("bytes that are no text", True, signed=b"\xff\x00\n", body=b"\xff\x00\n"),
    Case("a rotation, by the new key", True, signed_by=(KEY, OLD)),
    Case("a rotation, by the old key", True, signed_by=(KEY, OLD), key=OLD),
    Case("four minutes old", True, age=240),
    Case("four minutes ahead", True, age=-240),
    Case("another key", False, signed_by=(FOREIGN,)),
    Case("a rotation, by another key", False, signed_by=(KEY, OLD), key=FOREIGN),
    Case("a changed byte", False, body=BODY.replace(b"S", b"s")),
    Case("a body that was written again", False, body=BODY.replace(b"\r\n", b"\n")),
    Case("a byte more", False, body=BODY + b" "),
    Case("a changed id", False, changed={"webhook-id": ID[:-1] + "4"}),
    Case("a changed timestamp", False, shift=1),
    Case("six minutes old", False, age=360),
    Case("six minutes ahead", False, age=-360),
    Case("a timestamp that is no number", False, changed={"webhook-timestamp": "soon"}),
    Case("a timestamp without end", False, changed={"webhook-timestamp": "9" * 5000}),
    Case("unsigned", False, signed_by=()),
    Case("no id", False, changed={"webhook-id": ""}),
    Case("no timestamp", False, changed={"webhook-timestamp": ""}),
    Case("another version's signature", False, changed={"webhook-signature": "v2,AAAA"}),
    Case("a signature without its version", False, changed={"webhook-signature": "AAAA"}),
    Case("half a signature", False, changed={"webhook-signature": "v1,"}),
]
