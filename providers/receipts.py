"""Where receipts never come: some networks say nothing of what became of a message.

`kannel US: delivered; vonage CN: failover` reads: what Kannel takes for the United States counts as
delivered, for nobody will ever say so; of Vonage's messages to China nothing will be heard, and
their steps fail over when their ttl runs out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from domain.recipient import country
from domain.status import Channel, Status

_LINE = re.compile(r"([a-z][a-z0-9-]*)\s+([A-Z]{2}|\*)\s*:\s*(delivered|failover)")


class Silent(StrEnum):
    """What an accepted message counts as where no receipt will come."""

    DELIVERED = "delivered"
    FAILOVER = "failover"


class BadTable(ValueError):
    """Not such a table; the message says what is."""


@dataclass(frozen=True)
class Receipts:
    """What is known to stay silent, by provider and country; `*` is every country."""

    silent: Mapping[tuple[str, str], Silent] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the setting.

        Raises:
            BadTable: it is in another form.
        """
        found: dict[tuple[str, str], Silent] = {}
        for line in filter(None, map(str.strip, re.split(r"[;\n]", text))):
            match = _LINE.fullmatch(line)
            if match is None:
                raise BadTable(
                    "Input should be like kannel US: delivered; vonage *: failover (a provider, a "
                    "country or *, and what an accepted message counts as)"
                )
            found[match[1], match[2]] = Silent(match[3])
        return cls(found)

    def of(self, provider: str, recipient: str) -> Silent | None:
        """What silence from that provider about that recipient means; None: it is not expected."""
        exact = self.silent.get((provider, country(recipient) or ""))
        return exact or self.silent.get((provider, "*"))

    def on_accept(self, provider: str, recipient: str, channel: Channel) -> Status:
        """The status of a message that the provider has just taken."""
        if self.of(provider, recipient) is not Silent.DELIVERED:
            return Status.QUEUED
        return Status.COMPLETED if channel is Channel.VOICE else Status.DELIVERED
