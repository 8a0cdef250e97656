"""What the search is asked: every field and operator, common and rare, and some together."""

from collections.abc import Iterator
from datetime import timedelta

from bench.corpus import ACCOUNT, START, YEAR
from domain.flow import Kind
from domain.progress import FlowStatus
from domain.status import Channel
from tracking.filters import Field, Filter, Operator, Search

IS, IS_NOT, CONTAINS, STARTS, ENDS = Operator
END = START + YEAR
DAY = timedelta(days=1)


def status(term: str, operator: Operator = IS) -> Filter:
    """A filter on the status."""
    return Filter(Field.STATUS, operator, term)


def to(operator: Operator, term: str) -> Filter:
    """A filter on the numbers."""
    return Filter(Field.TO, operator, term)


def kind(term: str) -> Filter:
    """A filter on the kind."""
    return Filter(Field.FLOW_KIND, IS, term)


def channel(term: str, operator: Operator = IS) -> Filter:
    """A filter on the steps' channels."""
    return Filter(Field.TYPE, operator, term)


def ended_by(term: str, operator: Operator = IS) -> Filter:
    """A filter on the channel that ended the flow."""
    return Filter(Field.TERMINATION_CHANNEL, operator, term)


def questions(number: str, total: int) -> Iterator[tuple[str, Search]]:
    """Each with its name; `number` is one on record, `total` how many flows there are."""
    yield "everything", Search(ACCOUNT)
    yield "everything, oldest first", Search(ACCOUNT, newest_first=False)
    for page in (100, 1_000, 10_000, total // 20, total // 10 - 1):
        yield f"everything, page {page:,}", Search(ACCOUNT, page=page)
    yield "everything, size 2,000", Search(ACCOUNT, size=2000)
    yield "one day", Search(ACCOUNT, start=END - 200 * DAY, end=END - 199 * DAY)
    yield "since half a year", Search(ACCOUNT, start=END - 182 * DAY)
    yield "an account without flows", Search("nobody")
    yield "a small account", Search("other-7")
    for each in FlowStatus:
        yield f"status is {each}", Search(ACCOUNT, (status(each),))
    yield "status is_not Succeeded", Search(ACCOUNT, (status("Succeeded", IS_NOT),))
    for sort in Channel:
        yield f"type is {sort}", Search(ACCOUNT, (channel(sort),))
    yield "type is_not Sms", Search(ACCOUNT, (channel("Sms", IS_NOT),))
    for sort in Channel:
        yield f"terminationChannel is {sort}", Search(ACCOUNT, (ended_by(sort),))
    yield "terminationChannel is_not Sms", Search(ACCOUNT, (ended_by("Sms", IS_NOT),))
    for which in Kind:
        yield f"flowKind is {which}", Search(ACCOUNT, (kind(which),))
    for operator, term in (
        (IS, number),
        (IS, "+306900000000000"),
        (IS_NOT, number),
        (STARTS, "+30"),
        (STARTS, "+3069"),
        (STARTS, number[:9]),
        (STARTS, "+99"),
        (CONTAINS, "12345"),
        (CONTAINS, "987654321"),
        (CONTAINS, "123"),
        (CONTAINS, "69"),
        (CONTAINS, "@pbx7."),
        (CONTAINS, number[1:]),
        (ENDS, number[-4:]),
        (ENDS, number[-8:]),
        (ENDS, "7"),
    ):
        shown = "(a number on record)" if term == number else f'"{term}"'
        yield f"to {operator} {shown}", Search(ACCOUNT, (to(operator, term),))
    failed, rare = status("Failed"), to(CONTAINS, "12345")
    week = END - 30 * DAY
    for name, filters, start in (
        ("Failed, standard", (failed, kind("standard")), None),
        ("Failed, by Voice, standard", (failed, ended_by("Voice"), kind("standard")), None),
        ("Queued, with Voice", (status("Queued"), channel("Voice")), None),
        ("Failed, last 30 days", (failed,), week),
        ('Failed, to contains "12345"', (failed, rare), None),
        ('Failed, to contains "69"', (failed, to(CONTAINS, "69")), None),
        ('Succeeded, to starts_with "+3069"', (status("Succeeded"), to(STARTS, "+3069")), None),
        ('to starts_with "+35799", ends_with "42"', (to(STARTS, "+35799"), to(ENDS, "42")), None),
        ('last 30 days, to contains "123"', (to(CONTAINS, "123"),), week),
        ('last 30 days, to contains "12345"', (rare,), week),
        ('Queued, to starts_with "+99"', (status("Queued"), to(STARTS, "+99")), None),
    ):  # fmt: skip
        yield name, Search(ACCOUNT, filters, start=start)
    yield 'to contains "69", page 1,000', Search(ACCOUNT, (to(CONTAINS, "69"),), page=1000)
    yield "status is Failed, page 1,000", Search(ACCOUNT, (failed,), page=1000)
