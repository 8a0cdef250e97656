"""What the network does to a send, and which outcome that is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from domain.status import Channel, Status
from providers.base import Outgoing
from providers.credentials import ClientCredentials
from providers.http import ANSWER_CAP, ProviderClient
from providers.outcomes import REJECTED, Accepted, MaybeSent, NotSent, Refused, SendOutcome
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


TOKEN = _http("200 OK", b'{"access_token":"t1","token_type":"bearer","expires_in":3600}')
RENEWED = TOKEN.replace(b"t1", b"t2")
TAKEN = _http("202 Accepted", b'{"messageId":"m1"}')
VOID = _http("401 Unauthorized", b'{"error":"invalid_token"}')


class Service:
    """A provider and its issuer: each answers in turn, the last answer for ever."""

    def __init__(self, tokens: list[bytes], answers: list[bytes]) -> None:
        self._tokens, self._answers = tokens, answers
        self.bearers: list[str] = []
        self.issued = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if " /oauth/token " in head:
            self.issued += 1
            answers = self._tokens
        else:
            lines = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
            self.bearers.append(lines["authorization"].removeprefix("Bearer "))
            answers = self._answers
        writer.write(answers.pop(0) if len(answers) > 1 else answers[0])
        await writer.drain()


class Guarded(Sandbox):
    """A sandbox that wants a token of an issuer."""

    def __init__(self, url: str, issuer: str = "") -> None:
        super().__init__(url)
        self.credentials = ClientCredentials(  # type: ignore[assignment]
            f"{issuer or url}/oauth/token", "shop", "secret"
        )


OUTGOING = Outgoing("a.1", request_step(sms()), "AcmeShop", 60, "http://127.0.0.1:9/reports")


async def _sends(service: Service, times: int = 1, issuer: str = "") -> list[SendOutcome]:
    async with _server(service) as url, ProviderClient(Guarded(url, issuer), 1.0) as client:
        return [await client.send(OUTGOING) for _ in range(times)]


async def test_the_token_goes_out_with_every_request() -> None:
    """It was asked for once."""
    service = Service([TOKEN], [TAKEN])
    assert await _sends(service, 3) == [Accepted("m1")] * 3
    assert (service.bearers, service.issued) == (["t1"] * 3, 1)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden"])
async def test_an_issuer_that_refuses_us_is_our_fault(status: str) -> None:
    """Nothing was written; another provider may take the step, this one never will."""
    service = Service([_http(status, b'{"message":"Bad credentials"}')], [TAKEN])
    assert await _sends(service) == [REJECTED]
    assert service.bearers == []


@pytest.mark.parametrize(
    "answer",
    [
        _http("200 OK", b"garbage"),
        _http("200 OK", b"[]"),
        _http("200 OK", b'{"access_token":null}'),
        _http("200 OK", b'{"access_token":"t\xc3\xb6k\xc3\xa9n"}'),
        _http("302 Found", b"", "Location: http://127.0.0.1:9/"),
        _http("408 Late"),
        _http("429 Too Many"),
        _http("500 Oops"),
        _http("503 Away"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"garbage\r\n\r\n",
        b"",
    ],
)
async def test_an_issuer_without_a_token_leaves_the_step_not_sent(answer: bytes) -> None:
    """Whatever it answered: the message itself was never written."""
    service = Service([answer], [TAKEN])
    assert await _sends(service) == [NotSent("NoToken")]
    assert service.bearers == []


async def test_an_issuer_that_is_not_there_leaves_the_step_not_sent() -> None:
    """It is a service of its own, and fails on its own."""
    service = Service([TOKEN], [TAKEN])
    assert await _sends(service, issuer=f"http://127.0.0.1:{free_port()}") == [NotSent("NoToken")]
    assert service.bearers == []


async def test_an_issuer_that_never_answers_leaves_the_step_not_sent() -> None:
    """It has the deadline of the whole exchange."""

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    service = Service([TOKEN], [TAKEN])
    async with _server(hang) as issuer:
        assert await _sends(service, issuer=issuer) == [NotSent("NoToken")]
    assert service.bearers == []


async def test_a_void_token_is_renewed_and_the_request_written_again() -> None:
    """Who does not know the caller has taken nothing."""
    service = Service([TOKEN, RENEWED], [VOID, TAKEN])
    assert await _sends(service, 2) == [Accepted("m1")] * 2
    assert (service.bearers, service.issued) == (["t1", "t2", "t2"], 2)


async def test_a_request_is_written_again_once_only() -> None:
    """The new token is void too: the fault is elsewhere."""
    service = Service([TOKEN], [VOID])
    assert await _sends(service) == [REJECTED]
    assert (len(service.bearers), service.issued) == (2, 2)


async def test_a_void_token_without_a_new_one_leaves_the_step_not_sent() -> None:
    """The one request that was written was turned away."""
    service = Service([TOKEN, _http("503 Away")], [VOID])
    assert await _sends(service) == [NotSent("NoToken")]
    assert len(service.bearers) == 1


async def test_what_follows_a_renewal_is_judged_as_ever() -> None:
    """The second request may have been taken."""
    service = Service([TOKEN], [VOID, _http("500 Oops")])
    assert await _sends(service) == [MaybeSent("500")]


async def test_whoever_cannot_be_known_is_told_nothing() -> None:
    """A question without a token is not asked."""
    service = Service([_http("401 Unauthorized")], [TAKEN])
    async with _server(service) as url, ProviderClient(Guarded(url), 1.0) as client:
        assert await client.ask("m1", "a.1", Channel.SMS) == ()
    assert service.bearers == []


async def test_a_question_is_asked_with_the_token_too() -> None:
    """And renewed as for a message; an answer that is no 2xx says nothing."""
    told = _http("200 OK", b'{"messageId":"m1","status":"delivered"}')
    service = Service([TOKEN, RENEWED], [VOID, told, _http("404 Not Found")])
    async with _server(service) as url, ProviderClient(Guarded(url), 1.0) as client:
        (word,) = await client.ask("m1", "a.1", Channel.SMS)
        assert word.status is Status.DELIVERED
        assert await client.ask("m1", "a.1", Channel.SMS) == ()
    assert service.bearers == ["t1", "t2", "t2"]


async def test_a_send_beyond_the_rate_is_not_written() -> None:
    """It waits, and says how long; asking for a token would be of no use either."""
    service = Service([TOKEN], [TAKEN])
    async with _server(service) as url:
        guarded = Guarded(url)
        guarded.capabilities = replace(guarded.capabilities, rate="1/minute")
        async with ProviderClient(guarded, 1.0) as client:
            assert await client.send(OUTGOING) == Accepted("m1")
            late = await client.send(OUTGOING)
    assert isinstance(late, NotSent)
    assert late.why == "rate"
    assert late.retry_after is not None
    assert 50 < late.retry_after <= 61
    assert (len(service.bearers), service.issued) == (1, 1)
