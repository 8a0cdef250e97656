"""The table of the contract's cases and what came of them, printed at the end of a run."""

import re
from collections import defaultdict

import pytest

from tests import tables
from tests.providers.table import CASES, results

CASE = re.compile(r"tests/providers/test_([a-z]+)\.py::\w+::(test_\w+)")
TITLE = "the providers' contract (–: the provider is not one that the case is for)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it, if any case ran."""
    outcomes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            found = CASE.match(report.nodeid)
            if found and found[2] in CASES:
                said = "failed" if outcome == "error" else outcome
                outcomes[found[2], found[1]].append(said)
    names = sorted({provider for _, provider in outcomes})
    if names:
        headings = ("case", "for one that", *names)
        tables.show(terminalreporter, TITLE, headings, results(outcomes), width=160)
