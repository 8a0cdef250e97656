"""How fast a provider may be spoken to, counted in each worker."""

import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Pace:
    """A provider's rate, such as 3/second; without one there is none."""

    def __init__(self, rate: str | None = None) -> None:
        self._rate = parse(rate) if rate else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def wait(self) -> float:
        """Take the next place and return 0, or the seconds until one is free."""
        if self._rate is None or self._window.hit(self._rate):
            return 0.0
        return max(0.01, self._window.get_window_stats(self._rate).reset_time - time.time())
