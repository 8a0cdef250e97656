"""Takes a provider out for a while when it fails time after time, in this worker's memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass

FAILURES = 5
"""So many in a row, and the provider is out."""

PAUSE = 30.0
"""Seconds for which it is; then one attempt shows whether it is back."""


@dataclass
class Breaker:
    """One provider's."""

    now: Callable[[], float] = time.monotonic
    failures: int = 0
    until: float = 0.0

    @property
    def is_out(self) -> bool:
        """Whether others come first. The first to ask after the pause is told that it is not."""
        if self.failures < FAILURES:
            return False
        if self.now() < self.until:
            return True
        self.until = self.now() + PAUSE
        return False

    def note(self, failed: bool) -> None:
        """How an attempt ended: whether the provider failed, rather than took or refused it."""
        self.failures = self.failures + 1 if failed else 0
        if self.failures >= FAILURES:
            self.until = self.now() + PAUSE
