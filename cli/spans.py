"""How long a message may be valid, as people say it."""

from providers.base import Span

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def human(span: Span) -> str:
    """From the shortest to the longest, and in which steps if not in seconds."""
    steps = "" if span.unit == 1 else f", by the {lasting(span.unit).removeprefix('1 ')}"
    return f"{lasting(span.shortest)} to {lasting(span.longest)}{steps}"


def lasting(seconds: int) -> str:
    """In the greatest unit of which it is a whole number."""
    size, name = next(each for each in UNITS if seconds % each[0] == 0)
    return f"{seconds // size} {name}"
