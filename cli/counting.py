"""How far long work has got: a bar for people, now and then a line where nobody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


@contextmanager
def counted(console: Console, what: str, total: int) -> Iterator[Advance]:
    """Show how many of `total` are done, as the block says; a line for each tenth of them."""
    if not console.is_terminal:
        yield _lines(console, what, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda number: bar.advance(task, number)


def _lines(console: Console, what: str, total: int) -> Advance:
    done = shown = 0

    def advance(number: int) -> None:
        nonlocal done, shown
        done += number
        if done - shown >= total / 10:
            console.print(f"{what}: {done} of {total}")
            shown = done

    return advance
