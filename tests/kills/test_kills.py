"""Workers killed with -9 in every phase of a send, and at any moment: nobody is told twice."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

import pytest

from tests.kills.conftest import LEFT, ROW, Played, Plays
from tests.kills.plan import Phase

pytestmark = [
    pytest.mark.server,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="the timing needs Linux's queue of SYNs"),
]

modes = pytest.mark.parametrize("dedupes", [True, False], ids=["dedupes", "forgets"])
HELD = set(Phase) - {Phase.ASKING, Phase.RANDOM}
"""The phases in which a worker is held; the others come when they come, and a kill may miss."""

Record = Callable[[str, object], None]


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.name)
@modes
async def test_a_kill_leaves_one_message_and_one_end(
    plays: Plays, dedupes: bool, phase: Phase, record_property: Record
) -> None:
    """Each flow of the phase's rounds ends, is told once, and sent every step at most once."""
    played = await plays[dedupes]
    kills = [kill for kill in played.kills if kill.round.phase is phase]
    if not kills:
        pytest.skip("no round drew it")
    record_property(ROW, _row(played, dedupes, phase))

    flows = [played.flows[flow] for kill in kills for flow in kill.flows]
    assert [fault for flow in flows for fault in flow.faults(dedupes)] == []
    if phase in HELD:
        assert all(kill.hit for kill in kills)


@modes
async def test_every_step_is_paid_for_once(plays: Plays, dedupes: bool) -> None:
    """The balance is what was paid in, less each attempted step's price, whoever was killed."""
    played = await plays[dedupes]

    played.books.check()
    assert played.books.balance == played.left


@modes
async def test_kills_at_any_moment_hit_what_they_may(
    plays: Plays, dedupes: bool, record_property: Record
) -> None:
    """What their victims left says which phases they hit; a few kills may hit nothing."""
    played = await plays[dedupes]
    kills = [kill for kill in played.kills if kill.round.phase is Phase.RANDOM]
    left = Counter(each for kill in kills for each in kill.evidence.tasks.values())
    for what, times in sorted(left.items()):
        record_property(LEFT, (_mode(dedupes), what, times))
    assert left or len(kills) < 5


def _row(played: Played, dedupes: bool, phase: Phase) -> Sequence[object]:
    kills = [kill for kill in played.kills if kill.round.phase is phase]
    flows = [played.flows[flow] for kill in kills for flow in kill.flows]
    messages = [count for flow in flows for count in flow.messages.values()]
    seconds = [each for kill in kills for each in kill.seconds]
    return (
        _mode(dedupes),
        phase,
        len(kills),
        sum(kill.hit for kill in kills),
        f"{sum(messages)} ({max(messages, default=0)})",
        len(flows),
        sum(flow.ended for flow in flows),
        sum(flow.terminal for flow in flows),
        f"{median(seconds):.1f}, {max(seconds):.1f} s" if seconds else "–",
    )


def _mode(dedupes: bool) -> str:
    return "dedupes" if dedupes else "forgets"
