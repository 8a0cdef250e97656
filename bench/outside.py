"""The world outside, in a process of its own: clients that post, a provider, a receiver.

`python -m bench.outside` prints its address as a line of JSON, and serves until its input ends. It
is the same for all that are compared, and made to cost little beside them.

- POST /messages is a provider that speaks as the sandbox does (providers/sandbox.py). What becomes
  of a message, the recipient's last four digits say: 0102 a Viber message fails, 0106 silence,
  any others delivery. It is reported once, a fixed time after the answer.
- POST /callbacks is the clients' receiver; it takes {"trackingId": …}.
- POST /load posts flows, with so many under way at once, and answers once the last is over.
- POST /reports reports the delivery of messages that it was silent about, all at once.
- POST /marks answers and forgets when what happened, in seconds since the epoch.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.wire import Answer, Origin, Origins, Serving

HOST = "127.0.0.1"
PLACE = "@place@"
"""In a body that is posted, stands for the flow's place, in three digits."""

PATIENCE = 120.0
"""Seconds after which a flow that nobody was told the end of counts as lost."""

AGAIN = 0.5
"""Seconds after which a report that was not taken is repeated."""

OK = (200, b"{}")


@dataclass
class Marks:
    """When what happened, in seconds since the epoch.

    `requests`: (reference, when the provider was asked); `reports`: (reference, when it was sent,
    when it was answered); `receipts`: (tracking id, when the client was told).
    """

    requests: list[tuple[str, float]] = field(default_factory=list)
    reports: list[tuple[str, float, float]] = field(default_factory=list)
    receipts: list[tuple[str, float]] = field(default_factory=list)


@dataclass
class Load:
    """What is to be posted: `flows` bodies to the urls in turn, `in_flight` at a time.

    A flow is under way until its client is told its end, or with `until_accepted` until it is
    accepted. With `urls` several, each client keeps to one of them. With a `rate` so many are
    posted a second instead, however long each takes.
    """

    urls: Sequence[str]
    headers: dict[str, str]
    body: str
    flows: int
    in_flight: int
    until_accepted: bool = False
    rate: float = 0.0


@dataclass
class Loaded:
    """What came of it, in seconds: all of it; each flow's acceptance; each flow's end.

    `refused` were answered otherwise than 2xx; `lost` are those whose end nobody was told.
    """

    seconds: float = 0.0
    accepted: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refused: int = 0
    lost: int = 0


class World:
    """All of it. A report comes `delay` seconds after the provider's answer."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._origins = Origins()
        self._marks = Marks()
        self._told: dict[str, asyncio.Future[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._messages = 0
        self._silent: dict[str, dict[str, str]] = {}

    def take(self, target: bytes, body: bytes) -> "Answer | asyncio.Future[Answer]":
        """Answer a request."""
        match target:
            case b"/messages":
                return self._message(orjson.loads(body))
            case b"/callbacks":
                return self._receipt(orjson.loads(body))
            case b"/marks":
                marks, self._marks = self._marks, Marks()
                return 200, orjson.dumps(marks)
            case b"/load":
                return asyncio.ensure_future(self._load(Load(**orjson.loads(body))))
            case b"/reports":
                return asyncio.ensure_future(self._break_silence(orjson.loads(body)))
            case _ if target.startswith(b"/messages?"):  # asked about one that it is silent about
                return 200, b'{"status": "queued"}'
            case _:
                return 404, b"{}"

    def _message(self, message: dict[str, str]) -> Answer:
        self._messages += 1
        now, reference = time.time(), message["reference"]
        self._marks.requests.append((reference, now))
        message_id = f"m{self._messages}"
        if word := becomes(message["to"][-4:], message["channel"]):
            report = _report(message_id, reference, word, now)
            loop = asyncio.get_running_loop()
            loop.call_later(self._delay, self._begin, reference, message["reportUrl"], report)
        else:
            self._silent[reference] = {"id": message_id, "url": message["reportUrl"]}
        return 202, orjson.dumps({"messageId": message_id, "status": "queued"})

    async def _break_silence(self, references: Sequence[str]) -> Answer:
        """Report all of these; answers once each was taken."""
        now = time.time()
        async with asyncio.TaskGroup() as group:
            for reference in references:
                silent = self._silent.pop(reference)
                report = _report(silent["id"], reference, "delivered", now)
                group.create_task(self._report(reference, silent["url"], report))
        return OK

    def _begin(self, reference: str, url: str, report: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._report(reference, url, report))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(self, reference: str, url: str, report: bytes) -> None:
        """Until it is taken: 5xx and no answer are asked again."""
        sent = time.time()
        taken = await self._is_taken(url, report)
        while not taken:
            await asyncio.sleep(AGAIN)
            taken = await self._is_taken(url, report)
        self._marks.reports.append((reference, sent, time.time()))

    async def _is_taken(self, url: str, report: bytes) -> bool:
        try:
            status, _ = await self._origins.post(url, report)
        except OSError:
            return False
        return status < 500

    def _receipt(self, told: dict[str, str]) -> Answer:
        now, tracking_id = time.time(), told["trackingId"]
        self._silent.pop(f"{tracking_id}.1", None)
        self._marks.receipts.append((tracking_id, now))
        future = self._end_of(tracking_id)
        if not future.done():
            future.set_result(now)
        return OK

    def _end_of(self, tracking_id: str) -> asyncio.Future[float]:
        if tracking_id not in self._told:
            self._told[tracking_id] = asyncio.get_running_loop().create_future()
        return self._told[tracking_id]

    async def _load(self, load: Load) -> Answer:
        self._told.clear()
        found, places = Loaded(), iter(range(load.flows))
        origins = [(Origin(urlsplit(url), load.headers), urlsplit(url).path) for url in load.urls]
        started = time.time()
        clients = load.flows if load.rate else min(load.in_flight, load.flows)
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                origin, path = origins[number % len(origins)]
                if load.rate:
                    await asyncio.sleep(max(0.0, started + number / load.rate - time.time()))
                own = iter((number,)) if load.rate else places
                group.create_task(self._client(load, origin, path, own, found))
        found.seconds = time.time() - started
        return 200, orjson.dumps(found)

    async def _client(
        self, load: Load, origin: Origin, path: str, places: Iterator[int], found: Loaded
    ) -> None:
        for place in places:
            began = time.time()
            body = load.body.replace(PLACE, f"{place % 1000:03d}").encode()
            status, answer = await origin.post(path, body)
            found.accepted.append(time.time() - began)
            if not 200 <= status < 300:
                found.refused += 1
                continue
            tracking_id = orjson.loads(answer)["trackingId"]
            found.ids.append(tracking_id)
            if load.until_accepted:
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    ended = await self._end_of(tracking_id)
            except TimeoutError:
                found.lost += 1
                continue
            found.ended.append(ended - began)


def becomes(digits: str, channel: str) -> str | None:
    """The status that is reported of a message to a number with these last digits."""
    if digits == "0106":
        return None
    return "undelivered" if digits == "0102" and channel == "Viber" else "delivered"


def _report(message_id: str, reference: str, word: str, now: float) -> bytes:
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    told = {"messageId": message_id, "reference": reference, "status": word}
    return orjson.dumps({**told, "reason": "", "at": at})


async def _serve(delay: float) -> None:
    world = World(delay)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Serving(world.take), HOST, 0, backlog=2048)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve(float(sys.argv[1])))
