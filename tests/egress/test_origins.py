"""What one receiver does to its callbacks, no other's have to bear."""

import asyncio
import gc
import heapq
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from egress.bounds import Bounds
from egress.origins import Deferred, Origins
from egress.places import Places
from tests.egress.clocks import Clock

HOST, OTHER = "https://a.example", "https://b.example"
HASTY = Bounds(patience=0, last_patience=60)


def _origins(clock: Clock | None = None, bounds: Bounds = HASTY) -> Origins:
    chance = Random(1)  # noqa: S311  nothing is secret here
    return Origins(bounds, clock or Clock(), chance)


async def _try(
    origins: Origins, failed: bool | None, account: str = "acc", patient: bool = False
) -> float:
    """One attempt that ends so at once; the seconds for which it was deferred, 0 if it was not."""
    try:
        async with origins.place(account, HOST, patient) as place:
            place.note(failed)
    except Deferred as deferred:
        return deferred.seconds
    return 0


async def _break(origins: Origins, account: str = "acc") -> None:
    for _ in range(origins.bounds.failures):
        assert await _try(origins, failed=True, account=account) == 0


class _Stay:
    """An attempt that is under way until it is let go."""

    def __init__(self, origins: Origins, origin: str = HOST, patient: bool = False) -> None:
        self.over = asyncio.Event()
        self.failed: bool | None = False
        self.inside = asyncio.Event()
        self.task = asyncio.create_task(self._run(origins, origin, patient))

    async def _run(self, origins: Origins, origin: str, patient: bool) -> None:
        async with origins.place("acc", origin, patient) as place:
            self.inside.set()
            await self.over.wait()
            place.note(self.failed)

    async def end(self, failed: bool | None = False) -> None:
        """Let it go with this end; raises what it was refused with."""
        self.failed = failed
        self.over.set()
        await self.task


async def _stay(origins: Origins, origin: str = HOST) -> _Stay:
    stay = _Stay(origins, origin)
    await stay.inside.wait()
    return stay


async def test_a_receiver_that_fails_is_left_alone_for_half_a_minute() -> None:
    """And an attempt in that time is deferred until after it, not used up."""
    clock = Clock()
    origins = _origins(clock)
    await _break(origins)
    assert 30 <= await _try(origins, failed=False) <= 31
    clock.seconds += 30
    assert await _try(origins, failed=False) == 0
    assert await _try(origins, failed=False) == 0


async def test_neither_another_origin_nor_another_account_is_deferred() -> None:
    """One tenant's broken path says nothing of another's to the same host."""
    origins = _origins()
    await _break(origins)
    assert await _try(origins, failed=False, account="other") == 0
    await (await _stay(origins, OTHER)).end()
    assert await _try(origins, failed=False) > 0


async def test_what_never_reached_the_receiver_says_nothing_of_it() -> None:
    """A refusal by our own policy, and an attempt that broke off."""
    origins = _origins()
    for _ in range(9):
        await _try(origins, failed=True)
    for _ in range(5):
        await _try(origins, failed=None)
        with pytest.raises(ZeroDivisionError):
            async with origins.place("acc", HOST):
                raise ZeroDivisionError
    assert await _try(origins, failed=True) == 0
    assert await _try(origins, failed=True) > 0


async def test_who_meets_a_probe_comes_back_shortly() -> None:
    """Not after a pause that may never be."""
    clock = Clock()
    origins = _origins(clock)
    await _break(origins)
    clock.seconds += 30
    probe = await _stay(origins)
    waits = [await _try(origins, failed=False) for _ in range(100)]
    assert min(waits) >= 5
    assert max(waits) <= 5 + 100 / 50
    await probe.end()
    assert await _try(origins, failed=False) == 0


async def test_a_probe_that_is_cancelled_makes_room_for_another() -> None:
    """A worker that stops in the middle leaves a receiver that can be tried."""
    clock = Clock()
    origins = _origins(clock)
    await _break(origins)
    clock.seconds += 30
    probe = await _stay(origins)
    probe.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe.task
    assert await _try(origins, failed=True) == 0
    assert 60 <= await _try(origins, failed=False) <= 61


async def test_a_thousand_that_were_deferred_come_back_evenly() -> None:
    """Fifty in a second, from the end of the pause on, and not all in the same instant."""
    origins = _origins()
    await _break(origins)
    waits = [await _try(origins, failed=False) for _ in range(1000)]
    assert min(waits) >= 30
    assert max(waits) <= 50
    each_second = Counter(int(wait - 30) for wait in waits)
    assert len(each_second) == 20
    assert max(each_second.values()) <= 51


async def test_however_many_are_deferred_they_come_back_in_time() -> None:
    """The spread has an end; behind it they come faster."""
    origins = _origins(bounds=replace(HASTY, spread=10))
    await _break(origins)
    waits = [await _try(origins, failed=False) for _ in range(2000)]
    assert min(waits) >= 30
    assert max(waits) <= 40
    assert max(Counter(int(wait - 30) for wait in waits).values()) < 250


async def test_after_an_outage_everything_gets_through() -> None:
    """Within the pause and the spread from the moment at which the receiver is back."""
    clock = Clock()
    origins = _origins(clock)
    start, back = clock.seconds, clock.seconds + 300
    due = [(start + number / 10, number) for number in range(2000)]
    told: dict[int, float] = {}
    attempts: Counter[int] = Counter()
    while due:
        clock.seconds, number = heapq.heappop(due)
        failed = clock.seconds < back
        wait = await _try(origins, failed)
        attempts[number] += wait == 0
        if wait or failed:
            heapq.heappush(due, (clock.seconds + (wait or 30), number))
        else:
            told[number] = clock.seconds
    assert len(told) == 2000
    # Pauses of 30, 60, 120 and 240 s: the last of them may have begun just before.
    assert max(told.values()) <= back + 240 + 2000 / 50 + 30
    # Ten opened it, three probed in vain: the outage cost no others an attempt.
    assert sum(attempts.values()) == 2000 + 10 + 3
    assert len(origins) <= 1


async def test_an_attempt_whose_last_slot_has_come_is_made_all_the_same() -> None:
    """It has no other; and its success tells that the receiver is back."""
    origins = _origins()
    await _break(origins)
    assert await _try(origins, failed=True, patient=True) == 0
    assert await _try(origins, failed=False) > 0
    assert await _try(origins, failed=False, patient=True) == 0
    assert await _try(origins, failed=False) == 0


async def test_a_receiver_that_is_back_early_is_used_again_at_once() -> None:
    """Who finds no place there now need not stand behind those who were deferred before."""
    origins = _origins(bounds=replace(HASTY, in_flight=1))
    await _break(origins)
    assert await _try(origins, failed=False) >= 30
    assert await _try(origins, failed=False, patient=True) == 0
    stay = await _stay(origins)
    assert 5 <= await _try(origins, failed=False) <= 6
    await stay.end()


async def test_an_attempt_whose_last_slot_has_come_waits_longer_for_a_place() -> None:
    """The bound holds for it, too."""
    origins = _origins(bounds=replace(HASTY, in_flight=1))
    first = await _stay(origins)
    last = _Stay(origins, patient=True)
    with pytest.raises(Deferred) as crowded:
        await _Stay(origins).end()
    assert crowded.value.why == "crowded"
    assert 5 <= crowded.value.seconds <= 6
    assert not last.inside.is_set()
    await first.end()
    await last.inside.wait()
    await last.end()
    assert len(origins) == 1  # until the one that was deferred has come back


async def test_who_waited_while_the_receiver_began_to_fail_is_deferred() -> None:
    """And gives its place back."""
    origins = _origins(bounds=replace(HASTY, in_flight=1, failures=1, patience=60))
    first = await _stay(origins)
    waiting = _Stay(origins)
    await asyncio.sleep(0)
    await first.end(failed=True)
    with pytest.raises(Deferred) as failing:
        await waiting.task
    assert failing.value.why == "failing"
    assert await _try(origins, failed=False, patient=True) == 0


async def test_an_account_has_its_own_bound_over_all_its_origins() -> None:
    """So that one client's campaign leaves the worker to the others."""
    origins = _origins(bounds=replace(HASTY, per_account=2))
    stays = [await _stay(origins, origin) for origin in (HOST, OTHER)]
    with pytest.raises(Deferred):
        await _Stay(origins, "https://c.example").end()
    assert await _try(origins, failed=False, account="other") == 0
    for stay in stays:
        await stay.end()
    await _Stay(origins, "https://c.example").end()


async def test_who_is_cancelled_while_it_waits_leaves_nothing_behind() -> None:
    """Neither a place taken nor a receiver remembered."""
    origins = _origins(bounds=replace(HASTY, in_flight=1, patience=60))
    first = await _stay(origins)
    waiting = _Stay(origins)
    await asyncio.sleep(0)
    waiting.task.cancel()
    await first.end()
    with pytest.raises(asyncio.CancelledError):
        await waiting.task
    assert len(origins) == 0
    await _Stay(origins).end()


async def test_a_receiver_that_answers_is_forgotten_at_once() -> None:
    """A client may name a new one with each flow."""
    origins = _origins()
    for number in range(2000):
        async with origins.place("acc", f"https://{number}.example") as place:
            assert len(origins) == 1
            place.note(failed=False)
        assert len(origins) == 0


async def test_an_account_without_an_attempt_has_no_places() -> None:
    """There may be as many accounts as receivers."""
    origins = _origins()
    for number in range(100):
        await _try(origins, failed=True, account=str(number))
    gc.collect()
    kept = [found for found in gc.get_objects() if isinstance(found, Places)]
    assert len(kept) < 100


async def test_receivers_that_failed_are_forgotten_in_time_and_in_number() -> None:
    """Ten minutes after the pause, and the oldest when there are too many."""
    clock = Clock()
    origins = _origins(clock, replace(HASTY, kept=100))
    stay = await _stay(origins)
    for number in range(1000):
        async with origins.place("acc", f"https://{number}.example") as place:
            place.note(failed=True)
        assert len(origins) <= 101
    await stay.end()
    assert len(origins) == 100
    clock.seconds += 599
    assert await _try(origins, failed=False) == 0
    assert len(origins) == 100
    clock.seconds += 1
    assert await _try(origins, failed=False) == 0
    assert len(origins) == 0


async def test_an_open_breaker_is_not_forgotten_before_its_pause_is_over() -> None:
    """Others that come and go do not push it out."""
    clock = Clock()
    origins = _origins(clock)
    await _break(origins)
    clock.seconds += 29
    for _ in range(100):
        await _try(origins, failed=False, account="other")
    assert await _try(origins, failed=False) > 0


async def test_scaled_bounds_make_a_pause_of_seconds_one_of_milliseconds() -> None:
    """What an exchange takes stays as it is."""
    origins = _origins(bounds=HASTY.scaled(1 / 1000))
    await _break(origins)
    waits = [await _try(origins, failed=False) for _ in range(1000)]
    assert min(waits) >= 0.03
    assert max(waits) <= 0.05
    assert HASTY.scaled(1 / 1000).last_patience == HASTY.last_patience
