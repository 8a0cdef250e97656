"""Judges each flow by what its receiver noted, by the callbacks on record, and by tracking."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any

import orjson

from domain.flow import Strategy
from egress.schedule import JITTER
from tests.chaos.evidence import Receipt
from tests.chaos.phases import DAY
from tests.chaos.plan import CONTROL, FlowPlan
from tests.chaos.rows import Row
from tracking.outbox import Attempt, State

OVER = ("Succeeded", "Failed")
OUTCOME = ("status", "statusCode", "terminationChannel")


@dataclass(frozen=True)
class Told:
    """A flow at the end of the run.

    `first` is what is on record when the chaos is over, `last` when all that was dead is replayed,
    which was asked for at `replayed_at` (epoch seconds); `shown` is what tracking says.
    """

    plan: FlowPlan
    flow: str
    first: Sequence[Row]
    last: Sequence[Row]
    receipts: Sequence[Receipt]
    shown: Mapping[str, Any]
    replayed_at: float

    @cached_property
    def bodies(self) -> Sequence[Mapping[str, Any]]:
        """What each event says, in sequence order."""
        return [orjson.loads(row.body) for row in self.first]

    def of_part(self, part: int) -> Sequence[Receipt]:
        """What arrived amid the chaos (1), or after it (2)."""
        return [receipt for receipt in self.receipts if receipt.part == part]

    def taken(self, row: Row, part: int) -> bool:
        """Whether the receiver said so in that part."""
        return any(each.event == row.event and each.taken for each in self.of_part(part))

    @property
    def unheard(self) -> int:
        """How often the receiver took what was dead in the end.

        Its answer was lost on its way, or the database was too busy to have it noted.
        """
        dead = {row.event for row in self.first if row.state is State.DEAD}
        return sum(each.taken and each.event in dead for each in self.of_part(1))

    def __str__(self) -> str:
        kept = [f"{row.seq} {row.state} {'·'.join(map(_said, row.attempts))}" for row in self.first]
        lines = [
            f"{self.flow} to {self.plan.receiver}{self.plan.path}, {self.plan.strategy}: "
            f"{self.shown.get('status')}",
            *(f"  on record: {each}" for each in kept),
            *(f"  received: {each}" for each in self.receipts),
        ]
        return "\n".join(lines)


def _said(attempt: Attempt) -> str:
    return str(attempt.status or attempt.fault)


def every_event_is_settled(told: Told) -> bool:
    """Delivered or dead, none forgotten: together they are all that there are."""
    return all(row.state in (State.DELIVERED, State.DEAD) for row in told.first)


def every_change_has_its_event(told: Told) -> bool:
    """A sequence number is either an event's or the beginning of a step, which is not told.

    So the numbers say how many events there must be, whatever the record holds.
    """
    if told.plan.strategy is None:
        return not told.first and not told.receipts
    if told.plan.strategy is Strategy.ON_COMPLETION:
        return len(told.first) == 1
    events = enumerate(zip(told.first, told.bodies, strict=True), start=1)
    return all(row.seq == place + len(body["messages"]) for place, (row, body) in events)


def one_event_is_terminal(told: Told) -> bool:
    """It is the last one, and says what tracking says."""
    if told.plan.strategy is None:
        return told.shown.get("status") in OVER
    ends = [body["status"] in OVER for body in told.bodies]
    return ends == [False] * (len(ends) - 1) + [True] and all(
        told.bodies[-1][name] == told.shown[name] for name in OUTCOME
    )


def what_arrives_is_on_record(told: Told) -> bool:
    """The same id, the same sequence number, byte by byte the same body, every time."""
    known = {(row.event, row.seq, _digest(row)) for row in told.first}
    return all((each.event, each.seq, each.digest) in known for each in told.receipts)


def bytes_are_never_made_anew(told: Told) -> bool:
    """A replay tells what was said then."""
    return [_digest(row) for row in told.first] == [_digest(row) for row in told.last]


def first_receipts_are_in_order(told: Told) -> bool:
    """Amid the chaos and at the replay: what comes once more may come at any time."""
    return all(_rises(told.of_part(part)) for part in (1, 2))


def every_receipt_is_signed(told: Told) -> bool:
    """By the official library's word, as it arrived; a replay's signature is of its own time."""
    fresh = all(int(each.timestamp) >= int(told.replayed_at) for each in told.of_part(2))
    return fresh and all(each.signed for each in told.receipts)


def every_event_is_attempted(told: Told) -> bool:
    """At least once, however late its turn comes, until the receiver says that it is gone."""
    ends = (place for place, row in enumerate(told.first) if _says(row, 410))
    return all(row.attempts for row in told.first[: next(ends, None)])


def nobody_is_given_up_early(told: Told) -> bool:
    """A day long, but for a 410: the last attempt is at the last slot, or after it."""
    ages = [
        row.attempts[-1].at - datetime.fromisoformat(body["updatedAt"])
        for row, body in zip(told.first, told.bodies, strict=True)
        if row.state is State.DEAD and row.attempts and not _says(row, 410)
    ]
    return all(age.total_seconds() > DAY * (1 - JITTER) - 0.01 for age in ages)


def what_is_delivered_was_taken(told: Told) -> bool:
    """By the receiver's own word, and at the last attempt on record."""
    delivered = [row for row in told.first if row.state is State.DELIVERED]
    return all(told.taken(row, 1) and _succeeded(row.attempts[-1]) for row in delivered)


def what_is_dead_was_not_taken(told: Told) -> bool:
    """As far as the service heard; where its record is wrong, the next rule finds it."""
    dead = [row for row in told.first if row.state is State.DEAD]
    return not any(_succeeded(each) for row in dead for each in row.attempts)


def attempts_on_record_were_received(told: Told) -> bool:
    """Each answer that the service noted was given, that one and no other."""
    answers = Counter((each.event, each.status) for each in told.receipts)
    noted = Counter(
        (row.event, each.status) for row in told.last for each in row.attempts if each.status
    )
    return noted <= answers


def who_is_gone_hears_no_more(told: Told) -> bool:
    """After a 410 nothing but the same event comes; the later ones are dead without an attempt."""
    receipts = told.of_part(1)
    gone = next((place for place, each in enumerate(receipts) if each.status == 410), None)
    if gone is None:
        return True
    event, seq = receipts[gone].event, receipts[gone].seq
    later = [row for row in told.first if row.seq > seq]
    return all(each.event == event for each in receipts[gone:]) and (
        all(row.state is State.DEAD and not row.attempts for row in later)
        or not _is_noted(told, event)
    )


def the_healthy_one_misses_nothing(told: Told) -> bool:
    """Whatever happens to the others: but what it wants no more, or never could answer in time."""
    if told.plan.receiver != CONTROL or told.plan.gone is not None:
        return True
    lost = [row for row in told.first if row.state is State.DEAD]
    return all(row.attempts and all(each.fault for each in row.attempts) for row in lost)


def the_replay_delivers_the_rest(told: Told) -> bool:
    """In the end all is delivered: what was dead by the replay, and nothing else is repeated."""
    dead = {row.event for row in told.first if row.state is State.DEAD}
    return (
        all(row.state is State.DELIVERED for row in told.last)
        and len(told.last) == len(told.first)
        and all(told.taken(row, 2) for row in told.last if row.event in dead)
        and all(each.event in dead for each in told.of_part(2))
    )


RULES: Sequence[Callable[[Told], bool]] = (
    every_event_is_settled,
    every_change_has_its_event,
    one_event_is_terminal,
    what_arrives_is_on_record,
    bytes_are_never_made_anew,
    first_receipts_are_in_order,
    every_receipt_is_signed,
    every_event_is_attempted,
    nobody_is_given_up_early,
    what_is_delivered_was_taken,
    what_is_dead_was_not_taken,
    attempts_on_record_were_received,
    who_is_gone_hears_no_more,
    the_healthy_one_misses_nothing,
    the_replay_delivers_the_rest,
)
"""What holds of every flow."""


def _digest(row: Row) -> str:
    return sha256(row.body.encode()).hexdigest()


def _rises(receipts: Sequence[Receipt]) -> bool:
    firsts = list(dict.fromkeys(receipt.seq for receipt in receipts))
    return all(earlier < later for earlier, later in pairwise(firsts))


def _succeeded(attempt: Attempt) -> bool:
    return attempt.status is not None and 200 <= attempt.status < 300


def _is_noted(told: Told, event: str) -> bool:
    """Whether the service ever got the 410."""
    return _says(next(row for row in told.first if row.event == event), 410)


def _says(row: Row, status: int) -> bool:
    return any(each.status == status for each in row.attempts)
