"""However attempts come, end and are cancelled, the receivers stay apart."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from egress.bounds import Bounds
from egress.origins import Deferred, Origins
from tests.egress.clocks import Clock

BOUNDS = Bounds(
    in_flight=3,
    per_account=5,
    patience=0,
    last_patience=3600,
    failures=2,
    pause=30,
    longest_pause=120,
    shortly=5,
    returns=2,
    spread=20,
    remembered=1e9,
)
Key = tuple[str, str]


class Attempt:
    """One that is under way or waits for a place, until it is let go."""

    def __init__(self, key: Key, patient: bool) -> None:
        self.key = key
        self.patient = patient
        self.over = asyncio.Event()
        self.failed: bool | None = None
        self.since = 0.0
        self.inside = False
        self.probe = False
        self.deferred: Deferred | None = None
        self.task: asyncio.Task[None]

    async def run(self, origins: Origins, ended: Callable[["Attempt"], None]) -> None:
        """Take a place and hold it."""
        try:
            async with origins.place(*self.key, self.patient) as place:
                self.since, self.inside, self.probe = origins.now(), True, place.probe
                try:
                    await self.over.wait()
                    place.note(self.failed)
                    ended(self)
                finally:
                    self.inside = False
        except Deferred as deferred:
            self.deferred = deferred


class Receivers(RuleBasedStateMachine):
    """Two accounts and two origins, so that each shares something with two others."""

    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        chance = Random(1)  # noqa: S311  nothing is secret here
        self.origins = Origins(BOUNDS, self.clock, chance)
        self.all: list[Attempt] = []
        self.in_a_row: Counter[Key] = Counter()
        self.opened: dict[Key, float] = {}

    @rule(
        target=attempts,
        account=st.sampled_from(["x", "y"]),
        origin=st.sampled_from(["a", "b"]),
        patient=st.booleans(),
    )
    def come(self, account: str, origin: str, patient: bool) -> Attempt:
        """It gets in if its own receiver and its own account have nothing against it."""
        key = (account, origin)
        failing = self.in_a_row[key] >= BOUNDS.failures
        here, altogether = self._inside(key), self._inside_account(account)
        room = here < BOUNDS.in_flight and altogether < BOUNDS.per_account
        attempt = self._start(key, patient)
        if room and (patient or not failing):
            assert attempt.inside
        if not patient:
            assert attempt.inside or attempt.deferred
        if failing and not patient:
            self._check_held_back(attempt)
        if attempt.deferred:
            assert not patient
            self._check_seconds(attempt.deferred, failing)
        return attempt

    def _check_held_back(self, attempt: Attempt) -> None:
        """Only after the pause, and only as the probe."""
        if attempt.inside:
            assert attempt.probe
            assert self.clock() >= self.opened[attempt.key] + BOUNDS.pause

    def _check_seconds(self, deferred: Deferred, failing: bool) -> None:
        longest = BOUNDS.longest_pause if failing else BOUNDS.shortly
        assert 0 <= deferred.seconds <= longest + BOUNDS.spread
        assert failing or deferred.why == "crowded"

    @rule(attempt=consumes(attempts), failed=st.sampled_from([True, True, True, False, None]))
    def end(self, attempt: Attempt, failed: bool | None) -> None:
        """An attempt comes to its end, as soon as it has had a place."""
        attempt.failed = failed
        attempt.over.set()
        self._settle()

    @rule(attempt=consumes(attempts))
    def cancel(self, attempt: Attempt) -> None:
        """Also one that waits, or that has just been given a place."""
        attempt.task.cancel()
        self._settle()

    @rule(first=consumes(attempts), other=consumes(attempts))
    def cancel_who_is_given_the_place(self, first: Attempt, other: Attempt) -> None:
        """In the same turn of the loop in which another leaves."""
        first.over.set()
        self.loop.call_soon(other.task.cancel)
        self._settle()

    @rule(seconds=st.sampled_from([1, 5, 29, 30, 60, 120]))
    def pass_time(self, seconds: float) -> None:
        """Pauses end by it alone."""
        self.clock.seconds += seconds

    @invariant()
    def never_more_than_the_bounds(self) -> None:
        """For each receiver, for each account."""
        inside = [attempt.key for attempt in self.all if attempt.inside]
        assert max(Counter(inside).values(), default=0) <= BOUNDS.in_flight
        accounts = Counter(account for account, _ in inside)
        assert max(accounts.values(), default=0) <= BOUNDS.per_account

    @invariant()
    def nobody_waits_beside_a_free_place(self) -> None:
        """No wakeup is lost."""
        for attempt in self.all:
            if not attempt.task.done() and not attempt.inside:
                full = self._inside(attempt.key) == BOUNDS.in_flight
                assert full or self._inside_account(attempt.key[0]) == BOUNDS.per_account

    @invariant()
    def one_probe_at_a_time(self) -> None:
        """As long as the receiver has not shown that it is back."""
        probes = Counter(
            attempt.key
            for attempt in self.all
            if attempt.inside
            and attempt.probe
            and self.in_a_row[attempt.key] >= BOUNDS.failures
            # One of an earlier outage is none any more.
            and attempt.since > self.opened[attempt.key]
        )
        assert max(probes.values(), default=0) <= 1

    def teardown(self) -> None:
        """After recovery everything gets through, and everything is forgotten."""
        for attempt in self.all:
            attempt.failed = False
            attempt.over.set()
        self._settle()
        assert all(attempt.task.done() for attempt in self.all)
        self.clock.seconds += BOUNDS.longest_pause + BOUNDS.spread
        for account in "xy":
            for origin in "ab":
                for _ in range(10):
                    last = self._start((account, origin), patient=False)
                    assert last.inside
                    last.failed = False
                    last.over.set()
                    self._settle()
        assert len(self.origins) == 0
        self.loop.close()

    def _start(self, key: Key, patient: bool) -> Attempt:
        attempt = Attempt(key, patient)
        attempt.task = self.loop.create_task(attempt.run(self.origins, self._ended))
        self.all.append(attempt)
        self._settle()
        return attempt

    def _ended(self, attempt: Attempt) -> None:
        if attempt.failed is None:
            return
        if not attempt.failed:
            self.in_a_row[attempt.key] = 0
            return
        self.in_a_row[attempt.key] += 1
        if self.in_a_row[attempt.key] == BOUNDS.failures:
            self.opened[attempt.key] = self.clock()

    def _settle(self) -> None:
        async def turns() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())

    def _inside(self, key: Key) -> int:
        return sum(attempt.inside and attempt.key == key for attempt in self.all)

    def _inside_account(self, account: str) -> int:
        return sum(attempt.inside and attempt.key[0] == account for attempt in self.all)


TestReceivers = Receivers.TestCase
TestReceivers.settings = settings(deadline=None, stateful_step_count=40)
