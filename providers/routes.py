"""Whose turn it is: an ordered list of providers for each channel, and for each country's numbers.

`kannel, infobip; +30: infobip` reads: Kannel and then Infobip, but numbers that begin with +30 go
to Infobip alone. The longest beginning that fits decides.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

_NAME = r"[a-z][a-z0-9-]*"
_ROUTE = re.compile(rf"(?:(\+[1-9][0-9]{{0,14}})\s*:\s*)?({_NAME}(?:\s*,\s*{_NAME})*)")

EVERYWHERE = ""


class BadRoute(ValueError):
    """Not a list of providers; the message says what is."""


@dataclass(frozen=True)
class Routes:
    """One channel's providers, first choice first, by the beginnings of numbers."""

    by_beginning: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the setting.

        Raises:
            BadRoute: it is in another form.
        """
        found: dict[str, Sequence[str]] = {}
        for part in filter(None, map(str.strip, text.split(";"))):
            match = _ROUTE.fullmatch(part)
            if match is None or (match[1] or EVERYWHERE) in found:
                raise BadRoute(
                    "Input should be names of providers, such as kannel,infobip; for numbers that "
                    "begin alike add ; +30: infobip"
                )
            found[match[1] or EVERYWHERE] = tuple(dict.fromkeys(re.findall(_NAME, match[2])))
        return cls(found)

    def names(self, recipient: str) -> Sequence[str]:
        """The providers for that recipient."""
        fitting = [each for each in self.by_beginning if recipient.startswith(each)]
        return self.by_beginning[max(fitting, key=len)] if fitting else ()

    @property
    def every(self) -> Sequence[str]:
        """Every provider that is named, once."""
        return tuple(dict.fromkeys(name for each in self.by_beginning.values() for name in each))
