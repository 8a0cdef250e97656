"""Lengths of time as operators write them: 30s, 10m, 24h, 7d; and moments by them."""

import re
from datetime import UTC, datetime, timedelta

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


def moment(text: str) -> datetime:
    """So long ago, or a date in ISO 8601; UTC unless it says otherwise.

    Raises:
        BadParameter: something else.
    """
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.now(UTC) - age(text)
    except (typer.BadParameter, OverflowError):
        raise typer.BadParameter(
            "an age, such as 2h or 3d, or a date, such as 2026-09-01T08:00"
        ) from None
