"""The table of what was found where, printed at the end."""

import pytest

from tests import tables

ROW = "secrets found"
HEADINGS = ("source", "bytes", "found", "found without the seal")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the dump told, sealed and unsealed, as a table for a note."""
    tables.write(terminalreporter, ROW, "secrets in all that a run wrote down", HEADINGS)
