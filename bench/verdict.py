"""What was measured, in words: a document in Markdown."""

from collections.abc import Iterator, Sequence

from bench.isolation import (
    BESIDE_DEAD,
    BESIDE_HEALTHY,
    PATIENCE,
    TO_DEAD,
    TO_NONE,
    Found,
    Plan,
    Rounds,
)
from bench.receivers import EACH
from bench.spread import halves, interval, percentile, pooled, ratio

RECEIPTS_GOAL, FAILOVERS_GOAL = 1.2, 1.1
"""How much longer it may take because of dead receivers."""

DOCUMENT = """\
# What dead receivers do to the others

Written by `make bench-callbacks`. A receiver that is dead must cost its own client callbacks, and
nobody else anything: neither the callbacks of healthy receivers nor failing over may wait for it.

{verdicts}

{machine}; the load is that of the minutes before.
Everything runs there: engine, database (SQLite), worker, API, sandbox, receivers and what posts the
flows.{picture}

## Callbacks to a healthy receiver

{flows:,} flows of one Sms step, *OnCompletion* to a healthy receiver, and between them {flows:,}
with other receivers: {dead} dead ones, or {dead} that are as healthy. All are of one account,
posted at {receipts_rate:g} a second altogether. A time is from the event (`updatedAt`: when the
report that ended the flow reached the API) to the receipt, when the receiver has the request.

{receipts}

## Failing over

{failover_flows:,} flows for each line, posted at {failovers_rate:g} a second: a Viber step whose
recipient has no Viber, then Sms. A time is from the report that failed the first step, when it
reached the API, to the provider's being asked for the second, by the sandbox's record. Callbacks
are *OnStep*.

{failovers}

## How far to trust this

{controls}

The two services of the first comparison are not the same one, which is what the second line is for:
the same flows on both, before any receiver was dead. The intervals are where 90 of 100 ratios lie
when whole rounds are drawn anew. A 99th percentile hangs on a hundredth of the times.

## How it was measured

- Two whole services run side by side. **One never has a dead receiver; the other has all of them**,
  and goes on repeating their callbacks (after 30 s, 1, 2, 5, 10 min …) until the end, so that they
  pile up. On one service the repetitions for the dead would also burden the side without them.
- Both get the same load. Only what becomes of the companions' callbacks differs.
- The dead ones are {dead}, each of its own origin, a third of each kind: the port refuses
  connections; it takes the request and never answers; its backlog is full, so that connecting gets
  no answer, as from a host that is gone.
- Rounds of {first_round} flows a side take turns, every other time in the reverse order
  (A B B A …). The times of all rounds are pooled. A round before them only warms up.
- All times are of one machine's clock, to the millisecond. Receivers are a process of their own and
  note a request once its head has been read.
- What had not happened {patience:.0f} s after a round's last flow would count as {patience:.0f} s.
  {late}
"""


def document(found: Found, plan: Plan, machine: str, picture: str | None) -> str:
    """All of it. `picture` is the name of a file in docs/images."""
    shown = f"\n\n![Percentiles of both](images/{picture})" if picture else ""
    happened = f"It happened to {found.late:,} flows." if found.late else "It happened to none."
    return DOCUMENT.format(
        verdicts="\n".join(f"- {each}" for each in verdicts(found)),
        machine=machine,
        picture=shown,
        flows=plan.receipts,
        failover_flows=plan.failovers,
        dead=3 * EACH,
        receipts_rate=plan.receipts_rate,
        failovers_rate=plan.failovers_rate,
        receipts=_table(found.receipts, BESIDE_HEALTHY),
        failovers=_table(found.failovers, TO_NONE),
        controls=_controls(found),
        first_round=plan.first_round,
        patience=PATIENCE,
        late=happened,
    )


def verdicts(found: Found) -> Iterator[str]:
    """A sentence for each goal, whether it is met or missed."""
    receipts, failovers = found.receipts, found.failovers
    yield _verdict(
        "Healthy receivers' 99th percentile beside dead ones",
        (receipts[BESIDE_DEAD], receipts[BESIDE_HEALTHY], 99),
        RECEIPTS_GOAL,
    )
    for percent, name in ((50, "median"), (99, "99th percentile")):
        yield _verdict(
            f"Failing over with callbacks to dead receivers, {name}",
            (failovers[TO_DEAD], failovers[TO_NONE], percent),
            FAILOVERS_GOAL,
        )


def _verdict(what: str, times: tuple[Rounds, Rounds, int], goal: float) -> str:
    found, (least, most) = ratio(*times), interval(*times)
    word = "met" if found <= goal else "**missed**"
    doubt = ", within the doubt" if least <= goal < most else ""
    return (
        f"{what}: {found:.2f} times that without ({least:.2f} to {most:.2f}); "
        f"at most {goal} is the goal, {word}{doubt}."
    )


def _table(sides: dict[str, Rounds], base: str) -> str:
    """Percentiles of each side, and the others' as multiples of the base's."""
    header = ("", "flows", "p50, ms", "p90, ms", "p99, ms", "p50 ratio", "p99 ratio")
    rows = []
    for name, rounds in sides.items():
        times = pooled(rounds)
        spread = [f"{percentile(times, percent) * 1000:,.0f}" for percent in (50, 90, 99)]
        ratios = ["1", "1"] if name == base else list(_ratios(rounds, sides[base]))
        rows.append((name, f"{len(times):,}", *spread, *ratios))
    return _markdown(header, rows)


def _ratios(one: Rounds, other: Rounds) -> Iterator[str]:
    for percent in (50, 99):
        least, most = interval(one, other, percent)
        yield f"{ratio(one, other, percent):.2f} ({least:.2f} to {most:.2f})"


def _controls(found: Found) -> str:
    """Ratios of what should be alike."""
    healthy, none = found.receipts[BESIDE_HEALTHY], found.failovers[TO_NONE]
    alike = {
        f"receipts {BESIDE_HEALTHY}, half of the rounds against the others": halves(healthy),
        "receipts on the two services, nobody dead yet": tuple(found.before.values()),
        f"failing over with {TO_NONE}, half of the rounds against the others": halves(none),
    }
    rows = [
        (what, *(f"{ratio(one, other, percent):.2f}" for percent in (50, 99)))
        for what, (one, other) in alike.items()
    ]
    return _markdown(("what should be alike", "p50 ratio", "p99 ratio"), rows)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
