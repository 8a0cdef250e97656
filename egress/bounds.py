"""How much one receiver may have of a worker, and for how long it is left alone."""

from dataclasses import dataclass, replace
from typing import Self

IN_FLIGHT = 32
"""Attempts at once for one account at one origin, in each worker."""

PER_ACCOUNT = 256
"""Attempts at once for one account; and as many more may wait for a place."""

PATIENCE, LAST_PATIENCE = 1.0, 5.0
"""Seconds to wait for a place; the second for an attempt whose last slot has come."""

FAILURES = 10
"""So many in a row, and nobody goes there for a while."""

PAUSE, LONGEST_PAUSE = 30.0, 600.0
"""Seconds for which nobody goes, at first and at most."""

SHORTLY = 5.0
"""Seconds after which those come back who met a probe under way; it takes ten at most."""

RETURNS = 50.0
"""Deferred attempts that come back to one origin in a second."""

SPREAD = 600.0
"""Seconds over which they are spread at most; more of them come back faster."""

REMEMBERED = 600.0
"""Seconds after its last pause or failure for which a receiver is remembered that failed."""

KEPT = 10_000
"""So many receivers without an attempt under way are remembered."""


@dataclass(frozen=True)
class Bounds:
    """The numbers, for an installation or a test that needs others."""

    in_flight: int = IN_FLIGHT
    per_account: int = PER_ACCOUNT
    waiting: int = PER_ACCOUNT
    patience: float = PATIENCE
    last_patience: float = LAST_PATIENCE
    failures: int = FAILURES
    pause: float = PAUSE
    longest_pause: float = LONGEST_PAUSE
    shortly: float = SHORTLY
    returns: float = RETURNS
    spread: float = SPREAD
    remembered: float = REMEMBERED
    kept: int = KEPT

    def scaled(self, factor: float) -> Self:
        """For a day that passes faster: the pauses and the returns, not what an exchange takes."""
        return replace(
            self,
            pause=self.pause * factor,
            longest_pause=self.longest_pause * factor,
            shortly=self.shortly * factor,
            returns=self.returns / factor,
            spread=self.spread * factor,
            remembered=self.remembered * factor,
        )
