"""What must hold, whatever happened: one function for each invariant, by the records alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.proof.evidence import OVER, Records


@dataclass(frozen=True)
class Verdict:
    """An invariant, how often it was looked at, and each breach in words."""

    name: str
    what: str
    checked: int
    breaches: Sequence[str]


Finding = tuple[int, Sequence[str]]
"""How many things were looked at, and what is wrong."""


def every_flow_ends(records: Records) -> Finding:
    """I1: every accepted flow reaches exactly one final status."""
    flows = records.accepted
    return len(flows), list(_not_ended(records))


def _not_ended(records: Records) -> Iterator[str]:
    for flow in records.accepted:
        status = records.shown.get(flow, {}).get("status")
        if status not in OVER:
            yield f"{flow} stands at {status}"


def nothing_is_sent_twice(records: Records) -> Finding:
    """I2: one message for a step; who forgets is not asked again unless nothing was sent."""
    return len(records.requests), list(_sent_twice(records))


def _sent_twice(records: Records) -> Iterator[str]:
    for reference, requests in records.requests.items():
        taken = sum(each.taken for each in requests)
        if taken > 1:
            yield f"{reference}: {taken} messages"
        asked = sum(each.status != 429 for each in requests)
        if not records.dedupes and asked > 1:
            yield f"{reference}: a provider that forgets was asked {asked} times"


def errors_are_honest(records: Records) -> Finding:
    """I10: no 5xx but 503, and what was accepted is known in the end."""
    return sum(len(entry.tries) for entry in records.entries), list(_dishonest(records))


def _dishonest(records: Records) -> Iterator[str]:
    for entry in records.entries:
        for each in entry.tries:
            if each.status and each.status >= 500 and each.status != 503:
                yield f"{entry.key}: {each.door} answered {each.status}"
        if entry.flow is None:
            yield f"{entry.key}: was never accepted"
        elif entry.flow not in records.shown:
            yield f"{entry.flow} was accepted, and nobody knows it"


def every_fault_fired(records: Records) -> Finding:
    """A fault that missed proves nothing."""
    missed = [strike for strike in records.strikes if not strike.fired]
    return len(records.strikes), [f"round {s.round.number}: {s.round.fault}" for s in missed]


INVARIANTS: Sequence[tuple[str, Callable[[Records], Finding]]] = (
    ("I1", every_flow_ends),
    ("I2", nothing_is_sent_twice),
    ("I10", errors_are_honest),
    ("fired", every_fault_fired),
)


def judged(runs: Sequence[Records]) -> Sequence[Verdict]:
    """Every invariant over all installations."""
    verdicts = []
    for name, check in INVARIANTS:
        findings = [check(records) for records in runs]
        what = (check.__doc__ or "").partition(": ")[2] or (check.__doc__ or "")
        verdicts.append(
            Verdict(
                name,
                what.strip().rstrip("."),
                sum(checked for checked, _ in findings),
                [breach for _, breaches in findings for breach in breaches],
            )
        )
    return verdicts
