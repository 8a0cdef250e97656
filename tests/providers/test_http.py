"""What the network does to a send, and which outcome that is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from providers.base import Outgoing
from providers.http import ANSWER_CAP, ProviderClient
from providers.outcomes import Accepted, MaybeSent, NotSent, Refused, SendOutcome
from providers.sandbox import Sandbox
from tests.samples import request_step, sms
from tests.sandbox.bench import free_port

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _server(handler: Handler) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _sent(url: str, deadline: float = 1.0) -> SendOutcome:
    outgoing = Outgoing("a.1", request_step(sms()), "AcmeShop", 60, "http://127.0.0.1:9/reports")
    async with ProviderClient(Sandbox(url), deadline) as client:
        return await client.send(outgoing)


def _answering(answer: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handle


def _http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_a_refused_connection_is_not_sent() -> None:
    """No byte was written."""
    assert isinstance(await _sent(f"http://127.0.0.1:{free_port()}"), NotSent)


async def test_an_unknown_name_is_not_sent() -> None:
    """Nobody to write to."""
    assert isinstance(await _sent("http://no-such-host.invalid"), NotSent)


async def test_a_failed_tls_handshake_is_not_sent() -> None:
    """The request comes after it."""

    async def talk_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with _server(talk_plainly) as url:
        assert isinstance(await _sent(url.replace("http:", "https:")), NotSent)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (_http("202 Accepted", b'{"messageId":"m1"}'), Accepted("m1")),
        (_http("429 Too Many", b"", "Retry-After: 7"), NotSent("429", 7.0)),
        (_http("429 Too Many"), NotSent("429", None)),
        (_http("429 Too Many", b"", "Retry-After: inf"), NotSent("429", 3600.0)),
        (_http("429 Too Many", b"", "Retry-After: nan"), NotSent("429", 0.0)),
        (_http("429 Too Many", b"", "Retry-After: -1"), NotSent("429", 0.0)),
        (_http("429 Too Many", b"", "Retry-After: soon"), NotSent("429", None)),
        (_http("500 Oops"), MaybeSent("500")),
        (_http("503 Away"), MaybeSent("503")),
        (_http("408 Late"), MaybeSent("408")),
        (_http("302 Found", b"", "Location: http://127.0.0.1:9/"), MaybeSent("302")),
        (_http("200 OK", b"garbage"), MaybeSent("unreadable answer")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", MaybeSent("RemoteProtocolError")),
        (b"", MaybeSent("RemoteProtocolError")),
        (b"garbage\r\n\r\n", MaybeSent("RemoteProtocolError")),
    ],
)
async def test_an_answer_has_one_outcome(answer: bytes, outcome: SendOutcome) -> None:
    """Each by the table of the design's chapter on sending."""
    async with _server(_answering(answer)) as url:
        assert await _sent(url) == outcome


async def test_a_4xx_is_refused() -> None:
    """The provider will not take it, however often it is asked."""
    async with _server(_answering(_http("422 No"))) as url:
        assert isinstance(await _sent(url), Refused)


async def test_silence_after_the_write_is_maybe_sent() -> None:
    """The deadline is for the whole exchange."""

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with _server(hang) as url:
        assert isinstance(await _sent(url, deadline=0.3), MaybeSent)


async def test_a_drip_is_maybe_sent_at_the_deadline() -> None:
    """A byte now and then keeps no send waiting."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with _server(drip) as url:
        assert isinstance(await _sent(url, deadline=0.3), MaybeSent)


async def test_an_endless_answer_is_cut() -> None:
    """Memory is ours."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(8 * ANSWER_CAP // 0x10000):
            writer.write(chunk)
            await writer.drain()

    async with _server(endless) as url:
        assert isinstance(await _sent(url, deadline=3), MaybeSent)
