"""A sandbox on a loopback port, and somebody to report to."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.bench import Receiver, Service, receiving, serving
from tests.sandbox.plays import Plays, play_all


@pytest.fixture(scope="package")
async def receiver() -> AsyncIterator[Receiver]:
    """The HTTP server that reports are posted to."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="package")
async def service(receiver: Receiver) -> AsyncIterator[Service]:
    """A sandbox that dedupes."""
    async with asyncio.timeout(60), serving(receiver, dedupes=True) as service:
        yield service


@pytest.fixture(scope="package")
async def forgetful(receiver: Receiver) -> AsyncIterator[Service]:
    """A sandbox that does not dedupe."""
    async with asyncio.timeout(60), serving(receiver, dedupes=False) as service:
        yield service


@pytest.fixture(scope="package", autouse=True)
async def playing(receiver: Receiver) -> AsyncIterator[asyncio.Task[Plays]]:
    """All rows, being played from the start: it takes 15 s, which the other tests share."""
    task = asyncio.create_task(play_all(receiver))
    yield task
    task.cancel()
    await asyncio.wait({task})
