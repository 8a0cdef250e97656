"""The table of a run, for people."""

from collections import Counter
from collections.abc import Sequence

from tests.chaos.checking import Told
from tests.chaos.playing import Played
from tracking.outbox import State

HEADINGS = (
    "receiver",
    "flows",
    "events",
    "receipts",
    "repeated",
    "200",
    "410",
    "429",
    "500",
    "left",
    "kills",
    "dead",
    "unheard",
    "replayed",
)
NOTES = """\
receipts: by the receivers' notes, of both parts; repeated: those of an event that had come before;
200 … left: how the receivers answered, left if not at all; kills: with -9; dead: events when the
chaos was over, 410 included; unheard: how often one of them was taken, unknown to the service;
replayed: those of them that were delivered after the chaos
"""


def rows(played: Played) -> Sequence[Sequence[object]]:
    """A row for each receiver, and their sum."""
    names = sorted({told.plan.receiver for told in played.told})
    kills = sum(played.kills.values())
    return [
        *(
            _row(name, [each for each in played.told if each.plan.receiver == name],
                 played.kills[name])
            for name in names
        ),
        _row("all", played.told, kills),
    ]  # fmt: skip


def lines(played: Played) -> Sequence[str]:
    """How long it took, and the attempts on record by how they ended."""
    ends = Counter(
        str(attempt.status or attempt.fault)
        for told in played.told
        for row in told.last
        for attempt in row.attempts
    )
    seconds = ", ".join(f"{name} in {each:.0f} s" for name, each in played.seconds.items())
    attempts = ", ".join(f"{end} {times}" for end, times in ends.most_common())
    return [seconds, f"{sum(ends.values())} attempts on record: {attempts}"]


def _row(name: str, flows: Sequence[Told], kills: int) -> Sequence[object]:
    receipts = [each for told in flows for each in told.receipts]
    answers = Counter(each.status for each in receipts)
    dead = {row.event for told in flows for row in told.first if row.state is State.DEAD}
    last = [row for told in flows for row in told.last]
    again = sum(row.event in dead and row.state is State.DELIVERED for row in last)
    return (
        name,
        len(flows),
        sum(len(told.first) for told in flows),
        len(receipts),
        len(receipts) - len({each.event for each in receipts}),
        *(answers[status] for status in (200, 410, 429, 500, 0)),
        kills,
        len(dead),
        sum(told.unheard for told in flows),
        again,
    )
