"""One receiver of callbacks, a process of its own: plays its script, and notes all that it gets.

It imports nothing of the service. What it notes is written before it is acted upon, so that it
outlives a kill -9 at any moment: a line for each receipt, and a line for each answer.
"""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.phases import LATE, SLOW, Phase, Script, Span, now

LEFT = 0
"""The status of a receipt that got no answer: it hung up, or the other side was gone first."""

STATUSES = {Phase.ERRORS: 500, Phase.THROTTLES: 429, Phase.DROPS: LEFT}
DELAYS = {Phase.SLOW: SLOW, Phase.LATE: LATE}

_chance = random.Random()  # noqa: S311  nothing is secret here


@dataclass(frozen=True)
class Post:
    """Where it listens, the file that it adds to, and its script since `began` (epoch seconds).

    `part` is noted with all that it gets. `key` is what signs them.
    """

    port: int
    file: str
    script: Sequence[Span]
    began: float
    part: int
    key: str

    def written(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> "Post":
        """The post that was written so."""
        members = json.loads(written)
        script: Script = [Span(Phase(each["phase"]), each["seconds"]) for each in members["script"]]
        return cls(**{**members, "script": script})


class Receiver:
    """Serves one post."""

    def __init__(self, post: Post, notes: int) -> None:
        self._post = post
        self._notes = notes
        self._count = 0
        self._noted: set[str] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one callback."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            path, headers, body = await request_of(reader)
            phase = now(self._post.script, time.time() - self._post.began).phase
            self._count += 1
            name = f"{os.getpid()}-{self._count}"
            self._note_receipt(name, phase, path, headers, body)
            if delay := DELAYS.get(phase):
                await asyncio.sleep(_chance.uniform(*delay))
            left = reader.at_eof()
            status = LEFT if left else STATUSES.get(phase, self._verdict(path, headers))
            self._note({"answer": name, "status": status})
            await _answer(writer, status)
        writer.close()

    def _verdict(self, path: str, headers: Mapping[str, str]) -> int:
        """200, but 410 of /gone/<from>/… from that sequence number on, while there is chaos."""
        _, kind, first, *_ = path.split("/")
        gone = kind == "gone" and int(headers["x-failover-sequence"]) >= int(first)
        return 410 if gone and self._post.part == 1 else 200

    def _note_receipt(
        self, name: str, phase: Phase, path: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        digest = sha256(body).hexdigest()
        if digest not in self._noted:
            self._noted.add(digest)
            self._note({"digest": digest, "body": body.decode()})
        self._note(
            {
                "receipt": name,
                "part": self._post.part,
                "at": time.time(),
                "phase": phase,
                "path": path,
                "event": headers.get("webhook-id", ""),
                "seq": int(headers.get("x-failover-sequence", "-1")),
                "timestamp": headers.get("webhook-timestamp", ""),
                "signature": headers.get("webhook-signature", ""),
                "signed": self._is_signed(headers, body),
                "digest": digest,
            }
        )

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """As a client finds out: at once, since a signature is good for minutes only."""
        try:
            Webhook(self._post.key).verify(body, dict(headers), json_parse=False)
        except WebhookVerificationError:
            return False
        return True

    def _note(self, line: Mapping[str, Any]) -> None:
        os.write(self._notes, json.dumps(line).encode() + b"\n")


async def request_of(reader: asyncio.StreamReader) -> tuple[str, Mapping[str, str], bytes]:
    """The path, the headers by their names in small letters, and the body of what comes."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.splitlines()
    pairs = (line.partition(": ") for line in lines if line)
    headers = {name.lower(): value for name, _, value in pairs}
    return first.split(" ")[1], headers, await reader.readexactly(int(headers["content-length"]))


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    if status == LEFT:
        return
    asked = "Retry-After: 1\r\n" if status == 429 else ""
    answer = f"HTTP/1.1 {status} So\r\n{asked}Content-Length: 0\r\nConnection: close\r\n\r\n"
    writer.write(answer.encode())
    await writer.drain()


async def _serve(post: Post) -> None:
    notes = os.open(post.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    receiver = Receiver(post, notes)
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", post.port, backlog=1024)
    async with server:
        await server.serve_forever()


def _end_with_parent() -> None:
    """However that ends: our standard input is a pipe from it."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(Post.read(sys.argv[1])))
