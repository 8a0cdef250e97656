"""What a `to` filter says about the numbers on record.

They are kept as `tracking/records.py` writes them: +3069…, or user@host in small letters.
"""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_

from domain import recipient
from tracking.filters import Filter, Operator

_LAST = "\U0010ffff"
_ESCAPE = "\\"


def kept(number: str) -> str:
    """The recipient's number or address as it is kept for searching."""
    return number.lower()


@dataclass(frozen=True)
class Pattern:
    """A condition on a number, met by any of the alternatives; `negated` turns the answer."""

    operator: Operator
    alternatives: tuple[str, ...]
    negated: bool = False

    @classmethod
    def of(cls, wanted: Filter) -> "Pattern":
        """The filter's pattern.

        `is` and `starts_with` understand numbers without +, with 00 in front and with spaces;
        `contains` and `ends_with` look for what was typed.
        """
        term = kept(wanted.term.strip())
        match wanted.operator:
            case Operator.IS | Operator.IS_NOT:
                negated = wanted.operator is Operator.IS_NOT
                return cls(Operator.IS, (_whole(term),), negated)
            case Operator.STARTS_WITH:
                return cls(Operator.STARTS_WITH, _beginnings(term))
            case operator:
                return cls(operator, (term,))

    def on(self, number: ColumnElement[str]) -> ColumnElement[bool]:
        """The condition, before it is negated. Values are bound, and taken as they are."""
        return or_(false(), *(self._one(number, each) for each in self.alternatives))

    def _one(self, number: ColumnElement[str], term: str) -> ColumnElement[bool]:
        match self.operator:
            case Operator.STARTS_WITH:
                return and_(number >= term, number < term + _LAST)
            case Operator.CONTAINS:
                return number.like(f"%{_literal(term)}%", escape=_ESCAPE)
            case Operator.ENDS_WITH:
                return number.like(f"%{_literal(term)}", escape=_ESCAPE)
            case _:
                return number == term


def _literal(term: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", term)


def _digits(term: str) -> str | None:
    """The number that the term begins, as +3069…; None for what is no number."""
    bare = re.sub(r"[\s().-]", "", term)
    if not re.fullmatch(r"\+?[0-9]+", bare):
        return None
    return "+" + bare.removeprefix("+").removeprefix("00")


def _whole(term: str) -> str:
    number = _digits(term)
    if number is None:
        return term.removeprefix("sip:")
    try:
        return recipient.e164(number)
    except ValueError:
        return number


def _beginnings(term: str) -> tuple[str, ...]:
    number = _digits(term)
    if number is None:
        return (term.removeprefix("sip:"),)
    # A SIP address may begin with digits, too.
    return (number,) if term.startswith("+") else (number, term)
