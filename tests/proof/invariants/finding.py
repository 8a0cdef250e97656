"""What a look at the records found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """How many things were looked at, and each breach in words."""

    checked: int
    breaches: Sequence[str]

    @classmethod
    def of(cls, checked: int, breaches: Iterable[str]) -> "Finding":
        """The finding of a look that yields its breaches."""
        return cls(checked, list(breaches))
