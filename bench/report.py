"""What was measured, as tables: on the terminal and in a document."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.asking import RUNS, Answer
from bench.writing import SNAPSHOTS, Cost

ROWS, TOTAL = 50, 500
"""Milliseconds that a page's rows and the total may take."""

SHOWN = (
    "everything",
    "status is Queued",
    "status is_not Succeeded",
    'to contains "12345"',
    'to contains "69"',
    'Failed, to contains "69"',
)
"""Whose plans the document shows; the others are in the file of `--plans`."""

PARTS = {"WITH RECURSIVE": "facets", "account FROM": "candidates", "count(": "total", "": "page"}
"""What a statement is for, by what stands in it."""

UNSAID = (
    r"Buffers|Planning|Heap Fetches|Workers|never executed|Rows Removed|Sort Key|SETUP|LEFT|RIGHT"
    r"|SCAN CONSTANT|SCALAR SUBQUERY|RECURSIVE STEP|InitPlan|SubPlan|Filter|Result "
)
SHORTER = {
    r"\(cost=[^)]*\) ?": "",
    r"actual time=[\d.]+\.\.([\d.]+)": r"\1 ms",
    r"= ANY \('\{[^}]*\}'[^)]*\)": "in (…)",
    r"::[a-z]+(\[\])?": "",
    r"recipients_\d+|other_\d+": "",
}
MOST_LINES = 8


INTRODUCTION = """\
# How fast the search is

Written by `make bench-search`, among {flows:,} flows of one account over a year, and a tenth as
many of twenty other accounts. *Rows* is all that a page takes: deciding how, finding its ten flows,
reading them with their reports and prices. *Total* is the exact count. A search does both, at one
moment of the database.
(!) marks what took longer than {rows} or {total} ms.

{machine}. The client runs beside the database. SQLite has its own defaults (a page cache of 2 MB)
and was not analysed: the migration tells it what it needs to know. PostgreSQL has its own defaults
(128 MB of shared buffers), autovacuum is off, the tables were vacuumed once. Nothing waits for the
disk (`fsync` and `synchronous` are off), which only matters to the writes at the end.

## How it works

Everything stands in `recipients`: a row for each number of a flow, with the flow's account, its
creation, and its *facet*, a code of kind, channels, status and the channel that ended it
(`tracking/facets.py`). A search asks which facets the account has (here fifty of the ninety that
there can be), and lets the filters on words choose among them in memory. Then:

- **Without `to`**, each chosen facet's flows stand in `recipients_by_time` in the order of their
  creation, and the database merges these runs: a page costs what it shows, however rare it is.
- **With a `to` that few flows meet** (up to a thousand, looked up first in `recipients_by_number`
  or by trigrams), these are fetched and sorted.
- **With a `to` that many meet**, the same runs are merged, and numbers are looked at on the way.

Counting reads the same index, which holds all that filters look at. A page far from both ends is
the one thing that stays slow: all before it are walked. The end is as near as the beginning.
"""


@dataclass
class Measured:
    """What was found on one database."""

    name: str
    answers: list[Answer] = field(default_factory=list)
    plans: dict[str, list[str]] = field(default_factory=dict)
    writes: list[Cost] = field(default_factory=list)


Rows = Sequence[Sequence[str]]


def tables(measured: Measured) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Each table's title, header and rows."""
    times = [
        (
            answer.question,
            f"{answer.matches:,}",
            _marked(answer.rows, ROWS),
            _marked(answer.total, TOTAL),
            f"{answer.both:.0f}",
        )
        for answer in measured.answers
    ]
    header = ("search", "matches", "rows, ms", "total, ms", "both, ms")
    yield f"median of {RUNS} runs", header, times
    if measured.writes:
        costs = [
            (cost.name, f"{cost.milliseconds:.2f}", f"{cost.bytes:.0f}") for cost in measured.writes
        ]
        yield (
            f"what writing costs ({SNAPSHOTS} snapshots a flow)",
            ("recipients", "a snapshot, ms", "a flow, bytes"),
            costs,
        )


def _marked(milliseconds: float, limit: float) -> str:
    return f"{milliseconds:.0f}" + (" (!)" if milliseconds > limit else "")


def document(found: Sequence[Measured], flows: int, machine: str) -> str:
    """The tables and the essence of the plans, as Markdown."""
    lines = [INTRODUCTION.format(flows=flows, rows=ROWS, total=TOTAL, machine=machine).rstrip()]
    for measured in found:
        lines += ["", f"## {measured.name}"]
        for title, header, rows in tables(measured):
            lines += ["", f"{title[0].upper()}{title[1:]}:", "", *_markdown(header, rows)]
        lines += ["", "### Plans", "", "Without what repeats, and without costs.", ""]
        for question in SHOWN:
            essence = list(_essence(measured.plans[question]))
            if question != SHOWN[0]:  # the facets are looked up alike every time
                essence = essence[
                    next(i for i, line in enumerate(essence[1:], 1) if line[0] != " ") :
                ]
            lines += [f"`{question}`", "", "```", *essence, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown(header: Sequence[str], rows: Rows) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|---" + "|---:" * (len(header) - 1) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '') for cell in row)} |"


def _essence(plan: Sequence[str]) -> Iterator[str]:
    """Each statement's part, and how the database goes about it."""
    seen: set[str] = set()
    for line in plan:
        if line and not line.startswith("    "):
            yield next(part for mark, part in PARTS.items() if mark in line)
            seen = set()
            continue
        line = line.removeprefix("    ")
        if len(seen) == MOST_LINES or re.search(UNSAID, line):
            continue
        for pattern, short in SHORTER.items():
            line = re.sub(pattern, short, line)
        shape = re.sub(r"[\d.]+", "#", line).strip()
        if shape and shape not in seen:
            seen.add(shape)
            yield f"    {line[:110]}"


def plans(found: Sequence[Measured]) -> str:
    """Every plan in full."""
    lines = []
    for measured in found:
        for question, plan in measured.plans.items():
            lines += [f"=== {measured.name}: {question}", *plan, ""]
    return "\n".join(lines)
