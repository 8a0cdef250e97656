"""What the API answered, and what the harness did: I10, and whether each fault fired."""

from collections.abc import Iterator

from tests.proof.evidence import Records
from tests.proof.invariants.finding import Finding
from tests.proof.ledger import Entry

AWAY = 503
"""The one error of the server's that a client may see: nothing was taken, ask again."""


def answers_are_honest(records: Records) -> Finding:
    """No answer is a 5xx but 503, and what was accepted is known in the end."""
    tries = sum(len(entry.tries) for entry in records.entries)
    return Finding.of(
        tries + len(records.forgeries),
        (
            *(wrong for entry in records.entries for wrong in _answered(records, entry)),
            *(
                f"a report {each.kind} was answered {each.status}"
                for each in records.forgeries
                if _is_wrong(each.status)
            ),
        ),
    )


def _answered(records: Records, entry: Entry) -> Iterator[str]:
    for each in entry.tries:
        if _is_wrong(each.status):
            yield f"{entry.key}: {each.door} answered {each.status}: {each.body}"
    if entry.flow is None:
        last = entry.tries[-1].status if entry.tries else "nothing"
        yield f"{entry.key} was never accepted: {last} in the end"
    elif entry.flow not in records.shown:
        yield f"{entry.flow} was accepted, and nobody knows it"


def _is_wrong(status: int | None) -> bool:
    return status is not None and status >= 500 and status != AWAY


def every_fault_fired(records: Records) -> Finding:
    """Every planned fault hit: one that missed proves nothing."""
    return Finding.of(
        len(records.strikes),
        (
            f"round {each.round.number}: {each.round.fault}"
            for each in records.strikes
            if not each.fired
        ),
    )


def set_pieces_hold(records: Records) -> Finding:
    """What a set piece demands of its own holds."""
    return Finding.of(
        len(records.strikes),
        (f"{each.round.fault}: {wrong}" for each in records.strikes for wrong in each.wrongs),
    )
