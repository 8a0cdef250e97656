"""Kannel's reports as they come to our door, and how they are answered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.kannel import Kannel
from providers.token import ReportTokens

ADDRESS = f"/reports/{Kannel.name}/"


@dataclass(frozen=True)
class Seen:
    """A report: Kannel's number, what the SMSC said, and our answer."""

    tracking_id: str
    status: str
    said: str
    answered: int

    def __str__(self) -> str:
        found = self.said.partition("stat:")[2].partition(" ")[0]
        said = found or self.said.rstrip("/")
        return " ".join(filter(None, (self.status, said, self._refusal)))

    @property
    def _refusal(self) -> str:
        return "" if self.answered == 200 else f"(answered {self.answered})"


@dataclass
class Reports:
    """Watches the reports; the next `refusing` of them are answered 500, and go no further."""

    tokens: ReportTokens
    refusing: int = 0
    seen: list[Seen] = field(default_factory=list)

    def watch(self, app: FastAPI) -> None:
        """Stand before everything else of it."""
        app.add_middleware(_Door, reports=self)

    def of(self, tracking_id: str) -> Sequence[Seen]:
        """The flow's, in the order in which they came."""
        return [each for each in self.seen if each.tracking_id == tracking_id]

    def note(self, scope: Scope, answered: int) -> None:
        """One has been answered."""
        token = scope["path"].removeprefix(ADDRESS)
        addressed = self.tokens.read(Kannel.name, token, time.time())
        query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        (status,), (said,) = query["status"], query["answer"]
        self.seen.append(Seen(addressed.ref.tracking_id, status, said, answered))


class _Door:
    def __init__(self, app: ASGIApp, reports: Reports) -> None:
        self._app = app
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(ADDRESS):
            await self._app(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._reports.note(scope, message["status"])
            await send(message)

        app = self._app
        if self._reports.refusing:
            self._reports.refusing -= 1
            app = Response(status_code=500)
        await app(scope, receive, noted)
