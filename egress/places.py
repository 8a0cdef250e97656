"""How many attempts one account may have under way, to each origin and altogether."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass
class Places:
    """One account's, for one event loop.

    Whoever waits is given a place by the one who leaves it, in the order of coming, so nobody can
    overtake. Only who waits for a full origin is passed, by those for whose origin there is room.
    """

    each: int
    """So many places for each origin."""
    altogether: int
    waiting: int
    """So many may wait; the next one is sent away at once."""
    taken: Counter[str] = field(default_factory=Counter)
    _queue: deque[tuple[str, asyncio.Future[None]]] = field(default_factory=deque)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a place or waits for one."""
        return not self.taken and not self._queue

    async def take(self, origin: str, patience: float) -> bool:
        """Take a place, waiting for it for at most `patience` seconds; False if there was none."""
        if self._has_room(origin):
            self.taken[origin] += 1
            return True
        if len(self._queue) >= self.waiting:
            return False
        turn = asyncio.get_running_loop().create_future()
        entry = (origin, turn)
        self._queue.append(entry)
        try:
            await asyncio.wait((turn,), timeout=patience)
        except asyncio.CancelledError:
            if turn.done():  # the place was given in the moment of the cancellation
                self.leave(origin)
            else:
                self._queue.remove(entry)
            raise
        if not turn.done():
            self._queue.remove(entry)
        return turn.done()

    def leave(self, origin: str) -> None:
        """Give a place back, to the first who waits and can have it."""
        self.taken[origin] -= 1
        if not self.taken[origin]:
            del self.taken[origin]
        for entry in self._queue:
            wanted, turn = entry
            if self.taken[wanted] < self.each:
                self._queue.remove(entry)
                self.taken[wanted] += 1
                turn.set_result(None)
                return

    def _has_room(self, origin: str) -> bool:
        return self.taken[origin] < self.each and self.taken.total() < self.altogether
