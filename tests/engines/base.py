"""An engine of processes that can be killed one by one, whichever it is."""

import signal
from collections.abc import Sequence
from typing import Protocol


class Engine(Protocol):
    """A Temporal server at work; its namespace and search attributes are made by `bootstrap`.

    `parts` are the processes that it is made of, by the names that the other methods take.
    """

    @property
    def name(self) -> str:
        """What it is called in a report."""
        ...

    @property
    def address(self) -> str:
        """Where clients reach it, `host:port`."""
        ...

    @property
    def parts(self) -> Sequence[str]:
        """Its processes."""
        ...

    def pids(self, part: str) -> Sequence[int]:
        """The part's process, and all those below it; none while it is down."""
        ...

    async def kill(self, part: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it the signal, and return once it is gone."""
        ...

    async def start(self, part: str) -> None:
        """Start what was killed, and return once the engine answers again."""
        ...
