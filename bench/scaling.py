"""Reckons what a rate of flows needs: `python -m bench.scaling` brings docs/scaling.md up to date.

The figures stand in the document's first table, and are read from there.
"""

import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.table import Table

DOCUMENT = Path("docs/scaling.md")
RATES = (10, 100, 1_000, 10_000)
"""Flows a second."""

BUSY = 0.6
"""The share of its core that a process may use on average: the rest is for peaks."""

UNDER_WAY = 60.0
"""Seconds that a flow is under way, on average: most are reported on within seconds, few never."""

KEPT = 5_000
"""Flows that a worker process keeps in memory."""

SHARD = 20.0
"""Transactions a second of a history shard: each 5 ms, one after the other, a tenth of its time."""

LEAST, LEAST_SHARDS = 2, 512
"""Processes, for one may die; and shards, as in docker-compose.yml."""

DAY, MONTH = 86_400.0, 30 * 86_400.0
BEGIN, END = "<!-- reckoned -->", "<!-- /reckoned -->"

Figures = Mapping[str, float]


def figures(document: str) -> dict[str, float]:
    """The first table of the document: what a flow costs, by the names in its first column."""
    found = dict(re.findall(r"^\| ([a-zA-Z][^|]*?) \| ([\d.,]+) \|", document, flags=re.MULTILINE))
    return {name: float(value.replace(",", "")) for name, value in found.items()}


def processes(rate: float, milliseconds: float) -> int:
    """How many that take so much CPU a flow."""
    return max(LEAST, math.ceil(rate * milliseconds / 1000 / BUSY))


def shards(rate: float, known: Figures) -> int:
    """A power of two, so that no shard is busy for more than a tenth of the time."""
    wanted = rate * known["transactions"] / SHARD
    return int(max(LEAST_SHARDS, 2 ** math.ceil(math.log2(max(1.0, wanted)))))


def rows(rate: float, known: Figures) -> Mapping[str, float]:
    """What a rate needs."""
    asleep = rate * UNDER_WAY
    return {
        "API processes": processes(rate, known["API CPU, ms"]),
        "worker processes": max(processes(rate, known["worker CPU, ms"]), math.ceil(asleep / KEPT)),
        "cores for Temporal": processes(rate, known["engine CPU, ms"]),
        "cores for PostgreSQL": processes(rate, known["PostgreSQL CPU, ms"]),
        "history shards": shards(rate, known),
        "flows under way": asleep,
        "workers' memory for them, GB": asleep * known["worker memory asleep, KB"] / 1e6,
        "Temporal's memory for them, GB": asleep * known["engine memory asleep, KB"] / 1e6,
        "transactions a second": rate * known["transactions"],
        "write-ahead log, MB/s": rate * known["write-ahead log, bytes"] / 1e6,
        "our tables, GB a day": rate * known["our tables, bytes"] * DAY / 1e9,
        "Temporal's, GB a day": rate * known["engine's tables, bytes"] * DAY / 1e9,
        "actions a second": rate * known["actions"],
        "actions a month, millions": rate * known["actions"] * MONTH / 1e6,
    }


def table(known: Figures) -> str:
    """All of it, in Markdown."""
    needs = [rows(rate, known) for rate in RATES]
    found = {name: [shown(each[name]) for each in needs] for name in needs[0]}
    header = ("flows a second", *(f"{rate:,}" for rate in RATES))
    return Table(header, [(name, *values) for name, values in found.items()]).markdown()


def shown(value: float) -> str:
    """With as many digits as it is worth."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def updated(document: str) -> str:
    """The document with its table reckoned anew."""
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table(figures(before))}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(updated(text), encoding="utf-8")
    sys.stdout.write(table(figures(text.partition(BEGIN)[0])) + "\n")
