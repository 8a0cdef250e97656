"""docs/performance.md: a part for each engine, in it one for each measurement."""

import re
from collections.abc import Mapping, Sequence

from bench.table import Found

TITLES = {"development": "On the development server", "cluster": "On the cluster"}

INTRODUCTION = """\
# How fast it is

Written by `make bench` and `make bench ENGINE=cluster`, each of which writes its own part. Clients,
provider, receiver, engine, databases and what is measured all run on one machine. What is compared,
and why that is fair, is in [decisions/0026](decisions/0026-measured-beside.md).

- **ours**: `failover api` and `failover worker`, as in production.
- **bare**: the barest Temporal program that sends, waits for the report or the ttl, fails over and
  tells the client (`bench/bare/`): without our API, models, keys, charges and tracking, and without
  what makes a send happen once where a worker dies.
- **DBOS**: the same flow on DBOS 3 (`bench/dbos_/`), a library on PostgreSQL without an engine.

Goals are judged by the median of the rounds; in brackets are the least and the most.
"""

Parts = dict[str, dict[str, str]]
"""By engine's title, by measurement's title: Markdown."""


def part(found: Found, picture: str | None) -> str:
    """A measurement in Markdown; `picture` is the name of a file in docs/images."""
    blocks = ["\n".join(f"- {goal}" for goal in found.goals)] if found.goals else []
    blocks += [table.markdown() for table in found.tables]
    if picture and found.bars:
        blocks.append(f"![{found.bars.title}](images/{picture})")
    return "\n\n".join([*blocks, *found.notes])


def read(document: str) -> Parts:
    """The parts of a document that was written before."""
    parts: Parts = {}
    for engine in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        title, _, rest = engine.partition("\n")
        head, *measurements = re.split(r"^### ", rest, flags=re.MULTILINE)
        parts[title.strip()] = {"": head.strip()}
        for each in measurements:
            name, _, text = each.partition("\n")
            parts[title.strip()][name.strip()] = text.strip()
    return parts


def written(parts: Parts, order: Sequence[str]) -> str:
    """The document; measurements in that order, those of an engine that are there."""
    lines = [INTRODUCTION.rstrip()]
    for engine in TITLES.values():
        if engine in parts:
            lines += ["", f"## {engine}", "", parts[engine].get("", "")]
            for name in order:
                if name in parts[engine]:
                    lines += ["", f"### {name}", "", parts[engine][name]]
    return "\n".join(lines).rstrip() + "\n"


def updated(
    document: str, engine: str, head: str, found: Mapping[str, str], order: Sequence[str]
) -> str:
    """The document with these measurements of that engine in it, instead of earlier ones."""
    parts = read(document)
    earlier = parts.get(TITLES[engine], {})
    parts[TITLES[engine]] = {**earlier, "": head, **found}
    return written(parts, order)
