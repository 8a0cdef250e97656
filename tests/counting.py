"""Reads the metrics as Prometheus would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY


def count(name: str, **labels: str) -> float:
    """What stands there now; 0 where nothing was counted yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def counting(name: str, **labels: str) -> Iterator[Callable[[], float]]:
    """How much it has grown since."""
    before = count(name, **labels)
    yield lambda: count(name, **labels) - before
