"""What clients search flows by, and a page of what they find (contract.md §5.2)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from domain import lenient
from domain.flow import Kind
from domain.progress import FlowStatus
from domain.status import Channel
from domain.wire import Request, Wire, is_blank
from storage.seal import Sealer
from tracking import filters
from tracking.filters import OPERATORS, TERMS, Filter, Operator, Search
from tracking.records import Page
from tracking.view import FlowView, view

LARGEST_PAGE = 2000
MOST_FILTERS = 10
LAST_PAGE = 2**31 - 1

T = TypeVar("T")

_SORT = re.compile(r"createdat(,(asc|desc))?")
# A + that was not escaped arrives as a space.
_OFFSET = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:?[0-9]{2}$)")


def spelled(words: type[StrEnum]) -> lenient.AnyCase:
    """One of the words, read in any case."""
    known = {word.lower(): word for word in words}
    return lenient.AnyCase(lambda word: known.get(word.strip().lower(), word))


def _moment(text: Any) -> datetime:
    if not isinstance(text, str):
        raise ValueError("Input should be an ISO 8601 date")
    bare = text.strip()
    try:
        moment = datetime.fromisoformat(_OFFSET.sub("+", bare) if "T" in bare else bare)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Input should be an ISO 8601 date, like 2025-05-05T15:00Z") from None


def _newest_first(sort: str) -> str:
    if not _SORT.fullmatch(re.sub(r"\s", "", sort).lower()):
        raise ValueError("Input should be createdAt,desc or createdAt,asc")
    return sort


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Input should have no control characters")
    return text


Term = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    AfterValidator(_printable),
]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2025-05-05T15:00Z"]}),
]


class Paging(Request):
    """Which page of the flows, and of which days. A date without offset is UTC."""

    date_start: Moment | None = Field(default=None, description="Created then or later")
    date_end: Moment | None = Field(default=None, description="Created then or earlier")
    page: int = Field(default=0, ge=0, le=LAST_PAGE, description="Counted from 0")
    size: int = Field(default=10, ge=1, le=LARGEST_PAGE)
    sort: Annotated[str, AfterValidator(_newest_first)] = Field(
        default="createdAt,desc", description="createdAt,desc or createdAt,asc"
    )
    flow_kind: Annotated[Kind, spelled(Kind)] | None = None

    @field_validator("date_end")
    @classmethod
    def _after_the_start(cls, end: datetime | None, info: ValidationInfo) -> datetime | None:
        start = info.data.get("date_start")
        if start and end and end < start:
            raise ValueError("Input should not be earlier than dateStart")
        return end

    def search(self, account: str, given: tuple[Filter, ...]) -> Search:
        """The account's flows that pass all of the filters."""
        return Search(
            account=account,
            filters=given + _all_is({filters.Field.FLOW_KIND: self.flow_kind}),
            start=self.date_start,
            end=self.date_end,
            page=self.page,
            size=self.size,
            newest_first=not self.sort.strip().lower().endswith("asc"),
        )


class Listing(Paging):
    """The search by query alone."""

    tracking_id: Term | None = None
    status: Annotated[FlowStatus, spelled(FlowStatus)] | None = None
    type: Annotated[Channel, spelled(Channel)] | None = None
    to: Term | None = None
    termination_channel: Annotated[Channel, spelled(Channel)] | None = None

    def filters(self) -> tuple[Filter, ...]:
        """Each member that is given."""
        return _all_is(
            {
                filters.Field.STATUS: self.status,
                filters.Field.TYPE: self.type,
                filters.Field.TO: self.to,
                filters.Field.TERMINATION_CHANNEL: self.termination_channel,
            }
        )


def _all_is(terms: Mapping[filters.Field, str | None]) -> tuple[Filter, ...]:
    return tuple(Filter(field, Operator.IS, term) for field, term in terms.items() if term)


class SearchFilter(Request):
    """One condition. Names and words are read in any case."""

    field_name: Annotated[filters.Field, spelled(filters.Field)]
    search_operator: Annotated[Operator, spelled(Operator)] = Operator.IS
    search_term: Term

    @field_validator("search_operator")
    @classmethod
    def _of_the_field(cls, operator: Operator, info: ValidationInfo) -> Operator:
        allowed = OPERATORS.get(info.data.get("field_name", filters.Field.TO), ())
        if operator not in allowed:
            raise ValueError(f"Input should be {_any_of(allowed)}")
        return operator

    @field_validator("search_term")
    @classmethod
    def _in_the_fields_words(cls, term: str, info: ValidationInfo) -> str:
        words = TERMS.get(info.data.get("field_name", filters.Field.TO))
        if words is None:
            return term
        for word in words:
            if word.lower() == term.lower():
                return word
        raise ValueError(f"Input should be {_any_of(words)}")

    def read(self) -> Filter:
        """The filter."""
        return Filter(self.field_name, self.search_operator, self.search_term)


def _any_of(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words[:-1]) + f" or '{words[-1]}'"


def _listed(given: Any) -> Any:
    if is_blank(given):
        return []
    return [given] if isinstance(given, Mapping) else given


Filters = Annotated[
    tuple[SearchFilter, ...],
    Field(max_length=MOST_FILTERS),
    BeforeValidator(_listed),
    lenient.Alone(),
]
"""An array of filters, or a single one; {} and null are none."""


class Paged(Wire, Generic[T]):
    """A page of what was asked for. `number` counts from 0."""

    content: tuple[T, ...]
    total_pages: int
    total_elements: int
    number: int
    size: int
    number_of_elements: int
    first: bool
    last: bool

    @classmethod
    def cut(cls, content: tuple[T, ...], total: int, number: int, size: int) -> Self:
        """The page of that number, out of `total`."""
        pages = -(-total // size)
        return cls(
            content=content,
            total_pages=pages,
            total_elements=total,
            number=number,
            size=size,
            number_of_elements=len(content),
            first=number == 0,
            last=number + 1 >= pages,
        )


class FlowPage(Paged[FlowView]):
    """A page of flows. `number` counts from 0."""

    @classmethod
    def of(cls, search: Search, page: Page, sealer: Sealer) -> Self:
        """What the search found, as its client reads it."""
        content = tuple(view(each.flow, each.progress, sealer, each.prices) for each in page.flows)
        return cls.cut(content, page.total, search.page, search.size)
