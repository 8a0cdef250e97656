"""Keeps receivers apart: what one of them does to its callbacks, no other's have to bear."""

import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from egress.bounds import Bounds
from egress.breaker import Breaker
from egress.places import Places


class Deferred(Exception):
    """An attempt that is not made now. It counts as none; `seconds` later it may be."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.why = why
        """`failing` or `crowded`: a word that may stand in a history and in a metric."""
        self.seconds = seconds


@dataclass
class Place:
    """What an attempt has while it is under way."""

    probe: bool
    """Whether it shows how the receiver is."""
    failed: bool | None = None

    def note(self, failed: bool | None) -> None:
        """How the attempt ended: whether the receiver failed; None if it never came to it."""
        self.failed = failed


@dataclass
class _Path:
    """What is remembered of one account's way to one origin."""

    breaker: Breaker
    users: int = 0
    line: float = 0.0
    """When the last of those comes back who were deferred."""

    def note(self, now: float, place: Place) -> None:
        """How the attempt ended."""
        was_open = self.breaker.is_open
        self.breaker.note(now, place.failed, place.probe)
        if was_open and not self.breaker.is_open:
            self.line = now  # nobody has to stand behind those who wait for the pause's end

    def is_forgettable(self, now: float, after: float) -> bool:
        """Whether it tells nothing of the next attempt, or nothing that is not long ago."""
        if now < self.line:
            return False
        return not self.breaker.failures or now >= self.breaker.until + after


@dataclass
class Origins:
    """All receivers of one worker process, for one event loop."""

    bounds: Bounds = field(default_factory=Bounds)
    now: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.SystemRandom)
    _used: dict[tuple[str, str], _Path] = field(default_factory=dict)
    _idle: OrderedDict[tuple[str, str], _Path] = field(default_factory=OrderedDict)
    """Those without an attempt that still tell something, the least lately used first."""
    _accounts: dict[str, Places] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many receivers are remembered."""
        return len(self._used) + len(self._idle)

    @asynccontextmanager
    async def place(self, account: str, origin: str, patient: bool = False) -> AsyncIterator[Place]:
        """A place for one attempt, whose end is to be noted in the block.

        With `patient` the receiver's failing is no reason against it, and it waits longer for a
        place: for an attempt whose last slot has come.

        Raises:
            Deferred: the receiver fails, or there is no place.
        """
        patience = self.bounds.last_patience if patient else self.bounds.patience
        with self._in_use(account, origin) as (path, places):
            if not patient:
                self._look(path)
            if not await places.take(origin, patience):
                raise self._deferred(path, "crowded", self.bounds.shortly)
            try:
                if not patient:
                    self._look(path)  # it may have begun to fail while we waited
                place = Place(probe=path.breaker.passed(self.now()))
                try:
                    yield place
                finally:
                    path.note(self.now(), place)
            finally:
                places.leave(origin)

    @contextmanager
    def _in_use(self, account: str, origin: str) -> Iterator[tuple[_Path, Places]]:
        """What is remembered of them, which is not forgotten meanwhile."""
        key = (account, origin)
        path = self._used.get(key) or self._idle.pop(key, None) or self._new_path()
        self._used[key] = path
        places = self._accounts.get(account) or self._new_places()
        self._accounts[account] = places
        path.users += 1
        try:
            yield path, places
        finally:
            path.users -= 1
            if not path.users:
                self._idle[key] = self._used.pop(key)
                self._forget()
            if places.is_idle:
                del self._accounts[account]

    def _look(self, path: _Path) -> None:
        now = self.now()
        if path.breaker.holds_back(now):
            # Whoever meets a probe need not wait for a new pause: it may end well.
            left = self.bounds.shortly if path.breaker.probing else path.breaker.until - now
            raise self._deferred(path, "failing", left)

    def _deferred(self, path: _Path, why: str, left: float) -> Deferred:
        """Back after the `left` seconds, each behind those who were deferred before.

        All together they are spread evenly, at the rate of `returns`. When that would take longer
        than `spread`, they come back anywhere within it.
        """
        now = self.now()
        first = max(path.line - now, left)
        last = first + 1 / self.bounds.returns
        if last <= left + self.bounds.spread:
            path.line = now + last
        else:
            first, last = left, left + self.bounds.spread
        return Deferred(why, self.chance.uniform(first, last))

    def _new_path(self) -> _Path:
        bounds = self.bounds
        return _Path(Breaker(bounds.failures, bounds.pause, bounds.longest_pause))

    def _new_places(self) -> Places:
        bounds = self.bounds
        return Places(bounds.in_flight, bounds.per_account, bounds.waiting)

    def _forget(self) -> None:
        """Forget the one that came last if it tells nothing; of the others the old and too many."""
        now, after = self.now(), self.bounds.remembered
        key, path = self._idle.popitem()
        if not path.is_forgettable(now, after):
            self._idle[key] = path
        while self._idle:
            oldest = next(iter(self._idle.values()))
            if len(self._idle) <= self.bounds.kept and not oldest.is_forgettable(now, after):
                return
            self._idle.popitem(last=False)
