"""What stands before the APIs in production: one address, which leads to one that is there."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

from tests.processes import HOST

_TURN = count()


@dataclass(frozen=True)
class Door:
    """A port that leads to the others in turn, those left out that nobody listens on."""

    targets: Sequence[int]

    async def carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection to its end; without an API it is closed."""
        try:
            there_reader, there_writer = await self._opened()
        except ConnectionError:
            writer.close()
            return
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, there_writer))
            both.create_task(_pump(there_reader, writer))

    async def _opened(self) -> tuple[StreamReader, StreamWriter]:
        first = next(_TURN)
        for each in range(len(self.targets)):
            with suppress(ConnectionError):
                target = self.targets[(first + each) % len(self.targets)]
                return await asyncio.open_connection(HOST, target)
        raise ConnectionRefusedError("no API listens")


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def opened(port: int, targets: Sequence[int]) -> AsyncIterator[None]:
    """Have it open on that port."""
    door = Door(targets)
    server = await asyncio.start_server(door.carry, HOST, port)
    try:
        yield
    finally:
        server.close()
