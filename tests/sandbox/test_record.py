"""The record: what the service knows of before it was started."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import until
from tests.sandbox.bench import Receiver, Service, serving

Start = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture
def start(receiver: Receiver, tmp_path: Path) -> Start:
    """Starts the service on the test's record, as often as it is asked to."""

    @asynccontextmanager
    async def started() -> AsyncIterator[Service]:
        async with serving(receiver, dedupes=True, record=tmp_path / "record") as service:
            yield service

    return started


async def test_a_reference_is_the_same_message_after_a_restart(start: Start) -> None:
    """What a provider has taken, it has: sending again must not reach anybody twice."""
    async with start() as service:
        message = service.message()
        first = (await service.send(message)).json()
        await service.reports(message, 2)
    async with start() as service:
        again = (await service.send(message)).json()
        reports = await service.reports(message, 4)
    assert again == {**first, "duplicate": True}
    assert [each.status for each in reports] == ["sent", "delivered"] * 2


async def test_it_says_where_a_message_of_before_stands(start: Start) -> None:
    """Who lost a report may still ask."""
    async with start() as service:
        message = service.message("+306900000105")
        taken = (await service.send(message)).json()
        await service.reports(message, 1)
        shown = (await service.client.get(f"/messages/{taken['messageId']}")).json()
    async with start() as service:
        by_id = await service.client.get(f"/messages/{taken['messageId']}")
        by_reference = await service.client.get(
            "/messages", params={"reference": message["reference"]}
        )
    assert by_id.json() == by_reference.json() == shown
    assert shown["reason"] == "Unknown Number"


async def test_it_goes_on_counting_requests(start: Start) -> None:
    """Whom it turned away before the restart, it does not turn away for as long once more."""
    async with start() as service:
        message = service.message("+306900000111")
        turned_away = [(await service.send(message)).status_code]
    async with start() as service:
        turned_away += [(await service.send(message)).status_code for _ in range(2)]
    assert turned_away == [429, 429, 202]


async def test_the_record_tells_the_story_and_no_secret(start: Start, tmp_path: Path) -> None:
    """It is read by who judges the service, long after."""
    async with start() as service:
        message = service.message("+306900000102", channel="Viber")
        await service.send(message)
        await until(lambda: '"reported"' in (tmp_path / "record").read_text("utf-8"))
        written = (tmp_path / "record").read_text("utf-8")
    lines = [json.loads(line) for line in written.splitlines() if line]
    told = [next(name for name in KINDS if name in line) for line in lines]
    assert sorted(told) == sorted(KINDS)
    assert told[0] == "request"
    assert all(line["at"] > 1_700_000_000 for line in lines)
    assert all(str(message[name]) not in written for name in ("to", "from", "reportUrl"))
    assert lines[told.index("reported")]["settled"] is True


KINDS = ("request", "answer", "report", "reported", "status", "message")
"""Each line has one of these names first; a `status` line has its `message` beside it."""


async def test_a_line_without_an_end_harms_nothing(start: Start, tmp_path: Path) -> None:
    """A full disk may cut one."""
    async with start() as service:
        message = service.message()
        await service.send(message)
    with (tmp_path / "record").open("ab") as record:
        record.write(b'{"at": 1.0, "requ')
    async with start() as service:
        assert (await service.send(message)).json()["duplicate"] is True
        await service.send(other := service.message())
    async with start() as service:
        assert (await service.send(other)).json()["duplicate"] is True
