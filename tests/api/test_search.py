"""The search over HTTP: what a hostile or unlucky client meets. Its fields are in `contract/`."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from accounts.demonstration import GLOBEX
from domain.progress import Progress
from tests.api.bench import Api, serving
from tests.samples import a_flow, sms
from tracking.records import Tracking

PATH = "/failover/tracking"


async def post(api: Api, body: Any, **query: Any) -> httpx.Response:
    """POST filters to the search."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **api.bearer()}
    return await api.http.post(PATH, content=content, params=query, headers=headers)


async def listed(api: Api, query: str) -> httpx.Response:
    """GET the list, the query as it is."""
    return await api.http.get(f"{PATH}?{query}", headers=api.bearer())


def to(term: Any, operator: str = "contains") -> dict[str, Any]:
    """A filter on the numbers."""
    return {"fieldName": "to", "searchOperator": operator, "searchTerm": term}


@pytest.fixture
async def one(alone: Api) -> str:
    """The tracking id of acme's one flow."""
    sealed = alone.services.sealer.sealed(a_flow(sms()))
    await alone.services.tracking.record(sealed, Progress.of(sealed))
    return sealed.tracking_id


@pytest.mark.parametrize(
    "term", ["a\0b", "\0", "\ud800", "a\nb", "\x1b[0m", "x" * 256, 7, True, ["+30"], {"a": 1}]
)
@pytest.mark.parametrize("operator", ["is", "contains", "ends_with"])
async def test_a_term_that_is_no_text_is_refused(alone: Api, term: Any, operator: str) -> None:
    """At its place, before a database sees it."""
    answer = await post(alone, [to("1"), to(term, operator)])
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["properties"]) == ["[1].searchTerm"]


@pytest.mark.parametrize(
    "term", ["%", "_", "\\", "'; --", '"', '" OR "', "*", "^", "ПРИВЕТ", "😀😀😀"]
)
@pytest.mark.parametrize("operator", ["is", "is_not", "contains", "starts_with", "ends_with"])
async def test_any_other_term_is_taken_literally(
    alone: Api, one: str, term: str, operator: str
) -> None:
    """No number has it."""
    answer = await post(alone, to(term, operator))
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalElements"] == (1 if operator == "is_not" else 0)


async def test_filters_are_limited(alone: Api) -> None:
    """Each may cost a look at every number."""
    assert (await post(alone, [to("1")] * 10)).status_code == 200
    answer = await post(alone, [to("1")] * 11)
    assert (answer.status_code, list(answer.json()["properties"])) == (400, ["body"])


@pytest.mark.parametrize("query", ["to=+306900000101", "to=%2B306900000101", "to=00306900000101"])
async def test_a_plus_that_was_not_escaped_is_understood(alone: Api, one: str, query: str) -> None:
    """In a query it is a space."""
    [found] = (await listed(alone, query)).json()["content"]
    assert found["trackingId"] == one


async def test_a_tracking_id_is_read_in_any_case(alone: Api, one: str) -> None:
    """What is none finds nothing, and another account's is none."""
    for query, total in ((one.upper(), 1), (one, 1), (str(uuid4()), 0), ("nothing", 0)):
        assert (await listed(alone, f"trackingId={query}")).json()["totalElements"] == total
    foreign = await listed(alone.acting_as(GLOBEX), f"trackingId={one}")
    assert foreign.json()["totalElements"] == 0


async def test_the_last_page_that_can_be_named_is_empty(alone: Api, one: str) -> None:
    """Not an error; the one behind it cannot be named."""
    page = (await listed(alone, f"page={2**31 - 1}&size=2000")).json()
    assert (page["totalElements"], page["content"], page["last"]) == (1, [], True)
    assert (await listed(alone, f"page={2**31}")).status_code == 400


@pytest.mark.parametrize("when", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "²"])
async def test_dates_beyond_the_calendar_are_refused(alone: Api, when: str) -> None:
    """An offset may lead out of it."""
    answer = await alone.http.get(PATH, params={"dateStart": when}, headers=alone.bearer())
    assert (answer.status_code, list(answer.json()["properties"])) == (400, ["dateStart"])


async def test_a_date_without_a_time_is_its_start(alone: Api, one: str) -> None:
    """In UTC, as everything without an offset."""
    tracked = (await alone.track(one)).json()
    today = tracked["createdAt"][:10]
    for query, total in ((f"dateStart={today}", 1), (f"dateEnd={today}", 0)):
        assert (await listed(alone, query)).json()["totalElements"] == total


async def test_without_its_database_the_search_says_again(alone: Api, unreadable: Tracking) -> None:
    """503, and when; also where only the record is away."""
    services = replace(alone.services, tracking=unreadable)
    async with serving(services) as api:
        for answer in (await listed(api, ""), await post(api, to("123"))):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "1"


async def test_strangers_find_nothing(alone: Api, one: str) -> None:
    """401, whatever they send."""
    for answer in (
        await alone.http.get(PATH),
        await alone.http.post(PATH, content=b"{"),
        await alone.http.post(PATH, json=[to("1")]),
    ):
        assert answer.status_code == 401
        assert one not in answer.text
