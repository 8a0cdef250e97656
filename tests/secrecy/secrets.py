"""All that a run must keep secret, made anew for each: a stray one of another run is not met."""

import base64
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts import credentials
from storage.keys import Keyring
from tests.secrecy.needles import Needle

SEALED = (
    "pin", "parameter", "text", "label", "caption", "link", "picture", "file", "speech",
    "number", "caller", "sip user", "callback address", "reply address", "reply",
    "receiver answer", "callback key", "unreadable content",
)  # fmt: skip
"""Kinds that are kept, sealed: without the seal each of them is found."""

IN_CLEAR = ("number", "sip user")
"""Of these, what stands in one column, too: where flows are searched by it."""

NEVER_KEPT = (
    "client secret", "access token", "report token", "gateway secret", "idempotency key",
    "provider words", "bad request", "master key", "derived key",
)  # fmt: skip
"""Kinds that are kept nowhere, sealed or not, but as a digest."""

_MADE_OTHERWISE = (
    "number", "sip user", "caller", "callback key", "client secret", "access token",
    "report token", "master key", "derived key",
)  # fmt: skip

PURPOSES = ("seal", "token", "report token", "request", "tracking id", "recipient", "conversation")
"""What keys are derived for."""


def word() -> str:
    """A word that stands nowhere else: letters alone, which no encoding and no mask changes."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(18))


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


@dataclass
class Secrets:
    """A run's secrets. `words` has one for each kind that is a text of the client's.

    `prefix` begins its numbers: they are too short to differ from another run's by chance.
    """

    prefix: str
    words: dict[str, str] = field(
        default_factory=lambda: {
            kind: word() for kind in (*SEALED, *NEVER_KEPT) if kind not in _MADE_OTHERWISE
        }
    )
    master: str = field(
        default_factory=lambda: f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    )
    client_secret: str = field(default_factory=credentials.new_secret)
    callback_key: str = field(default_factory=credentials.new_callback_key)
    pin_of_digits: str = field(default_factory=lambda: _digits(14))
    caller: str = field(default_factory=lambda: f"3021{_digits(10)}")
    sip: str = field(default_factory=lambda: f"{word()}@voip.acme.test")
    numbers: set[str] = field(default_factory=set)
    learnt: list[Needle] = field(default_factory=list)
    """What only the run itself tells: tokens."""

    def __getitem__(self, kind: str) -> str:
        """The word of that kind, amid letters, quotes and breaks that encodings change."""
        return f'Γειά "σου", <{self.words[kind]}> & more\\\n'

    def number(self, script: str) -> str:
        """A new E.164 number whose last four digits are the script's."""
        made = f"{self.prefix}{_digits(3)}{script}"
        self.numbers.add(made)
        return made

    def learn(self, kind: str, text: str) -> None:
        """Another that must not be found."""
        self.learnt.append(Needle.of(kind, text))

    @property
    def needles(self) -> Iterator[Needle]:
        """All of them."""
        for kind, text in self.words.items():
            yield Needle.of(kind, text)
        yield Needle.of("pin", self.pin_of_digits)
        for number in self.numbers:
            yield Needle.of("number", number.removeprefix("+30"))
        yield Needle.of("caller", self.caller)
        yield Needle.of("sip user", self.sip.partition("@")[0])
        yield Needle.of("client secret", self.client_secret)
        key = self.callback_key.removeprefix(credentials.CALLBACK_KEY)
        yield Needle.of("callback key", key)
        yield Needle("callback key", base64.b64decode(key))
        yield from self._keys()
        yield from self.learnt

    def _keys(self) -> Iterator[Needle]:
        encoded = self.master.partition(":")[2]
        yield Needle.of("master key", encoded)
        yield Needle("master key", base64.b64decode(encoded))
        for purpose in PURPOSES:
            for key in Keyring.parse(self.master).derived(purpose).values():
                yield Needle("derived key", key)
