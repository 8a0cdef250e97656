"""A receiver of callbacks, as a client of the API would have one."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cli.receiver import receiving
from egress.signing import Unverified, verified


@dataclass
class Sink:
    """What arrived, by tracking id, in the order of arrival; without keys no signature is checked.

    `unsigned` says, by tracking id, what is wrong with a callback that none of the keys has signed.
    """

    port: int
    received: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    keys: Sequence[str] = ()
    unsigned: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where to send callbacks."""
        return f"http://127.0.0.1:{self.port}/callbacks"

    async def take(self, request: Request) -> Response:
        """Keep one callback, with its sequence number."""
        payload = await request.json()
        if self.keys and (fault := self._wrong(request.headers, await request.body())):
            self.unsigned[payload["trackingId"]] = fault
        payload["sequence"] = int(request.headers["x-failover-sequence"])
        self.received.setdefault(payload["trackingId"], []).append(payload)
        return Response(status_code=200)

    def _wrong(self, headers: Mapping[str, str], body: bytes) -> str | None:
        try:
            verified(headers, body, self.keys, time.time())
        except Unverified as fault:
            return str(fault)
        return None

    def faults(self, tracking_id: str, status: str) -> list[str]:
        """What is wrong with the callbacks of a flow that ended with that status."""
        callbacks = self.received.get(tracking_id, [])
        sequence = [callback["sequence"] for callback in callbacks]
        terminal = [each for each in callbacks if each["status"] in {"Succeeded", "Failed"}]
        found = []
        if sequence != sorted(set(sequence)):
            found.append(f"callbacks out of order: {sequence}")
        if len(terminal) != 1 or callbacks[-1] is not terminal[0]:
            found.append(f"{len(terminal)} terminal callbacks instead of one at the end")
        elif terminal[0]["status"] != status:
            found.append(f"the last callback says {terminal[0]['status']}, not {status}")
        if fault := self.unsigned.get(tracking_id):
            found.append(f"a callback that is not ours: {fault}")
        return found


@asynccontextmanager
async def listening(port: int = 0, keys: Sequence[str] = ()) -> AsyncIterator[Sink]:
    """A sink that listens on loopback, at a free port for 0."""
    sink = Sink(port, keys=keys)
    async with receiving(sink.take, port=port) as sink.port:
        yield sink
