"""Bodies that are too long or too slow end at the door: 413 and 408, in the contract's shape."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from structlog.testing import capture_logs

from api import limits
from api.app import create_app
from api.limits import MOST_BYTES, BodyLimit
from api.requests import RequestIds
from api.server import Server, config
from settings import Settings
from tests.api.bench import CREATE, Api, a_request
from tests.conftest import until

TOO_LONG = {
    "code": "413000000",
    "developerMessage": "The body has more than 65536 bytes",
}
PATHS = (CREATE, "/oauth/token", "/reports/sandbox/x", "/nowhere", "/health/live")


def padded(size: int) -> bytes:
    """A valid create request of that many bytes."""
    body = json.dumps(a_request()).encode()
    return body[:-1] + b" " * (size - len(body)) + b"}"


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """The body in chunks: its length is declared nowhere."""
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


async def test_the_longest_body_is_read(taking: Api) -> None:
    """64 kB, whether its length is declared or not."""
    headers = {"Content-Type": "application/json", **taking.bearer()}
    body = padded(MOST_BYTES)
    for content in (body, pieces(body)):
        answer = await taking.http.post(CREATE, content=content, headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_a_longer_body_is_refused(alone: Api, path: str) -> None:
    """One byte is enough, at every address and before anybody asks who sends it."""
    body = padded(MOST_BYTES + 1)
    for content in (body, pieces(body)):
        answer = await alone.http.post(path, content=content)
        assert (answer.status_code, answer.json()) == (413, TOO_LONG)
        assert answer.headers["Connection"] == "close"


async def test_a_refused_body_is_logged_and_named(alone: Api) -> None:
    """One line with the status, and the client's own request id."""
    with capture_logs() as logs:
        answer = await alone.http.post(
            CREATE, content=b" " * 70_000, headers={"X-Request-Id": "r-1"}
        )
    assert answer.headers["X-Request-Id"] == "r-1"
    (line,) = logs
    assert (line["event"], line["status"]) == ("request", 413)


@dataclass
class Wire:
    """What a client's side of one request does, and what it was answered."""

    messages: Iterator[Any]
    sent: list[Any]
    received: int = 0

    async def receive(self) -> Any:
        """The next message; when there is none, silence."""
        self.received += 1
        for message in self.messages:
            return message
        return await asyncio.Event().wait()

    async def send(self, message: Any) -> None:
        """Keep it."""
        self.sent.append(message)

    @property
    def answer(self) -> tuple[int, Any]:
        """The status and the body's JSON."""
        body = b"".join(each.get("body", b"") for each in self.sent[1:])
        return self.sent[0]["status"], json.loads(body)


def wire(*messages: Any) -> Wire:
    """One that says this."""
    return Wire(iter(messages), [])


def scope(**headers: str) -> dict[str, Any]:
    """A POST with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "headers": raw, "state": {}}


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    """A part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


async def never(*_: Any) -> None:
    """An application that must not be called."""
    raise AssertionError("the application was called")


async def test_a_declared_length_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is there before the first byte of the body is asked for."""
    monkeypatch.setattr(limits, "LINGERING", 0.0)
    for declared in ("65537", "9" * 5000):
        client = wire()
        await BodyLimit(never)(scope(content_length=declared), client.receive, client.send)
        assert client.answer == (413, TOO_LONG)
        assert client.received <= 1


async def test_a_lying_length_is_counted() -> None:
    """It says little and sends much."""
    client = wire(piece(b"x" * 60_000), piece(b"x" * 60_000), piece(b"x" * 60_000, more=False))
    await BodyLimit(never)(scope(content_length="10"), client.receive, client.send)
    assert client.answer == (413, TOO_LONG)


async def test_the_rest_of_a_refused_body_is_thrown_away() -> None:
    """Or the connection would be reset, and the answer lost with it."""
    client = wire(piece(b"x" * 70_000), piece(b"x" * 70_000), piece(b"x" * 70_000, more=False))
    await BodyLimit(never)(scope(), client.receive, client.send)
    assert client.received == 3
    assert client.sent[-1].get("more_body", False) is False


async def test_a_sender_of_endless_rest_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its second, then the connection is closed."""
    monkeypatch.setattr(limits, "LINGERING", 0.05)
    client = wire(piece(b"x" * 70_000))
    async with asyncio.timeout(5):
        await BodyLimit(never)(scope(), client.receive, client.send)
    assert client.answer == (413, TOO_LONG)


@pytest.mark.parametrize("said", [(), (piece(b'{"flow":'),)], ids=["nothing", "half"])
async def test_a_body_that_does_not_arrive_is_given_up(said: tuple[Any, ...]) -> None:
    """408 after the deadline, which holds for the whole body."""
    client = wire(*said)
    app = RequestIds(BodyLimit(never, deadline=0.05))
    with capture_logs() as logs:
        await app(scope(), client.receive, client.send)
    status, problem = client.answer
    assert (status, problem["code"]) == (408, "408000000")
    assert problem["developerMessage"] == "The body did not arrive within 0.05 seconds"
    headers = dict(client.sent[0]["headers"])
    assert headers[b"connection"] == b"close"
    assert b"x-request-id" in headers
    assert [(line["event"], line["status"]) for line in logs] == [("request", 408)]


async def test_a_trickle_does_not_stretch_the_deadline() -> None:
    """A byte now and then is as slow as none."""

    class Trickle(Wire):
        async def receive(self) -> Any:
            await asyncio.sleep(0.01)
            return piece(b" ")

    client = Trickle(iter(()), [])
    async with asyncio.timeout(5):
        await BodyLimit(never, deadline=0.1)(scope(), client.receive, client.send)
    assert client.answer[0] == 408


async def test_the_application_gets_the_body_and_then_what_follows() -> None:
    """In one message; afterwards it can still hear that its client hung up."""
    heard: list[Any] = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        heard.extend([await receive(), await receive()])

    client = wire(piece(b"a"), piece(b""), piece(b"b", more=False), {"type": "http.disconnect"})
    await BodyLimit(app)(scope(), client.receive, client.send)
    assert heard == [piece(b"ab", more=False), {"type": "http.disconnect"}]


async def test_what_is_no_request_passes() -> None:
    """The application's own start and stop, for one."""
    kinds: list[str] = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        kinds.append(scope["type"])

    client = wire()
    await BodyLimit(app)({"type": "lifespan"}, client.receive, client.send)
    assert kinds == ["lifespan"]


@asynccontextmanager
async def listening(alone: Api, most: int = 100) -> AsyncIterator[tuple[int, Server]]:
    """The application behind the real server, for so many connections; yields its port."""
    served = config(create_app(alone.services), Settings())
    served.limit_concurrency = most
    server = Server(served, passive=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await running


async def talk(port: int, *said: bytes) -> bytes:
    """Say it on one connection; return all that was answered until it was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in said:
        writer.write(each)
        await writer.drain()
    async with asyncio.timeout(10):
        answered = await reader.read()
    writer.close()
    return answered


HEAD = b"POST /failover/transactional HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


async def test_over_the_wire_the_refusal_arrives(alone: Api) -> None:
    """A client that first sends all of its megabyte reads the 413, not a reset connection."""
    async with listening(alone) as (port, _), httpx.AsyncClient() as http:
        for content in (b"x" * 1_000_000, pieces(b"x" * 1_000_000)):
            answer = await http.post(f"http://127.0.0.1:{port}{CREATE}", content=content)
            assert (answer.status_code, answer.json()) == (413, TOO_LONG)


async def test_over_the_wire_a_declared_length_is_refused_at_once(alone: Api) -> None:
    """Who asks whether to go on is not told to."""
    async with listening(alone) as (port, _):
        answered = await talk(port, HEAD + b"Content-Length: 70000\r\nExpect: 100-continue\r\n\r\n")
    head, _, body = answered.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answered
    assert json.loads(body) == TOO_LONG


async def test_over_the_wire_too_many_connections_are_told_to_come_again(alone: Api) -> None:
    """503 rather than a process without memory; those that are open are served."""
    async with listening(alone, most=2) as (port, server):
        _, first = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(server.server_state.connections) == 1)
        answered = await talk(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        first.close()
    assert answered.startswith(b"HTTP/1.1 503 ")


def test_the_server_bounds_its_connections() -> None:
    """By the one number of api/server.py."""
    served: uvicorn.Config = config(create_app(), Settings())
    assert served.limit_concurrency == 1000
