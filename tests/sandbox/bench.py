"""What the tests stand on: a report receiver and a sandbox, both real, both on loopback."""

import asyncio
import json
import signal
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from sandbox.server import serve

_numbers = count(1)


def fresh() -> str:
    """A reference that no other test uses."""
    return f"flow-{next(_numbers)}.1"


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Report:
    """A report as received; `at` by the loop's clock, in seconds."""

    body: dict[str, Any]
    at: float

    @property
    def status(self) -> str:
        """The provider's word."""
        return str(self.body["status"])


class Receiver:
    """Takes reports by path. `answers` lists what a path answers first, before its 200s.

    0 closes the connection unanswered; 302 points to /elsewhere.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.answers: dict[str, list[int]] = {}
        self.closed_gates: dict[str, asyncio.Event] = {}
        self._reports: defaultdict[str, list[Report]] = defaultdict(list)
        self._news = asyncio.Condition()

    def paths(self) -> list[str]:
        """Where something has arrived."""
        return list(self._reports)

    def got(self, path: str) -> list[Report]:
        """What has arrived there, oldest first."""
        return list(self._reports[path])

    async def until(self, path: str, number: int, *, within: float = 5) -> list[Report]:
        """What has arrived there, once that many have; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(self._reports[path]) >= number)
        return self.got(path)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one report."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            path, body = await _request(reader)
            async with self._news:
                at = asyncio.get_running_loop().time()
                self._reports[path].append(Report(json.loads(body), at))
                self._news.notify_all()
            if path in self.closed_gates:
                await self.closed_gates[path].wait()
            left = self.answers.get(path)
            status = left.pop(0) if left else 200
            if status:
                writer.write(
                    f"HTTP/1.1 {status} Whatever\r\nLocation: {self.origin}/elsewhere\r\n"
                    "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
                )
                await writer.drain()
        writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length:")
    ]
    return head.split(" ")[1], await reader.readexactly(lengths[0])


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield receiver


class Service:
    """A sandbox, and a client of it."""

    def __init__(self, client: httpx.AsyncClient, receiver: Receiver) -> None:
        self.client = client
        self.receiver = receiver

    def message(self, to: str = "+306900000101", **changed: Any) -> dict[str, Any]:
        """The body of a send; it reports to the path /<reference>."""
        body = {
            "reference": fresh(),
            "channel": "Sms",
            "to": to,
            "from": "AcmeShop",
            "content": {"body": "Parcel 7731 is ready"},
            "validity": 90.0,
        } | changed
        return {"reportUrl": f"{self.receiver.origin}/{body['reference']}"} | body

    async def send(self, message: dict[str, Any], *, timeout: float = 5) -> httpx.Response:
        """Post it, waiting at most `timeout` seconds for the answer."""
        return await self.client.post("/messages", json=message, timeout=timeout)

    async def reports(self, message: dict[str, Any], number: int) -> list[Report]:
        """The message's reports, once there are that many."""
        return await self.receiver.until(f"/{message['reference']}", number)

    async def inbox(self, reference: str) -> list[dict[str, Any]]:
        """What arrived under that reference."""
        listed: list[dict[str, Any]] = (await self.client.get("/inbox")).json()
        return [entry for entry in listed if entry["reference"] == reference]

    async def accepted(self, number: int) -> None:
        """Return once so many messages are in the inbox; TimeoutError after 5 s."""
        async with asyncio.timeout(5):
            while True:
                if len((await self.client.get("/inbox")).json()) >= number:
                    return
                await asyncio.sleep(0.01)

    async def requests(self, reference: str) -> list[tuple[int, int | None]]:
        """The attempts under that reference, with how each was answered."""
        seen = (await self.client.get("/requests")).json()
        return [
            (entry["attempt"], entry["answered"])
            for entry in seen
            if entry["reference"] == reference
        ]


@asynccontextmanager
async def serving(
    receiver: Receiver, *, dedupes: bool, record: Path | None = None
) -> AsyncIterator[Service]:
    """A sandbox that reports to the receiver; it must have ended 2 s after its cancellation."""
    port = free_port()
    interrupt, terminate = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    running = asyncio.create_task(
        serve(
            host="127.0.0.1",
            port=port,
            report_origin=receiver.origin,
            dedupes=dedupes,
            record=record,
        )
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        await healthy(client)
        # The run's own again: ctrl-c is to end the tests, not the service.
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, terminate)
        yield Service(client, receiver)
    running.cancel()
    async with asyncio.timeout(2):
        await asyncio.wait({running})


async def healthy(client: httpx.AsyncClient) -> None:
    """Return once the service answers; TimeoutError after 10 s."""
    async with asyncio.timeout(10):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get("/health")).json() == {"status": "ok"}:
                    return
            await asyncio.sleep(0.02)
