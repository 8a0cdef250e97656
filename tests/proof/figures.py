"""What a run comes to in numbers: totals, and how each kind of fault went."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.proof.evidence import Records
from tests.proof.faults.base import Strike
from tests.proof.invariants.flows import OVER
from tests.proof.stories import Story, Task

HANGS = "0112"
"""The recipient whose send has several attempts, also if nobody is killed."""


@dataclass(frozen=True)
class Kind:
    """All rounds of one fault.

    `in_flight` flows ran when it struck. `resent`: seconds from a kill until the engine handed
    a send that the dead worker was at to another; `waited`: a client's, from its first try until it
    was accepted. The longest of each; None where there was none.
    """

    fault: str
    rounds: int
    fired: int
    in_flight: int
    resent: float | None
    waited: float | None
    away: float


def kinds(runs: Sequence[Records]) -> Sequence[Kind]:
    """By the faults' names."""
    struck: dict[str, list[tuple[Records, Strike]]] = defaultdict(list)
    for records in runs:
        for strike in records.strikes:
            struck[strike.round.fault].append((records, strike))
    return [_kind(fault, struck[fault]) for fault in sorted(struck)]


def _kind(fault: str, struck: Sequence[tuple[Records, Strike]]) -> Kind:
    fired = [(records, strike) for records, strike in struck if strike.fired]
    resent = [each for records, strike in fired for each in _resent(records, strike)]
    waited = [each for records, strike in fired for each in _waited(records, strike)]
    return Kind(
        fault=fault,
        rounds=len(struck),
        fired=len(fired),
        in_flight=sum(_in_flight(records, strike) for records, strike in fired),
        resent=max(resent, default=None),
        waited=max(waited, default=None),
        away=max((strike.over - strike.at for _, strike in fired), default=0.0),
    )


def _in_flight(records: Records, strike: Strike) -> int:
    return sum(
        each.began < strike.at < (each.ended or strike.at + 1) for each in records.stories.values()
    )


def _resent(records: Records, strike: Strike) -> Iterator[float]:
    """Of what a killed worker was at: the engine notices, and hands it to another."""
    for flow in {task.flow for task in strike.in_hand if task.name == "send_step"}:
        if flow in records.stories:
            again = taken_over(records.stories[flow], strike.at)
            if again and records.accepted[flow].plan.digits != HANGS:
                yield again.started - strike.at


def taken_over(story: Story, at: float) -> Task | None:
    """The send that was under way then, and was begun once more afterwards.

    Of a third attempt nobody knows when the second was.
    """
    for task in story.sends:
        if task.scheduled < at < task.started and task.attempt == 2:
            return task
    return None


def _waited(records: Records, strike: Strike) -> Iterator[float]:
    for entry in records.entries:
        first = entry.tries[0]
        if len(entry.tries) > 1 and first.asked < strike.over and first.ended > strike.at:
            yield entry.waited


@dataclass(frozen=True)
class Total:
    """A line of the totals."""

    what: str
    count: int


def totals(runs: Sequence[Records]) -> Sequence[Total]:
    """What went on, and what must be nothing."""
    tries = [each for records in runs for entry in records.entries for each in entry.tries]
    accepted = sum(len(records.accepted) for records in runs)
    requests = [r for records in runs for each in records.requests.values() for r in each]
    receipts = [r for records in runs for each in records.receipts.values() for r in each]
    reports = [r for records in runs for each in records.reports.values() for r in each]
    return [
        Total("flows accepted", accepted),
        Total("**lost flows**", sum(_lost(records) for records in runs)),
        Total("**second sends**", sum(_second_sends(records) for records in runs)),
        Total("**missing terminal callbacks**", sum(_untold(records) for records in runs)),
        Total("tries of the client", len(tries)),
        Total("answered 503", sum(each.status == 503 for each in tries)),
        Total("connections lost", sum(each.status is None for each in tries)),
        Total("requests to the provider", len(requests)),
        Total("not answered by it", sum(each.status is None for each in requests)),
        Total("messages that reached a recipient", sum(each.taken for each in requests)),
        Total("reports of the provider", len(reports)),
        Total("not taken in the end", sum(not each.settled for each in reports)),
        Total("forged reports", sum(len(records.forgeries) for records in runs)),
        Total("callbacks received", len(receipts)),
        Total("received once more", len(receipts) - len({each.event for each in receipts})),
    ]


def _lost(records: Records) -> int:
    return sum(records.shown.get(flow, {}).get("status") not in OVER for flow in records.accepted)


def _second_sends(records: Records) -> int:
    return sum(
        max(0, sum(each.taken for each in requests) - 1) for requests in records.requests.values()
    )


def _untold(records: Records) -> int:
    missing = 0
    for flow, entry in records.accepted.items():
        last = records.callbacks[flow].last[-1:] if flow in records.callbacks else []
        ends = [each["id"] for each in last if (each["body"] or {}).get("status") in OVER]
        taken = {each.event for each in records.receipts.get(entry.plan.path, ()) if each.taken}
        missing += bool(entry.plan.strategy) and not taken.intersection(ends)
    return missing
