"""Requests as they come over the wire, and what is asked of every answer to one."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from api.errors import Problem

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Asked:
    """A request. `target` is the path with its query, as it is written; `chunks` are the body."""

    method: str
    target: bytes
    headers: Headers = ()
    chunks: Sequence[bytes] = (b"",)
    hangs_up: bool = False

    def told(self) -> str:
        """The request, so that one can repeat it."""
        return repr(self)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(app: ASGIApp, asked: Asked) -> Answer | None:
    """The application's answer; None if it gave none to somebody who hung up."""
    path, _, query = asked.target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"api.test"), *asked.headers],
        "client": ("192.0.2.1", 50000),
        "server": ("api.test", 80),
        "state": {},
    }
    last = len(asked.chunks) - 1
    incoming: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": place < last or asked.hangs_up}
        for place, chunk in enumerate(asked.chunks)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(30):
        await app(scope, receive, send)
    if not sent and asked.hangs_up:
        return None
    return Answer(
        status=sent[0]["status"],
        headers={name.decode().lower(): text.decode() for name, text in sent[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )


def strictly(text: bytes) -> Any:
    """JSON as the standard has it: no NaN, no Infinity, nothing but UTF-8."""

    def never(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text.decode("utf-8"), parse_constant=never)


def check(asked: Asked, answer: Answer) -> None:
    """Hold an answer to the contract's shapes (§1.4); the request stands in what is raised."""
    assert answer.status < 500, f"{answer}\n{asked.told()}"
    assert answer.headers["x-request-id"], asked.told()
    if not answer.body:
        assert answer.status == 200, f"{answer}\n{asked.told()}"
        return
    assert answer.headers["content-type"] == "application/json", f"{answer}\n{asked.told()}"
    told = strictly(answer.body)
    if answer.status >= 400:
        assert _is_refusal(asked, answer.status, told), f"{answer}\n{asked.told()}"


def _is_refusal(asked: Asked, status: int, told: Any) -> bool:
    if status != 401:
        problem = Problem.model_validate(told, strict=True)
        return re.fullmatch(rf"{status}\d{{6}}", problem.code) is not None
    if asked.target.startswith(b"/oauth/token"):
        return set(told) == {"timestamp", "status", "error", "message", "path"}
    return set(told) == {"error", "error_description"}
