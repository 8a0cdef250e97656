"""What the hostile URLs came to, printed at the end of the run."""

import pytest

from tests import tables


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables."""
    tables.write(
        terminalreporter,
        "hostile",
        "hostile URLs",
        ["category", "URLs", "by themselves", "by their names' addresses", "connections"],
    )
    tables.write(
        terminalreporter,
        "stricter",
        "what ssrfguard lets through and we refuse",
        ["reason", "URLs"],
    )
