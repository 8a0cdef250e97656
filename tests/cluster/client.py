"""A client of the service as one should be: it asks again, elsewhere, under one Idempotency-Key."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from tests.processes import sign_in

PATIENCE = 90.0
"""Seconds for which a request is repeated."""

PAUSE = 0.5
"""Seconds between its repetitions; `Retry-After` says more, but the test has little time."""


@dataclass(frozen=True)
class Answer:
    """How an API answered one attempt, and when, by the event loop's clock; None is not at all."""

    at: float
    method: str
    api: int
    status: int | None


@dataclass
class Client:
    """A client of both APIs, which it takes in turn."""

    apis: Sequence[httpx.AsyncClient]
    answers: list[Answer] = field(default_factory=list)
    _turn: "count[int]" = field(default_factory=count)

    async def sign_in(self) -> None:
        """Get a token, which either API takes."""
        await sign_in(self.apis[0])
        for api in self.apis[1:]:
            api.headers["authorization"] = self.apis[0].headers["authorization"]

    async def post(self, body: Mapping[str, Any], path: str = "/failover/transactional") -> str:
        """Start a flow, whatever it takes; returns its tracking id.

        Raises:
            TimeoutError: it was not taken.
            AssertionError: it was answered with another fault than 503.
        """
        key = {"idempotency-key": str(uuid4())}
        created = await self._asked("POST", path, json=body, headers=key)
        return str(created["trackingId"])

    async def tracked(self, flow: str) -> Mapping[str, Any]:
        """What the service shows of the flow; raises as `post` does."""
        return await self._asked("GET", f"/failover/tracking/{flow}")

    async def _asked(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._attempt(method, path, **more)
                if answer is not None and answer.is_success:
                    taken: Mapping[str, Any] = answer.json()
                    return taken
                if answer is not None:
                    assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
                await asyncio.sleep(PAUSE)

    async def _attempt(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        number = next(self._turn) % len(self.apis)
        answer = None
        with suppress(httpx.TransportError):  # the other one is asked next
            answer = await self.apis[number].request(method, path, **more)
        now = asyncio.get_running_loop().time()
        self.answers.append(Answer(now, method, number, answer.status_code if answer else None))
        return answer
