"""The demonstration's picture: a table of flows, their steps and times."""

from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.stories import Story

GOOD, BAD, WAITING = "green", "red", "yellow"
_GOOD_ENDS = {"DELIVERED", "SEEN", "Delivered", "Completed"}
_UNDER_WAY = {"QUEUED", "SENT", "Queued", "Sent", "Initiated", "Ringing", "InProgress"}


@dataclass
class Run:
    """One story as it goes on: the last that tracking said of it."""

    story: Story
    tracking_id: str
    started: float
    view: dict[str, Any] = field(default_factory=dict)
    ended: float | None = None
    faults: list[str] = field(default_factory=list)
    callbacks: int = 0

    @property
    def status(self) -> str:
        """The flow's status."""
        return str(self.view.get("status", "Queued"))

    @property
    def ends(self) -> tuple[str, ...]:
        """Each attempted step's channel and status."""
        messages = self.view.get("messages", [])
        return tuple(f"{each['type']} {each['status']['name']}" for each in messages)

    @property
    def price(self) -> float:
        """What its steps were charged."""
        return float(self.view.get("totalPrice", 0))

    def judge(self) -> None:
        """Note where the flow ended otherwise than its story."""
        ends = tuple(end.replace("SEEN", "DELIVERED") for end in self.ends)
        if ends != self.story.ends:
            self.faults.append(f"steps ended {', '.join(ends) or 'nowhere'}")
        found = (self.status, self.view.get("statusCode"))
        if found != (self.story.status, self.story.code):
            self.faults.append(f"flow ended {found[0]} with statusCode {found[1]}")
        if self.price != self.story.price:
            self.faults.append(f"{self.price} was charged, not {self.story.price}")


def table(runs: list[Run], now: float) -> Table:
    """What a person watches."""
    grid = Table(box=box.ROUNDED, title="Flows", title_justify="left", expand=False)
    for heading in ("flow", "steps", "status", "price", "callbacks", "time"):
        right = heading in {"price", "callbacks", "time"}
        grid.add_column(heading, justify="right" if right else "left")
    for run in runs:
        took = (run.ended or now) - run.started
        grid.add_row(
            run.story.title,
            _steps(run),
            _status(run),
            f"{run.price:.2f}",
            str(run.callbacks),
            f"{took:.1f} s",
        )
    return grid


def bar() -> Progress:
    """How many flows have ended."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )


def _steps(run: Run) -> Text:
    parts = Text()
    for place, end in enumerate(run.ends):
        word = end.rpartition(" ")[2]
        colour = GOOD if word in _GOOD_ENDS else WAITING if word in _UNDER_WAY else BAD
        parts.append(" → " if place else "").append(end, style=colour)
    waiting = run.story.steps[len(run.ends) :]
    if run.ended is None and waiting:
        parts.append(f" … {', '.join(step['type'] for step in waiting)}", style="dim")
    return parts


def _status(run: Run) -> Text:
    if run.faults:
        return Text("✗ " + "; ".join(run.faults), style=BAD)
    if run.ended is None:
        return Text(run.status, style=WAITING)
    code = f" ({run.story.code})" if run.story.code else ""
    return Text(f"✓ {run.status}{code}", style=GOOD)
