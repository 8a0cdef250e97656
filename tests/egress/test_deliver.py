"""One attempt at a client's address, whatever answers there."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from egress.deliver import ANSWER_CAP, DEADLINE, HEADER_CAP, Deliverer, Delivery
from egress.reach import Reach
from tests.certificates import self_signed
from tests.egress import receivers
from tests.egress.reaching import LOOPBACK
from tests.egress.receivers import Play, answering, receiving

BODY = '{"trackingId":"0f7a", "text": "Το δέμα  είναι\\u00e9 έτοιμο"}'.encode()
SHORT = 0.4


@pytest.fixture
async def deliverer() -> AsyncIterator[Deliverer]:
    """With the deadline of production."""
    async with Deliverer(LOOPBACK) as deliverer:
        yield deliverer


@pytest.fixture
async def hurried() -> AsyncIterator[Deliverer]:
    """With a short deadline."""
    async with Deliverer(LOOPBACK, deadline=SHORT) as deliverer:
        yield deliverer


async def test_the_bytes_arrive_as_they_are(deliverer: Deliverer) -> None:
    """By POST, at the address with its query; with our headers, and none that tell of us."""
    async with receiving(answering(200)) as receiver:
        headers = {"webhook-id": "msg_0f7a-3", "x-failover-sequence": "3"}
        delivery = await deliverer.deliver(receiver.url, BODY, headers)
    assert delivery == Delivery(status=200)
    [(head, body)] = receiver.requests
    assert body == BODY
    assert head.startswith("POST /callbacks?flow=1 HTTP/1.1\r\n")
    apart = {"host", "accept", "accept-encoding", "connection"}
    told = {name: value for name, value in receiver.headers.items() if name not in apart}
    assert told == {
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "user-agent": "failover",
        "webhook-id": "msg_0f7a-3",
        "x-failover-sequence": "3",
    }


@pytest.mark.parametrize(
    ("status", "succeeded", "gone"),
    [
        (200, True, False),
        (201, True, False),
        (204, True, False),
        (299, True, False),
        (300, False, False),
        (304, False, False),
        (400, False, False),
        (401, False, False),
        (404, False, False),
        (410, False, True),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
async def test_only_2xx_is_a_success_and_410_the_end(
    deliverer: Deliverer, status: int, succeeded: bool, gone: bool
) -> None:
    """Everything else is tried again; the answer is told by its number."""
    async with receiving(answering(status, body=b"" if status in (204, 304) else b"thanks")) as at:
        delivery = await deliverer.deliver(at.url, BODY, {})
    assert (delivery.status, delivery.succeeded, delivery.gone) == (status, succeeded, gone)
    assert str(delivery) == str(status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(deliverer: Deliverer, status: int) -> None:
    """It could lead anywhere."""
    async with receiving(answering(200)) as elsewhere:
        async with receiving(answering(status, f"Location: {elsewhere.url}")) as receiver:
            delivery = await deliverer.deliver(receiver.url, BODY, {})
        assert (delivery.status, delivery.succeeded) == (status, False)
        assert len(receiver.requests) == 1
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("play", "fault"),
    [
        (receivers.hang_up, "RemoteProtocolError"),
        (receivers.babble, "RemoteProtocolError"),
        (answering(200, "X-Long: " + "x" * 200_000), "RemoteProtocolError"),
    ],
    ids=["hangs up", "speaks no HTTP", "endless header"],
)
async def test_a_broken_receiver_is_a_fault(deliverer: Deliverer, play: Play, fault: str) -> None:
    """Told by its name, which says nothing of the address."""
    async with receiving(play) as receiver:
        delivery = await deliverer.deliver(receiver.url, BODY, {})
    assert delivery == Delivery(fault=fault)
    assert (delivery.succeeded, delivery.gone, str(delivery)) == (False, False, fault)


@pytest.mark.parametrize(
    "play", [receivers.stay_silent, receivers.drip_body, receivers.drip_headers]
)
async def test_a_slow_receiver_is_given_up_at_the_deadline(hurried: Deliverer, play: Play) -> None:
    """The whole exchange counts: whoever drips never pauses for long."""
    async with receiving(play) as receiver:
        began = time.monotonic()
        delivery = await hurried.deliver(receiver.url, BODY, {})
        taken = time.monotonic() - began
        assert receiver.requests
    assert delivery.status is None
    assert delivery.fault in {"TimeoutError", "ReadTimeout"}
    assert SHORT * 0.9 <= taken < SHORT + 5


def test_in_production_a_receiver_has_10_seconds() -> None:
    """Not less: its client was promised them."""
    assert DEADLINE == 10


async def test_of_an_endless_answer_only_the_beginning_is_read(deliverer: Deliverer) -> None:
    """Its status counts; then the connection is closed under it."""
    written = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                written += 65536
        finally:
            closed.set()

    closed = asyncio.Event()
    async with asyncio.timeout(5), receiving(pour) as receiver:
        delivery = await deliverer.deliver(receiver.url, BODY, {})
        await closed.wait()
    assert delivery == Delivery(status=200, answer=b"x" * ANSWER_CAP)
    assert ANSWER_CAP < written < 50_000_000


async def test_a_compressed_bomb_is_not_unpacked(deliverer: Deliverer) -> None:
    """The answer's body is of no interest: bytes that are no gzip do no harm."""
    play = answering(200, "Content-Encoding: gzip", body=b"no gzip")
    async with receiving(play) as receiver:
        delivery = await deliverer.deliver(receiver.url, BODY, {})
    assert delivery == Delivery(status=200, answer=b"no gzip")


async def test_a_receivers_cookies_are_not_kept(deliverer: Deliverer) -> None:
    """The next callback to that host may be another client's."""
    async with receiving(answering(200, "Set-Cookie: who=acme; Path=/")) as receiver:
        for _ in range(2):
            await deliverer.deliver(receiver.url, BODY, {})
    assert "cookie" not in receiver.headers


async def test_a_connection_is_not_kept(hurried: Deliverer) -> None:
    """Each attempt stands alone: one that the receiver leaves open is closed by us."""

    async def answer_and_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(200)(reader, writer)
        assert await reader.read() == b""

    async with asyncio.timeout(10), receiving(answer_and_wait) as receiver:
        for _ in range(3):
            assert await hurried.deliver(receiver.url, BODY, {}) == Delivery(status=200)
    assert len(receiver.requests) == 3


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine uses for itself is not for clients' addresses."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Deliverer(LOOPBACK) as deliverer, receiving(answering(200)) as receiver:
        assert await deliverer.deliver(receiver.url, BODY, {}) == Delivery(status=200)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://[::1",
        "http://xn--/",
        "http:///x",
        "http://.../",
        "http://host\x00/",
        f"http://{'ü' * 70}/",
        f"http://{'a' * 64}.invalid/",
        "ftp://127.0.0.1/",
        "mailto:ops@acme.test",
        "",
    ],
)
async def test_an_address_that_leads_nowhere_is_a_fault(hurried: Deliverer, url: str) -> None:
    """Never an exception, however odd it is."""
    delivery = await hurried.deliver(url, BODY, {})
    assert delivery.status is None
    assert delivery.fault
    assert not delivery.succeeded


async def test_a_certificate_that_nobody_vouches_for_is_a_fault(
    deliverer: Deliverer, tmp_path: Path
) -> None:
    """Nothing is written to such a receiver."""
    async with receiving(answering(200), tls=self_signed(tmp_path)) as receiver:
        delivery = await deliverer.deliver(receiver.url, BODY, {})
    assert delivery == Delivery(fault="CertificateNotTrusted")
    assert receiver.requests == []


async def test_of_an_answer_its_beginning_and_its_retry_after_are_kept(
    deliverer: Deliverer,
) -> None:
    """For those who look for the reason later; and how long it took."""
    play = answering(503, f"Retry-After: {'9' * 100}", body=b"come back later")
    async with receiving(play) as receiver:
        delivery = await deliverer.deliver(receiver.url, BODY, {})
    assert delivery == Delivery(status=503, answer=b"come back later", retry_after="9" * HEADER_CAP)
    assert 0 < delivery.seconds < DEADLINE


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.acme.test/#x",
        "http://acme@hooks.acme.test/",
        "http://hooks.acme.test:22/",
        "http://10.1.2.3/",
        "http://127.0.0.1:8080/",
        "http://169.254.169.254/",
    ],
)
async def test_what_was_stored_before_the_rule_is_refused_at_the_delivery(url: str) -> None:
    """For good, without a look-up; the fault says nothing of what is there."""

    async def nobody(host: str) -> tuple[str, ...]:
        raise AssertionError(f"{host} was looked up")

    async with Deliverer(Reach(), resolve=nobody) as deliverer:
        delivery = await deliverer.deliver(url, BODY, {})
    assert delivery == Delivery(fault="AddressNotAllowed", refused=True)
    assert str(delivery) == "AddressNotAllowed"
    assert (delivery.succeeded, delivery.gone) == (False, False)


async def test_a_name_on_this_machine_is_resolved_and_refused() -> None:
    """By the machine's own resolver, as in production; it may lead elsewhere tomorrow."""
    async with receiving(answering(200)) as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        reach = Reach(ports=frozenset({int(port)}))
        async with Deliverer(reach) as deliverer:
            delivery = await deliverer.deliver(f"http://localhost:{port}/", BODY, {})
        assert delivery == Delivery(fault="AddressNotAllowed", refused=False)
        assert receiver.requests == []
        async with Deliverer(LOOPBACK) as deliverer:
            delivery = await deliverer.deliver(f"http://localhost:{port}/", BODY, {})
        assert delivery == Delivery(status=200)
