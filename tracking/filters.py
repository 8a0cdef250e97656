"""What clients may search flows by (contract.md §5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.flow import Kind
from domain.progress import FlowStatus
from domain.status import Channel
from tracking.facets import Facet


class Field(StrEnum):
    """What a filter looks at."""

    TYPE = "type"
    TERMINATION_CHANNEL = "terminationChannel"
    STATUS = "status"
    TO = "to"
    FLOW_KIND = "flowKind"


class Operator(StrEnum):
    """How it looks."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"


EQUALITY = (Operator.IS, Operator.IS_NOT)

OPERATORS: Mapping[Field, tuple[Operator, ...]] = {
    Field.TYPE: EQUALITY,
    Field.TERMINATION_CHANNEL: EQUALITY,
    Field.STATUS: EQUALITY,
    Field.TO: tuple(Operator),
    Field.FLOW_KIND: EQUALITY,
}

TERMS: Mapping[Field, tuple[str, ...]] = {
    Field.TYPE: tuple(Channel),
    Field.TERMINATION_CHANNEL: tuple(Channel),
    Field.STATUS: tuple(FlowStatus),
    Field.FLOW_KIND: tuple(Kind),
}
"""What each field can be; `to` is any text."""


@dataclass(frozen=True)
class Filter:
    """One condition. With `is_not` exactly those flows are found that `is` would not find.

    `type` and `to` look at every step of a flow: `is` at least one of them has it, `is_not` none.
    """

    field: Field
    operator: Operator
    term: str

    def admits(self, facet: Facet) -> bool:
        """Whether flows of that facet may be found; `to` cannot tell by it."""
        match self.field:
            case Field.TYPE:
                found = self.term in facet.channels
            case Field.TERMINATION_CHANNEL:
                found = self.term == facet.ended_by
            case Field.STATUS:
                found = self.term == facet.status
            case Field.FLOW_KIND:
                found = self.term == facet.kind
            case Field.TO:
                return True
        return found is (self.operator is Operator.IS)


@dataclass(frozen=True)
class Search:
    """An account's flows that pass every filter, and which page of them.

    `start` and `end` bound the creation, both included. `page` counts from 0.
    """

    account: str
    filters: tuple[Filter, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    tracking_id: str | None = None
    page: int = 0
    size: int = 10
    newest_first: bool = True

    @property
    def offset(self) -> int:
        """How many flows stand before the page."""
        return self.page * self.size
