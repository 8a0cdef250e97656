"""Lengths of time as operators write them: 30s, 10m, 24h, 7d."""

import re
from datetime import timedelta

import typer

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def age(text: str) -> timedelta:
    """A number with its unit.

    Raises:
        BadParameter: something else.
    """
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise typer.BadParameter("a number with its unit, such as 30s, 10m, 2h or 1d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})
