"""The metrics themselves: their labels are few, and counting harms nobody."""

import re
from pathlib import Path

import pytest
from prometheus_client import Counter, Histogram
from structlog.testing import capture_logs

from metrics import catalogue
from tests.counting import counting

METRICS = [each for each in vars(catalogue).values() if isinstance(each, Counter | Histogram)]


def test_every_metric_stands_here() -> None:
    """Ours, by their common beginning, with what they mean."""
    assert len(METRICS) == 14
    for each in METRICS:
        assert re.fullmatch(r"failover_[a-z_]+", each._name)
        assert each._documentation.endswith(".")


def test_operators_can_read_of_every_metric() -> None:
    """By the name under which Prometheus has it."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for each in METRICS:
        suffix = "_total" if isinstance(each, Counter) else ""
        assert f"`{each._name}{suffix}`" in readme


def test_no_label_tells_who() -> None:
    """Each value of a label is a series for ever: an account's or a flow's would have no end."""
    labels = {label for each in METRICS for label in each._labelnames}
    assert labels == {
        "channel", "code", "kind", "method", "outcome", "provider", "result", "route", "status",
    }  # fmt: skip


def test_a_method_that_nobody_knows_is_no_series() -> None:
    """Clients write there what they like."""
    with counting("failover_requests_total", route="none", method="other", status="405") as counted:
        for method in ("BREW", "PROPFIND", "x" * 100):
            catalogue.answered("none", method, 405, None, 0.1)
    assert counted() == 3


def test_counting_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is answered, whatever becomes of its count; the log says what was not."""
    monkeypatch.setattr(catalogue, "CALLBACKS", None)
    with capture_logs() as logs:
        catalogue.told("delivered")
    assert logs == [
        {"event": "not counted", "what": "told", "fault": "AttributeError", "log_level": "error"}
    ]
