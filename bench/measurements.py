"""Every measurement of `make bench`, in the order in which they run and are shown."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench import flows, histories
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
)
