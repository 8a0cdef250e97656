"""What commands print of accounts: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import typer
from pydantic.alias_generators import to_camel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.wire import iso

WIDE = 200
"""Columns where nobody watches: a program's line is not broken."""


@dataclass(frozen=True)
class Told:
    """What a command has to say: `data` to programs, `shown` to people."""

    data: Any
    shown: Sequence[str | Table]

    def print(self, as_json: bool) -> None:
        """To standard output."""
        if as_json:
            text = json.dumps(self.data, default=_plain, ensure_ascii=False, indent=2)
            typer.echo(text.encode())  # bytes: the same in every locale
            return
        console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
        for each in self.shown:
            if isinstance(each, Table):
                console.print(each)
            else:
                console.print(Text(each), soft_wrap=True)


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Rows under their headings; amounts stand to the right. No cell is cut."""
    listed = list(rows)
    grid = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        right = any(type(row[place]) in (Decimal, int) for row in listed)
        grid.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in listed:
        grid.add_row(*(Text(shown(cell)) for cell in row))
    return grid


def pairs(**members: Any) -> str:
    """A line for each, its name before it."""
    width = max(map(len, members)) + 2
    return "\n".join(
        f"{name.replace('_', ' '):{width}}{shown(value)}" for name, value in members.items()
    )


def shown(value: Any) -> str:
    """A value as people read it; nothing is a dash."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return money(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case tuple() | list():
            return ", ".join(map(shown, value)) or "-"
        case None | "":
            return "-"
        case _:
            return str(value)


def money(amount: Decimal) -> str:
    """Exactly, with 2 to 6 decimals."""
    whole, _, decimals = f"{amount:.6f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def members(value: Any) -> dict[str, Any]:
    """The members of a dataclass, named as in JSON."""
    return {to_camel(field.name): getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, datetime):
        return iso(value)
    if is_dataclass(value):
        return members(value)
    raise TypeError(type(value).__name__)
