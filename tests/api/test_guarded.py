"""A stranger is told that it is one, whatever it sends."""

from dataclasses import replace
from typing import Any

import pytest

from accounts.demonstration import SMS_ONLY
from api.rates import Rates
from tests.api.bench import CREATE, Api, serving
from tests.api.test_doors import DOORS, assert_unknown

UNREADABLE = {
    "half": b'{"flow":[',
    "no UTF-8": b'{"flow":"\xc3"}',
    "too deep": b"[" * 60_000,
    "an endless number": b"9" * 5000,
}
KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "", "x")


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_an_unreadable_body_needs_a_token_first(
    alone: Api, method: str, path: str, body: bytes
) -> None:
    """401 at every door: to be told what is wrong with a body one must be somebody."""
    address = path.format(tracking_id="x", callback_id="x")
    for kind in KINDS:
        headers = {"Content-Type": kind, "Idempotency-Key": "x" * 300}
        answer = await alone.http.request(method, address, content=body, headers=headers)
        assert_unknown(answer)


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_caller_without_the_role_is_refused_first(alone: Api, body: bytes) -> None:
    """403 as if the body were a good one."""
    answer = await alone.acting_as(SMS_ONLY).create(body)
    assert (answer.status_code, answer.json()["code"]) == (403, "403000000")


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"flow":[{}]}'])
async def test_a_faulty_request_counts_once(alone: Api, body: Any) -> None:
    """Asking for the caller a second time must not use up its rate twice."""
    async with serving(replace(alone.services, rates=Rates(account="3/minute"))) as api:
        statuses = [(await api.create(body)).status_code for _ in range(4)]
    assert statuses == [400, 400, 400, 429]


async def test_the_token_endpoint_asks_who_it_is_first_too(alone: Api) -> None:
    """A form is always readable; a body of another kind is none."""
    for kind in KINDS:
        answer = await alone.http.post(
            "/oauth/token", content=b"\xff{", headers={"Content-Type": kind}
        )
        assert answer.status_code in {400, 401}
    assert CREATE in {path for _, path in DOORS}
