"""A worker killed with -9 in the middle of a send: nobody gets a message twice."""

import asyncio
import sys
from collections.abc import Callable, Mapping

import pytest

from tests.faults.conftest import ROW
from tests.faults.kills import CASES, Cases, Point

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(sys.platform != "linux", reason="the timing needs Linux's queue of SYNs"),
]

NOTICED = 6.0
"""Seconds: 3 of heartbeat timeout, 1 until the next attempt, and the engine's timers, which come
up to 1 late; the last is for a busy machine."""

Plays = Mapping[bool, asyncio.Task[Cases]]


@pytest.mark.parametrize("dedupes", [True, False], ids=["dedupes", "forgets"])
@pytest.mark.parametrize(("point", "digits"), CASES, ids=[f"{p.name}-{d}" for p, d in CASES])
async def test_a_killed_worker_leaves_one_message(
    plays: Plays,
    dedupes: bool,
    point: Point,
    digits: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Another takes over in seconds; one message, the flow succeeds, its client hears it once.

    A provider that forgets references is not asked again, so what was never written stays unsent
    on Viber, and the Sms goes out once Viber's ttl is over.
    """
    case = (await plays[dedupes])[point, digits]
    record_property(
        ROW,
        (
            point,
            digits,
            "yes" if dedupes else "no",
            f"{len(case.messages)} ({', '.join(case.messages)})",
            case.status,
            f"{case.killed.seconds:.1f} s",
        ),
    )

    written = point is Point.ANSWERING
    assert case.killed.intents == ["sending"]
    assert case.killed.messages == (["Viber"] if written else [])
    assert case.messages == (["Viber"] if written or dedupes else ["Sms"])
    assert case.status == "Succeeded"
    assert case.callback_faults == []
    assert case.killed.seconds < NOTICED
