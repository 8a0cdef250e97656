"""Places are bounded, given in the order of coming, and never lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egress.places import Places

LONG = 60.0


def _places(each: int = 1, altogether: int = 10, waiting: int = 100) -> Places:
    return Places(each, altogether, waiting)


@asynccontextmanager
async def _waiting(places: Places, *origins: str) -> AsyncIterator[list[asyncio.Task[bool]]]:
    """Tasks that wait for places at these, in this order."""
    tasks = []
    for origin in origins:
        tasks.append(asyncio.create_task(places.take(origin, LONG)))
        await asyncio.sleep(0)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _settle() -> None:
    """Let everyone run who can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_origin_has_so_many_places_and_another_has_its_own() -> None:
    """What is under way to one takes nothing from the other."""
    places = _places(each=2)
    assert [await places.take("a", 0) for _ in range(3)] == [True, True, False]
    assert await places.take("b", 0)


async def test_an_account_has_so_many_places_altogether() -> None:
    """A thousand origins of one client are not a thousand times as much."""
    places = _places(altogether=3)
    assert [await places.take(origin, 0) for origin in "abcd"] == [True, True, True, False]
    places.leave("b")
    assert await places.take("d", 0)


async def test_places_are_given_in_the_order_of_coming() -> None:
    """And nobody who comes later takes the place of one who waits."""
    places = _places()
    assert await places.take("a", 0)
    async with _waiting(places, "a", "a", "a") as tasks:
        for served in range(3):
            places.leave("a")
            assert not await places.take("a", 0)
            await _settle()
            assert [task.done() for task in tasks] == [n <= served for n in range(3)]


async def test_who_waits_for_a_full_origin_holds_up_nobody_for_another() -> None:
    """First come first served would let one receiver stop all of its account's."""
    places = _places(altogether=2)
    assert await places.take("slow", 0)
    assert await places.take("b", 0)
    async with _waiting(places, "slow", "c") as (slow, other):
        places.leave("b")
        await _settle()
        assert other.done()
        assert not slow.done()


async def test_who_finds_a_long_queue_is_sent_away_at_once() -> None:
    """Waiting holds a slot of the worker, too."""
    places = _places(waiting=1)
    assert await places.take("a", 0)
    async with _waiting(places, "a") as (waiting,):
        assert not await places.take("a", LONG)
        places.leave("a")
        assert await waiting


async def test_who_lost_patience_is_not_given_a_place() -> None:
    """Else it would be nobody's."""
    places = _places()
    assert await places.take("a", 0)
    assert not await places.take("a", 0.001)
    places.leave("a")
    assert places.is_idle


@pytest.mark.parametrize("first", ["cancelled", "left"])
async def test_a_place_given_to_one_who_is_cancelled_goes_to_the_next(first: str) -> None:
    """In whichever order the two happen before it can run."""
    places = _places()
    assert await places.take("a", 0)
    async with _waiting(places, "a", "a") as (cancelled, next_one):
        if first == "cancelled":
            cancelled.cancel()
            places.leave("a")
        else:
            places.leave("a")
            cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert await next_one
        places.leave("a")
    assert places.is_idle


class _Crowd:
    """Tasks that come, stay and are cancelled as it is drawn, and what they saw."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.inside: list[str] = []
        self.served = 0

    async def visit(self, origin: str, turns: int) -> None:
        """Take a place, stay for some turns of the loop, leave."""
        if not await self.places.take(origin, LONG):
            return
        self.inside.append(origin)
        assert self.inside.count(origin) <= self.places.each
        assert len(self.inside) <= self.places.altogether
        try:
            for _ in range(turns):
                await asyncio.sleep(0)
            self.served += 1
        finally:
            self.inside.remove(origin)
            self.places.leave(origin)


_VISITS = st.tuples(
    st.sampled_from("abc"),
    st.integers(0, 4),  # turns inside
    st.integers(0, 3),  # turns until the next comes
    st.none() | st.integers(0, 6),  # turns until it is cancelled
)


@given(visits=st.lists(_VISITS, max_size=30), each=st.integers(1, 3), altogether=st.integers(1, 4))
@settings(deadline=None)
def test_however_they_come_and_are_cancelled_no_place_is_lost(
    visits: list[tuple[str, int, int, int | None]], each: int, altogether: int
) -> None:
    """Never more than the bounds inside; all others get in; at the end all places are free."""
    asyncio.run(_run(visits, Places(each, altogether, 100)))


async def _run(visits: list[tuple[str, int, int, int | None]], places: Places) -> None:
    crowd = _Crowd(places)
    tasks = []
    for origin, turns, pause, cancelled in visits:
        task = asyncio.create_task(crowd.visit(origin, turns))
        tasks.append(task)
        if cancelled is not None:
            tasks.append(asyncio.create_task(_cancel(task, cancelled)))
        for _ in range(pause):
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
    assert crowd.served >= sum(cancelled is None for *_, cancelled in visits)
    assert places.is_idle


async def _cancel(task: asyncio.Task[None], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
