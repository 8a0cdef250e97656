"""The benchmark's receivers: the dead ones must be dead, each in its own way."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from bench.receivers import EACH, Receivers, full, listening, refusing, silent

PATIENCE = 0.5
REQUEST = b"POST /callbacks HTTP/1.1\r\nhost: acme.test\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Holds ports until the test is over."""
    with ExitStack() as stack:
        yield stack


async def test_a_refusing_port_refuses(held: ExitStack) -> None:
    """At once: this kind costs an attempt and no time."""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*refusing(held).getsockname())


async def test_a_silent_port_takes_a_request_and_never_answers(held: ExitStack) -> None:
    """Nor does it hang up: this kind holds a connection until we give up."""
    listener = await silent(held)
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(REQUEST)
    await writer.drain()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), PATIENCE)
    writer.close()
    await writer.wait_closed()


async def test_a_full_port_lets_nobody_in(held: ExitStack) -> None:
    """Nor does it refuse: this kind is like a host that is gone."""
    listener = await full(held)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection(*listener.getsockname()), PATIENCE)


async def test_a_listening_port_lets_people_in(held: ExitStack) -> None:
    """Even unserved: that the full one does not is its backlog's doing."""
    _, writer = await asyncio.open_connection(*listening(held).getsockname())
    writer.close()
    await writer.wait_closed()


async def test_the_healthy_one_tells_each_arrival_once() -> None:
    """With the event's time as it came; the others answer as well, and a dead one does not."""
    payload = {"trackingId": "f7e5", "updatedAt": "2026-09-01T08:15:30.120Z"}
    async with Receivers.started() as receivers, httpx.AsyncClient(trust_env=False) as client:
        known = receivers.addresses
        for url in (known.healthy, known.others[-1]):
            assert (await client.post(url, json=payload)).status_code == 200
        with pytest.raises(httpx.ConnectError):
            await client.post(known.dead[0], json=payload)
        arrivals = await receivers.arrivals()
        again = await receivers.arrivals()
    assert [each[:2] for each in arrivals] == [tuple(payload.values())] * 2
    assert again == []
    assert len({known.healthy, *known.others, *known.dead}) == 1 + 2 * 3 * EACH
