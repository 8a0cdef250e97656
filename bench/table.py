"""What a measurement found: tables, goals, and what is drawn of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Table:
    """Cells as they are shown; the first column names the row, figures stand in the others."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""

    def markdown(self) -> str:
        """The table in Markdown, under its title."""
        lines = [f"| {' | '.join(self.header)} |", "|---" + "|---:" * (len(self.header) - 1) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([*([f"{self.title}:", ""] if self.title else []), *lines])


@dataclass(frozen=True)
class Goal:
    """A figure of each round, and what it should be; `at_least` or at most.

    `figure` shows one, such as "{:.2f}" or "{:.1f} ms".
    """

    what: str
    found: Sequence[float]
    goal: float
    figure: str = "{:.2f}"
    at_least: bool = False

    @property
    def middle(self) -> float:
        """What counts: the rounds' median."""
        return median(self.found)

    @property
    def is_met(self) -> bool:
        """Whether the median is as good as the goal."""
        return self.middle >= self.goal if self.at_least else self.middle <= self.goal

    def __str__(self) -> str:
        shown = [self.figure.format(each) for each in (self.middle, self.goal)]
        least, most = [self.figure.format(each) for each in (min(self.found), max(self.found))]
        spread = f" ({least} to {most})" if len(self.found) > 1 else ""
        bound = "at least" if self.at_least else "at most"
        word = "met" if self.is_met else "**missed**"
        return f"{self.what}: {shown[0]}{spread}; the goal is {bound} {shown[1]}: {word}."


@dataclass(frozen=True)
class Bars:
    """A bar for each name, made of parts; `unit` says what their lengths are."""

    title: str
    unit: str
    bars: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Found:
    """All of it. `notes` are sentences below the tables; `bars` is drawn."""

    tables: Sequence[Table]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    bars: Bars | None = None


def spread(values: Sequence[float], figure: str = "{:.1f}") -> str:
    """The median, and from the least to the most."""
    least, middle, most = [
        figure.format(each) for each in (min(values), median(values), max(values))
    ]
    return middle if len(values) == 1 else f"{middle} ({least} to {most})"
