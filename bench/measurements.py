"""Every measurement of `make bench`, in the order in which they run and are shown."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench import creates, flows, footprint, growth, histories, latency, ttl
from bench.bench import Bench
from bench.table import Found


@dataclass(frozen=True)
class Measurement:
    """One of them: `name` for `--only`, what it `measures` as a title, and its `run`.

    `loads` says of how many loads it consists, for the progress bar.
    """

    name: str
    measures: str
    run: Callable[[Bench], Awaitable[Found]]
    loads: Callable[[Bench], int]


MEASUREMENTS: Sequence[Measurement] = (
    Measurement("flows", "Flows a second, and CPU a flow", flows.measure, flows.loads),
    Measurement("histories", "History events a flow", histories.measure, histories.loads),
    Measurement("creates", "Creates a second", creates.measure, creates.loads),
    Measurement("latency", "From a report to the next request", latency.measure, latency.loads),
    Measurement("ttl", "Flows that sleep, and how late they wake", ttl.measure, ttl.loads),
    Measurement("growth", "With finished flows on record", growth.measure, growth.loads),
    Measurement("footprint", "What a flow leaves on disk", footprint.measure, footprint.loads),
)
