"""The report of a run, as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.proof.evidence import Records
from tests.proof.figures import kinds, totals
from tests.proof.invariants import Verdict

SHOWN = 20
"""Breaches of one invariant that are written out."""


@dataclass(frozen=True)
class Setting:
    """What was played, and where; `again` is the command that plays it once more."""

    seed: str
    rounds: int
    engine: str
    database: str
    machine: str
    minutes: float
    again: str


INTRODUCTION = """\
# What faults do to it

Written by `make faults`: {rounds} rounds, drawn from the seed `{seed}`, in {minutes:.0f} minutes
on the {engine} and {database}. In each round something is killed, stopped or away amid normal
traffic. Then a judge who looks from outside only (the provider's record, the receiver's notes, the
client's ledger, the public API, exported histories) asks whether anything was lost, sent twice, or
not told. To play it again:

```
{again}
```

{machine}; the load is that of the minutes before.
"""

PLAYED = """\
Half of the rounds are played with a provider that takes a repeated reference for one message, half
with one that forgets, so that nothing may be asked of it twice. *In flight*: flows that ran when
the fault struck, all rounds together. *Next attempt*: from the kill until the engine handed a
send that the dead worker was at to another. *Client waited*: from its first try until it was
accepted. *Away*: until all was at work again. The longest of each, in seconds.
"""


def written(
    setting: Setting, runs: Sequence[Records], verdicts: Sequence[Verdict], picture: str = ""
) -> str:
    """The whole report; `picture` is where it stands, by the report."""
    return "\n".join(_lines(setting, runs, verdicts, picture)) + "\n"


def _lines(
    setting: Setting, runs: Sequence[Records], verdicts: Sequence[Verdict], picture: str
) -> Iterator[str]:
    yield INTRODUCTION.format(**vars(setting))
    yield "| | |\n|---|---:|"
    for total in totals(runs):
        yield f"| {total.what} | {total.count:,} |"
    if picture:
        yield f"\n![The timeline of one flow whose worker was killed]({picture})"
    yield "\n## Faults\n"
    yield PLAYED
    yield "| fault | rounds | fired | in flight | next attempt | client waited | away |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for kind in kinds(runs):
        yield (
            f"| {kind.fault} | {kind.rounds} | {kind.fired} | {kind.in_flight} "
            f"| {_seconds(kind.resent)} | {_seconds(kind.waited)} | {kind.away:.1f} |"
        )
    for name, why in {each: why for run in runs for each, why in run.hindered.items()}.items():
        yield f"\nNot played: {name}, as {why}."
    yield "\n## Invariants\n"
    yield "| | what holds | looked at | breaches |\n|---|---|---:|---:|"
    for each in verdicts:
        yield f"| {each.name} | {each.what} | {each.checked:,} | {len(each.breaches)} |"
    broken = [each for each in verdicts if each.breaches]
    for each in broken:
        yield f"\n{each.name} was broken:\n"
        yield from (f"- {_line(breach)}" for breach in each.breaches[:SHOWN])
    yield "\n## How a fault proves that it fired\n"
    yield "One of each kind, in its own words.\n"
    yield from _proofs(runs)


def _proofs(runs: Sequence[Records]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for records in runs:
        for strike in records.strikes:
            if strike.fired:
                seen.setdefault(strike.round.fault, "; ".join(strike.proofs))
    yield from (f"- {fault}: {proof}" for fault, proof in sorted(seen.items()))


def _seconds(longest: float | None) -> str:
    return "–" if longest is None else f"{longest:.1f}"


def _line(breach: str) -> str:
    return " ".join(breach.split())
