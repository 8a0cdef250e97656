"""Looking names up: by the hosts file and the name servers, never in a thread of ours."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from aiodns import DNSResolver

from egress.names import SystemNames


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """A name server that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()


async def test_this_machines_own_name_is_known() -> None:
    """As in the hosts file: a receiver beside us is tried out by it."""
    names = SystemNames()
    try:
        assert "127.0.0.1" in await names("localhost")
        assert set(await names("LOCALHOST")) <= {"127.0.0.1", "::1"}
    finally:
        await names.aclose()


async def test_a_name_that_is_none_has_no_address() -> None:
    """The same error as for every other reason."""
    names = SystemNames()
    try:
        with pytest.raises(OSError, match="cannot be resolved"):
            await names("a" * 64 + ".invalid")
    finally:
        await names.aclose()


async def test_a_silent_name_server_holds_nobody_up(silent: tuple[str, int]) -> None:
    """A hundred names that hang leave the executor's threads to others."""
    names = SystemNames()
    names._resolver = DNSResolver([f"{silent[0]}:{silent[1]}"], timeout=30, tries=1)
    hanging = [asyncio.create_task(_quietly(names, f"n{each}.evil.test")) for each in range(100)]
    try:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        assert await asyncio.wait_for(loop.run_in_executor(None, lambda: 7), 5) == 7
        assert not any(task.done() for task in hanging)
    finally:
        await names.aclose()
        await asyncio.wait_for(asyncio.gather(*hanging), 5)


async def _quietly(names: SystemNames, host: str) -> None:
    with pytest.raises(OSError, match="cannot be resolved"):
        await names(host)


async def test_it_can_be_closed_before_it_is_used_and_twice() -> None:
    """A client that never sent anything has nothing to give up."""
    names = SystemNames()
    await names.aclose()
    await names("localhost")
    await names.aclose()
    await names.aclose()
