"""The wire that several targets share."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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


async def test_who_is_refused_can_come_again_later() -> None:
    """A server that is away is back at the address at which it was."""
    (port,) = steady_ports(1)
    async with saying(b"one", port), Wire(port) as wire:
        assert await _heard(wire) == b"one"
        await wire.refuse()
        with pytest.raises(ConnectionRefusedError):
            await _heard(wire)
        wire.unblock()
        assert await _heard(wire) == b"one"


async def test_a_slow_one_answers_in_the_end() -> None:
    """Late is not never."""
    (port,) = steady_ports(1)
    async with saying(b"one", port), Wire(port) as wire:
        wire.slow = (0.2, 0.3)
        began = time.monotonic()
        assert await _heard(wire) == b"one"
        assert time.monotonic() - began >= 0.2


async def test_it_leads_to_a_socket_in_the_file_system(tmp_path: Path) -> None:
    """A database may listen nowhere else."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"one")
        writer.close()

    path = tmp_path / "socket"
    server = await asyncio.start_unix_server(handle, path)
    async with server, Wire(path) as wire:
        assert await _heard(wire) == b"one"
