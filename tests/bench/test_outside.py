"""The world outside: it must count what happened, and lose nothing unnoticed."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from bench.bench import Outside, one_step, two_steps
from bench.outside import HOST, PLACE, Load, becomes
from bench.wire import Answer, Origins, Serving


class Service:
    """The least service there can be: sends, waits for the report, tells the client."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.posted: list[str] = []
        self.url = ""
        self._origins = Origins()
        self._tasks: set[asyncio.Task[Answer]] = set()

    def take(self, target: bytes, body: bytes) -> Answer:
        """Flows at /flows, refusals at /full, reports anywhere else."""
        if target == b"/full":
            return 503, b"{}"
        read = orjson.loads(body)
        if target == b"/flows":
            return 200, orjson.dumps({"trackingId": self._accepted(read)})
        tracking_id = target.decode().rpartition("/")[2]
        told = orjson.dumps({"trackingId": tracking_id, "status": read["status"]})
        self._begin(self.outside.callbacks, told)
        return 200, b"{}"

    def _accepted(self, flow: dict[str, list[dict[str, str]]]) -> str:
        step, tracking_id = flow["flow"][0], f"flow-{len(self.posted)}"
        self.posted.append(step["to"])
        message = {
            "reference": f"{tracking_id}.1",
            "channel": step["type"],
            "to": step["to"],
            "reportUrl": f"{self.url}/reports/{tracking_id}",
        }
        self._begin(f"{self.outside.url}/messages", orjson.dumps(message))
        return tracking_id

    def _begin(self, url: str, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._origins.post(url, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service beside the world outside."""
    loop = asyncio.get_running_loop()
    async with Outside.started(delay=0.001) as outside:
        found = Service(outside)
        server = await loop.create_server(lambda: Serving(found.take), HOST, 0)
        found.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        yield found
        server.close()


def _load(service: Service, target: str, flows: int, in_flight: int) -> Load:
    body = one_step(service.outside.callbacks)
    return Load([f"{service.url}{target}"], {}, body, flows, in_flight)


async def test_every_flow_is_posted_and_its_end_awaited(service: Service) -> None:
    """Each has a recipient of its own, and each leaves one mark of each kind."""
    loaded = await service.outside.load(_load(service, "/flows", 25, 4))
    marks = await service.outside.marks()
    assert len(loaded.ended) == len(loaded.accepted) == 25
    assert sorted(service.posted) == [f"+30690{place:03d}0101" for place in range(25)]
    assert {each for each, _ in marks.receipts} == set(loaded.ids)
    assert len(marks.requests) == 25
    for (_, asked), (_, sent, answered) in zip(marks.requests, marks.reports, strict=False):
        assert asked < answered
        assert sent <= answered
    assert not (await service.outside.marks()).receipts


async def test_flows_are_posted_at_a_rate(service: Service) -> None:
    """However long each takes: otherwise a slow side would be asked less."""
    load = _load(service, "/flows", 6, 1)
    load.rate = 50.0
    loaded = await service.outside.load(load)
    marks = await service.outside.marks()
    assert len(loaded.ended) == 6
    assert loaded.seconds >= 5 / 50
    assert len(marks.receipts) == 6


async def test_what_it_was_silent_about_is_reported_when_it_is_told_to(service: Service) -> None:
    """Thousands of flows can be made to wake at one instant."""
    load = _load(service, "/flows", 3, 3)
    load.body = one_step(service.outside.callbacks, "0106")
    load.until_accepted = True
    loaded = await service.outside.load(load)
    requests: list[str] = []
    while len(requests) < 3:
        requests += [reference for reference, _ in (await service.outside.marks()).requests]
    await service.outside.report(requests[:2])
    marks = await service.outside.marks()
    assert [reference for reference, *_ in marks.reports] == requests[:2]
    assert {each for each, _ in marks.receipts} <= set(loaded.ids)


async def test_a_refused_flow_is_an_error(service: Service) -> None:
    """A service that answers 503 to half of the flows would look twice as fast."""
    with pytest.raises(RuntimeError, match="3 flows were refused, 0 lost"):
        await service.outside.load(_load(service, "/full", 3, 2))


def test_digits_choose_what_becomes_of_a_message() -> None:
    """As at the sandbox, of which this is the least part."""
    assert becomes("0101", "Sms") == "delivered"
    assert becomes("0102", "Viber") == "undelivered"
    assert becomes("0102", "Sms") == "delivered"
    assert becomes("0106", "Sms") is None


def test_a_place_stands_in_each_body_that_is_posted() -> None:
    """Flows to one recipient alone would meet in one row."""
    assert PLACE in one_step("http://127.0.0.1/callbacks")
    assert two_steps("http://127.0.0.1/callbacks").count(PLACE) == 2
