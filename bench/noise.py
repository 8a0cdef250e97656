"""How quiet the machine is: the time of what always takes as much."""

import time
from dataclasses import dataclass, field
from statistics import median

TURNS = 2_000_000
"""Of the loop; about a fifth of a second."""


def calibrated() -> float:
    """Seconds that the same work took, which needs nothing but a core."""
    started, total = time.perf_counter(), 0
    for number in range(TURNS):
        total += number & 7
    return time.perf_counter() - started


@dataclass
class Noise:
    """What was seen beside the measurements: the loop's seconds, the shares that others had."""

    loops: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    stolen: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.loops:
            return "The machine's noise was not looked at."
        fastest = min(self.loops)
        slower = [f"{each / fastest - 1:.0%}" for each in (median(self.loops), max(self.loops))]
        shares = [
            f"{median(each):.0%} of the machine (at most {max(each):.0%})"
            for each in (self.others, self.stolen)
            if each
        ]
        said = f"The same loop of {fastest:.2f} s, run {len(self.loops)} times between the rounds, "
        said += f"took {slower[0]} longer in the median and {slower[1]} longer at worst."
        if len(shares) == 2:
            said += (
                f" Processes that were not ours used {shares[0]}, the host took away {shares[1]}."
            )
        return said
