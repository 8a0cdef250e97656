"""What has arrived at the SMSCs behind Kannel, read from what they print."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (.*?)>\n(?=\d{4}-\d\d-\d\d |\Z)", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """A message as the fake SMSC prints it: in parts it has a header, and its text is data."""

    sender: str
    to: str
    header: str
    kind: str
    data: str

    @property
    def message(self) -> str:
        """The same of all parts of one message: the header less the part's number."""
        return self.header[: -len("%01")]

    @property
    def content(self) -> bytes:
        """The text's bytes: UTF-16 of a Unicode message, else UTF-8."""
        if self.kind == "text":
            return self.data.encode()
        return unquote_to_bytes(self.data.replace("+", " "))


def at_the_fake(printed: str) -> Sequence[Part]:
    """What the fake SMSC got."""
    return [_part(*found) for found in _GOT.findall(printed)]


def _part(sender: str, to: str, rest: str) -> Part:
    header = ""
    if rest.startswith("udh "):
        _, header, rest = rest.split(" ", 2)
    kind, _, data = rest.partition(" ")
    return Part(sender, to, header, kind, data)


@dataclass(frozen=True)
class Submitted:
    """A submit_sm: `coding` is its data_coding, `until` the end of its validity."""

    to: str
    text: str
    reference: str
    coding: int
    receipt: int
    until: str


def at_the_stand_in(printed: str) -> Sequence[Submitted]:
    """What the SMPP stand-in was sent."""
    lines = [json.loads(line) for line in printed.splitlines() if line.endswith("}")]
    return [Submitted(**line) for line in lines if "to" in line]
