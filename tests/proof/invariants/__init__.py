"""What must hold, whatever happened: one function for each invariant, by the records alone.

Each is given one installation's records and returns how many things it looked at, and each breach
in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.proof.evidence import Records
from tests.proof.invariants.answers import (
    answers_are_honest,
    every_fault_fired,
    set_pieces_hold,
)
from tests.proof.invariants.callbacks import callbacks_are_complete, callbacks_are_genuine
from tests.proof.invariants.finding import Finding
from tests.proof.invariants.flows import (
    every_flow_ends,
    histories_replay,
    reports_count,
    steps_follow_each_other,
)
from tests.proof.invariants.hidden import secrets_stay_hidden
from tests.proof.invariants.sends import forgeries_change_nothing, nothing_is_sent_twice

INVARIANTS: Mapping[str, Callable[[Records], Finding]] = {
    "I1": every_flow_ends,
    "I2": nothing_is_sent_twice,
    "I3": steps_follow_each_other,
    "I4": callbacks_are_genuine,
    "I5": callbacks_are_complete,
    "I6": forgeries_change_nothing,
    "I7": reports_count,
    "I8": secrets_stay_hidden,
    "I9": histories_replay,
    "I10": answers_are_honest,
    "fired": every_fault_fired,
    "pieces": set_pieces_hold,
}


@dataclass(frozen=True)
class Verdict:
    """An invariant: what it says, how often that was looked at, and each breach in words."""

    name: str
    what: str
    checked: int
    breaches: Sequence[str]


def judged(runs: Sequence[Records]) -> Sequence[Verdict]:
    """Every invariant over all installations."""
    verdicts = []
    for name, check in INVARIANTS.items():
        findings = [check(records) for records in runs]
        checked = sum(finding.checked for finding in findings)
        breaches = [breach for finding in findings for breach in finding.breaches]
        what = (check.__doc__ or "").partition("\n")[0].rstrip(".")
        verdicts.append(Verdict(name, what, checked, breaches))
    return verdicts
