"""Our own database's server, where it is one that can be away: PostgreSQL."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from tests import postgres
from tests.conftest import until
from tests.faults.wire import Wire
from tests.postgres import Server
from tests.processes import HOST, STARTING, lives


@dataclass(frozen=True)
class Storage:
    """The server, and the wire through which all of the service's processes reach it."""

    server: Server
    wire: Wire

    def through(self, url: str) -> str:
        """The address of one of its databases, by way of the wire."""
        address = make_url(url).set(host=HOST, port=self.wire.port, query={})
        return address.render_as_string(hide_password=False)

    async def stop(self, how: signal.Signals) -> None:
        """Tell the server to stop: SIGINT is a fast stop, SIGQUIT one without good-bye."""
        pid = self.server.pid
        assert pid
        os.kill(pid, how)
        await until(lambda: not lives(pid), STARTING)
        await asyncio.to_thread(self.server.stop)

    async def start(self) -> None:
        """Start it again, and return once it takes connections."""
        await asyncio.to_thread(self.server.start)

    async def mend(self) -> None:
        """Have it at work, whatever a fault left undone."""
        self.wire.slow = None
        if self.server.pid is None:
            await self.start()


@asynccontextmanager
async def stored() -> AsyncIterator[Storage]:
    """A server of our own, at work.

    Raises:
        Missing: there is none to start.
        RuntimeError: it did not start.
    """
    with postgres.serving() as server:
        async with Wire(server.directory / ".s.PGSQL.5432") as wire:
            yield Storage(server, wire)
