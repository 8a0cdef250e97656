"""Keeps attempts from a receiver that fails time after time."""

from dataclasses import dataclass


@dataclass
class Breaker:
    """One receiver's; all times are seconds on one clock that never goes back.

    Closed, it lets everyone through. So many failures in a row open it for a pause. After that one
    attempt goes through, the probe: if it fails, the next pause is twice as long; a success closes
    the breaker, whosever it is.
    """

    allowed: int
    """So many failures in a row open it."""
    pause: float
    """Seconds of the first pause."""
    longest: float
    """Seconds of the longest."""
    failures: int = 0
    until: float = 0.0
    """When the pause ends; while it is closed, when the last failure came."""
    probing: bool = False
    _length: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether only a probe may go through, and that only after the pause."""
        return self.failures >= self.allowed

    def holds_back(self, now: float) -> bool:
        """Whether an attempt may not go through now."""
        return self.is_open and (self.probing or now < self.until)

    def passed(self, now: float) -> bool:
        """An attempt goes through; whether it is the probe."""
        if not self.is_open or self.holds_back(now):
            return False
        self.probing = True
        return True

    def note(self, now: float, failed: bool | None, probe: bool) -> None:
        """How an attempt ended that went through; None if it never came to the receiver."""
        probe = probe and self.probing  # another's success may have made it one of many
        if probe or failed is False:
            self.probing = False
        if failed is None:
            return
        if not failed:
            self.failures = 0
        elif probe:
            self._open(now, min(2 * self._length, self.longest))
        elif not self.is_open:  # those that were under way when it opened tell nothing new
            self.failures += 1
            self.until = now
            if self.is_open:
                self._open(now, self.pause)

    def _open(self, now: float, pause: float) -> None:
        self._length = pause
        self.until = now + pause
