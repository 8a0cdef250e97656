"""How quiet the machine is: the time of what always takes as much."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.cpu import Used

TURNS = 4_000_000
"""Of the loop; about a fifth of a second."""


def calibrated() -> float:
    """Seconds that the same work took, which needs nothing but a core."""
    started, total = time.perf_counter(), 0
    for number in range(TURNS):
        total += number & 7
    return time.perf_counter() - started


@dataclass
class Noise:
    """What was seen beside the measurements: the loop's seconds, and what the machine did else."""

    loops: list[float] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.loops:
            return "The machine's noise was not looked at."
        fastest = min(self.loops)
        slower = [f"{each / fastest - 1:.0%}" for each in (median(self.loops), max(self.loops))]
        said = (
            f"Noise: the same loop of {fastest:.2f} s, run {len(self.loops)} times between the "
            f"rounds, took {slower[0]} longer in the median and {slower[1]} longer at worst."
        )
        if not self.used:
            return said
        others = _share([each.others for each in self.used])
        waiting = _share([each.waiting for each in self.used])
        stolen = _share([each.stolen for each in self.used])
        return (
            f"{said} Of the machine, processes that were not ours used {others}, the sides whose "
            f"turn it was not {waiting}; the host took away {stolen}."
        )


def _share(shares: Sequence[float]) -> str:
    return f"{median(shares):.1%} ({max(shares):.1%} at most)"
