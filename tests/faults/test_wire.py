"""The wire that several targets share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.wire import Wire
from tests.processes import HOST, steady_ports


@asynccontextmanager
async def saying(word: bytes, port: int) -> AsyncIterator[None]:
    """Somebody who says that to each who connects."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(word)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, HOST, port)
    async with server:
        yield


async def _heard(wire: Wire) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, wire.port)
    word = await reader.read()
    writer.close()
    return word


async def test_targets_take_turns() -> None:
    """As behind a load balancer."""
    one, two = steady_ports(2)
    async with saying(b"one", one), saying(b"two", two), Wire(one, two) as wire:
        assert [await _heard(wire) for _ in range(4)] == [b"one", b"two"] * 2


async def test_who_does_not_listen_is_passed() -> None:
    """One that was killed costs its clients nothing but what it was at."""
    one, two = steady_ports(2)
    async with saying(b"two", two), Wire(one, two) as wire:
        assert [await _heard(wire) for _ in range(3)] == [b"two"] * 3


async def test_one_can_be_aimed_at() -> None:
    """So that a fault meets the process that it is for."""
    one, two = steady_ports(2)
    async with saying(b"one", one), saying(b"two", two), Wire(one, two) as wire:
        wire.aim(two)
        assert [await _heard(wire) for _ in range(3)] == [b"two"] * 3
        wire.aim(None)
        assert {await _heard(wire) for _ in range(2)} == {b"one", b"two"}
