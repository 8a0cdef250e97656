"""All that the judge looks at, gathered from outside: records, public API, exported histories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.evidence import Receipt
from tests.proof.faults.base import Strike
from tests.proof.forging import Forgery
from tests.proof.ledger import Entry
from tests.proof.provider import Reported, Request
from tests.proof.stories import Story


@dataclass(frozen=True)
class Callbacks:
    """A flow's callbacks as the API shows each in full: before the replay of dead ones, and after.

    `replayed_at` is when that was asked for, in epoch seconds.
    """

    first: Sequence[Mapping[str, Any]] = ()
    last: Sequence[Mapping[str, Any]] = ()
    replayed_at: float = 0.0


@dataclass(frozen=True)
class Records:
    """One installation's run.

    `requests` and `reports` are by reference, receipts by path, the rest by tracking id. `hindered`
    says which set pieces could not be played, and why. `texts` are what may hold no secret, by its
    name; `secrets` are those of the whole installation; `workers` are members by what the engine
    called their processes.
    """

    dedupes: bool
    entries: Sequence[Entry]
    strikes: Sequence[Strike] = ()
    hindered: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, Sequence[Request]] = field(default_factory=dict)
    reports: Mapping[str, Sequence[Reported]] = field(default_factory=dict)
    receipts: Mapping[str, Sequence[Receipt]] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    callbacks: Mapping[str, Callbacks] = field(default_factory=dict)
    stories: Mapping[str, Story] = field(default_factory=dict)
    forgeries: Sequence[Forgery] = ()
    workers: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def accepted(self) -> Mapping[str, Entry]:
        """The flows that the client was told are accepted, by tracking id."""
        return {entry.flow: entry for entry in self.entries if entry.flow}
