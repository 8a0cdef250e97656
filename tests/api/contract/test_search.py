"""§5.2: the search. How it finds its flows is tested in tests/tracking."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.demonstration import GLOBEX
from domain.status import Status
from tests.api.bench import Api
from tests.api.contract.bench import STANDARD, TRANSACTIONAL, Door
from tests.api.contract.conftest import recording
from tests.api.contract.library import EVERY, ONE, PAGE, THREE, TWO, Library
from tests.databases import Databases
from tests.samples import sms, viber, viber_message, voice


def where(name: str, term: Any, operator: Any = None) -> dict[str, Any]:
    """A filter, its operator left out unless given."""
    given = {} if operator is None else {"searchOperator": operator}
    return {"fieldName": name, "searchTerm": term, **given}


@pytest.fixture(scope="module")
async def library(databases: Databases, closed_port: int) -> AsyncIterator[Library]:
    """Queued, under way, delivered by Sms, failed by Voice, delivered by Viber."""
    async with recording(databases, closed_port) as api:
        yield await _furnished(api)


async def _furnished(api: Api) -> Library:
    standard, transactional = Door(api, STANDARD), Door(api, TRANSACTIONAL)
    queued = await standard.created(viber_message(ONE), sms(TWO))
    running = await transactional.created(viber(ONE))
    await transactional.tracked(running, Status.SENT)
    text = await standard.created(sms(TWO))
    await standard.tracked(text, Status.DELIVERED)
    call = await transactional.created(voice(THREE))
    await transactional.tracked(call, Status.FAILED)
    message = await standard.created(viber_message(THREE))
    await standard.tracked(message, Status.DELIVERED)
    every = {"queued": queued, "running": running, "text": text, "call": call, "message": message}
    return Library(api, {name: each["trackingId"] for name, each in every.items()})


@pytest.mark.field("§5.2", "body")
@pytest.mark.field("§12", "21")
@pytest.mark.parametrize("nothing", [b"", {}, [], None], ids=["no body", "{}", "[]", "null"])
async def test_without_filters_every_flow_is_found(library: Library, nothing: Any) -> None:
    """Of the caller's account, and no other's."""
    assert await library.found(nothing) == EVERY
    foreign = Library(library.api.acting_as(GLOBEX), library.ids)
    assert await foreign.found(nothing) == set()


@pytest.mark.field("§5.2", "body")
@pytest.mark.field("§12", "21")
async def test_one_filter_stands_alone_or_in_an_array(library: Library) -> None:
    """The two forms that clients send."""
    only = where("status", "Queued")
    assert await library.found(only) == await library.found([only]) == {"queued"}


@pytest.mark.field("§5.2", "body")
async def test_all_filters_must_hold(library: Library) -> None:
    """And the query's besides."""
    filters = [where("to", ONE), where("status", "Queued", "is_not")]
    assert await library.found(filters) == {"running"}
    assert await library.found(filters, flowKind="standard") == set()


@pytest.mark.field("§5.2", "body")
@pytest.mark.parametrize("wrong", ["status", 7, True])
async def test_another_body_is_refused(library: Library, wrong: Any) -> None:
    """Filters are objects."""
    answer = await library.post(wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "400000000")


WORDS = [
    ("type", "Sms", {"queued", "text"}),
    ("type", "Viber", {"queued", "running", "message"}),
    ("type", "Voice", {"call"}),
    ("terminationChannel", "Sms", {"text"}),
    ("terminationChannel", "Viber", {"message"}),
    ("terminationChannel", "Voice", {"call"}),
    ("status", "Queued", {"queued"}),
    ("status", "InProgress", {"running"}),
    ("status", "Succeeded", {"text", "message"}),
    ("status", "Failed", {"call"}),
    ("flowKind", "transactional", {"running", "call"}),
    ("flowKind", "standard", {"queued", "text", "message"}),
]


@pytest.mark.field(
    "§5.2",
    "type",
    "terminationChannel",
    "status",
    "flowKind",
    "fieldName",
    "searchOperator",
    "searchTerm",
)
@pytest.mark.field("§12", "25")
@pytest.mark.parametrize(("name", "term", "expected"), WORDS)
async def test_a_word_is_or_is_not(
    library: Library, name: str, term: str, expected: set[str]
) -> None:
    """In any case; `is` is the default, and any step of a flow counts."""
    for operator in (None, "", "is", "IS"):
        assert await library.found(where(name, term.upper(), operator)) == expected
    for operator in ("is_not", "Is_Not"):
        assert await library.found(where(name, term.lower(), operator)) == EVERY - expected
    assert await library.found(where(name.lower(), term)) == expected


@pytest.mark.field("§5.2", "to")
@pytest.mark.parametrize(
    ("operator", "term", "expected"),
    [
        (None, ONE, {"queued", "running"}),
        ("is", "306900000101", {"queued", "running"}),
        ("is", TWO, {"queued", "text"}),
        ("is_not", TWO, {"running", "call", "message"}),
        ("contains", "690000", {"queued", "running", "text"}),
        ("contains", "912345", {"call", "message"}),
        ("starts_with", "+357", {"call", "message"}),
        ("starts_with", "3069", {"queued", "running", "text"}),
        ("ends_with", "0202", {"queued", "text"}),
        ("CONTAINS", "%", set()),
    ],
)
async def test_a_recipient_is_searched_by_any_text(
    library: Library, operator: Any, term: str, expected: set[str]
) -> None:
    """A flow is found if any of its steps matches."""
    assert await library.found(where("to", term, operator)) == expected


@pytest.mark.field("§5.2", "fieldName", "searchOperator", "searchTerm", "type", "status")
@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (where("price", "1"), "fieldName"),
        (where("", "1"), "fieldName"),
        (where("status", "Delivered"), "searchTerm"),
        (where("type", "Email"), "searchTerm"),
        (where("terminationChannel", "Email"), "searchTerm"),
        (where("flowKind", "otp"), "searchTerm"),
        (where("to", ""), "searchTerm"),
        (where("to", None), "searchTerm"),
        (where("status", "Queued", "contains"), "searchOperator"),
        (where("type", "Sms", "starts_with"), "searchOperator"),
        (where("terminationChannel", "Sms", "ends_with"), "searchOperator"),
        (where("flowKind", "standard", "contains"), "searchOperator"),
        (where("to", ONE, "matches"), "searchOperator"),
    ],
)
async def test_a_wrong_filter_is_refused(
    library: Library, wrong: dict[str, Any], path: str
) -> None:
    """Its member is named, at its place among the filters."""
    good = where("to", ONE)
    await library.refuses(f"[1].{path}", [good, wrong])


@pytest.mark.field("§5.2", "dateStart", "dateEnd")
async def test_dates_bound_the_creation(library: Library) -> None:
    """To the minute, the second or finer; an offset's + may arrive as a space."""
    now = datetime.now(UTC)
    before, after = now - timedelta(minutes=2), now + timedelta(minutes=2)
    for form in ("%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        assert await library.found(dateStart=before.strftime(form)) == EVERY
        assert await library.found(dateStart=after.strftime(form)) == set()
        assert await library.found(dateEnd=after.strftime(form)) == EVERY
        assert await library.found(dateEnd=before.strftime(form)) == set()
    for offset in ("+00:00", " 00:00"):
        start = before.strftime("%Y-%m-%dT%H:%M:%S") + offset
        assert await library.found(dateStart=start, dateEnd=after.isoformat()) == EVERY
    assert await library.found(dateStart="", dateEnd="") == EVERY


@pytest.mark.field("§5.2", "dateStart", "dateEnd")
async def test_other_dates_are_refused(library: Library) -> None:
    """At their names; an end before its start, too."""
    for wrong in ("yesterday", "2025-13-01T00:00Z", "1756713600"):
        await library.refuses("dateStart", dateStart=wrong)
        await library.refuses("dateEnd", dateEnd=wrong)
    range_ = {"dateStart": "2025-05-06T15:00Z", "dateEnd": "2025-05-05T15:00Z"}
    await library.refuses("dateEnd", **range_)


@pytest.mark.field(
    "§5.2",
    "page",
    "size",
    "content",
    "totalPages",
    "totalElements",
    "number",
    "numberOfElements",
    "first",
    "last",
)
@pytest.mark.parametrize(
    ("page", "rows", "first", "last"),
    [(0, 2, True, False), (1, 2, False, False), (2, 1, False, True), (3, 0, False, True)],
)
async def test_a_page_says_where_it_stands(
    library: Library, page: int, rows: int, first: bool, last: bool
) -> None:
    """Five flows on pages of two."""
    answered = await library.page(page=page, size=2)
    assert len(answered.pop("content")) == rows
    assert answered == {
        "totalPages": 3,
        "totalElements": 5,
        "number": page,
        "size": 2,
        "numberOfElements": rows,
        "first": first,
        "last": last,
    }


@pytest.mark.field("§5.2", "page", "size", "totalPages", "totalElements", "first", "last")
async def test_a_page_of_ten_is_the_first(library: Library) -> None:
    """Where nothing is found there is no page, and it is the first and the last."""
    answered = await library.page()
    assert answered.keys() == PAGE
    assert (answered["number"], answered["size"], answered["totalPages"]) == (0, 10, 1)
    assert (answered["first"], answered["last"]) == (True, True)
    nothing = await library.page(where("to", "+306999999999"))
    assert (nothing["totalPages"], nothing["totalElements"], nothing["content"]) == (0, 0, [])
    assert (nothing["first"], nothing["last"]) == (True, True)


@pytest.mark.field("§5.2", "page", "size")
async def test_pages_have_their_limits(library: Library) -> None:
    """One to two thousand flows, counted from page 0."""
    for size in (1, 2000):
        assert (await library.page(size=size))["size"] == size
    for wrong in ("0", "-1", "2001", "many", "1.5"):
        await library.refuses("size", size=wrong)
    for wrong in ("-1", "next", "0.5"):
        await library.refuses("page", page=wrong)


@pytest.mark.field("§5.2", "sort")
async def test_the_newest_come_first(library: Library) -> None:
    """Unless the client asks for the oldest; the direction is read in any case."""
    for sort, newest_first in (
        (None, True),
        ("", True),
        ("createdAt,desc", True),
        ("createdAt,DESC", True),
        ("createdAt,asc", False),
    ):
        page = await library.page(**({} if sort is None else {"sort": sort}))
        moments = [each["createdAt"] for each in page["content"]]
        assert moments == sorted(moments, reverse=newest_first)
        assert moments[0] != moments[-1]
    for wrong in ("price", "createdAt,up", "status,asc"):
        await library.refuses("sort", sort=wrong)


@pytest.mark.field("§5.2", "content")
async def test_what_is_found_is_what_tracking_shows(library: Library) -> None:
    """Each row is the flow's tracking object."""
    for row in (await library.page())["content"]:
        assert row == (await library.api.track(row["trackingId"])).json()


@pytest.mark.field("§12", "22", "25")
@pytest.mark.field("§5.2", "flowKind")
async def test_the_list_is_searched_by_its_query(library: Library) -> None:
    """By GET, with the filters as parameters; the kind is one of POST's, too."""
    assert await library.listed() == EVERY
    assert await library.listed(status="queued") == {"queued"}
    assert await library.listed(type="Voice") == {"call"}
    assert await library.listed(to=TWO) == {"queued", "text"}
    assert await library.listed(terminationChannel="Viber") == {"message"}
    assert await library.listed(trackingId=library.ids["text"]) == {"text"}
    assert await library.listed(flowKind="transactional", size=1, page=1) < {"running", "call"}
    assert await library.found(flowKind="TRANSACTIONAL") == {"running", "call"}
    await library.refuses("flowKind", flowKind="otp")
