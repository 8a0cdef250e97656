"""Tables of what a run did, printed at its end for people."""

from collections.abc import Iterable, Sequence

import pytest
from rich import box
from rich.console import Console
from rich.table import Table


def write(
    reporter: pytest.TerminalReporter, name: str, title: str, headings: Sequence[str]
) -> None:
    """Print the rows that tests recorded as properties of that name, if there are any."""
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in reporter.getreports(outcome)
        for recorded, value in report.user_properties
        if recorded == name
    ]
    if not rows:
        return
    show(reporter, title, headings, rows)


def show(
    reporter: pytest.TerminalReporter,
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    width: int = 120,
) -> None:
    """Print the rows under the title, at most so wide."""
    table = Table(*headings, box=box.MARKDOWN)
    for row in rows:
        table.add_row(*map(str, row))
    reporter.section(title)
    console = Console(width=width, color_system=None)
    with console.capture() as printed:
        console.print(table)
    reporter.write(printed.get())
