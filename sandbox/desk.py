"""The desk: takes a request to send, and answers it as the recipient's script says."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from fastapi.responses import JSONResponse, Response

from sandbox.answers import PATIENCE, Unanswered, problem
from sandbox.phones import Message, Phones
from sandbox.record import Remembered
from sandbox.reporting import Reporter
from sandbox.scripts import Answer, row_for
from sandbox.wire import Send


@dataclass(slots=True)
class Desk:
    """What the service's endpoints share.

    `dedupes`: a reference that was accepted before is not accepted a second time.
    """

    report_origin: str
    dedupes: bool
    phones: Phones = field(default_factory=Phones)
    reporter: Reporter = field(init=False)

    def __post_init__(self) -> None:
        self.reporter = Reporter(self.phones)

    async def take(self, send: Send) -> Response:
        """Accept the message or turn it away, and answer."""
        if not is_within(send.report_url, self.report_origin):
            return problem(400, "reportUrl: must be of the configured report origin")
        if send.inbound_url and not is_within(send.inbound_url, self.report_origin):
            return problem(400, "inboundUrl: must be of the configured report origin")
        attempt = self.phones.attempt(send.reference)
        script = row_for(send.to).scripts[send.channel]
        if attempt.number <= len(script.turned_away):
            response = self._turn_away(script.turned_away[attempt.number - 1])
        elif self.dedupes and (known := self.phones.latest(send.reference)):
            if isinstance(known, Remembered):  # whose reports ended with the process that took it
                self.reporter.play(self.phones.recall(known, send), script)
            response = _error() if script.answer is Answer.ERROR else _duplicate(known)
        else:
            message = self.phones.accept(send)
            tried = self.reporter.play(message, script)
            response = await self._accept(message, script.answer, tried)
        if not isinstance(response, Unanswered):
            self.phones.answered(attempt, response.status_code)
        return response

    def reply(self, message: Message, text: str) -> Response:
        """Hand on what the recipient replied, where somebody wants to hear it."""
        if not message.send.inbound_url:
            return problem(409, "nobody listens to replies to this message")
        message.replies.append(text)
        reply = {"replyId": str(uuid4()), "messageId": message.id, "text": text}
        self.reporter.hand_on(message.send.inbound_url, reply)
        return JSONResponse(reply, 202)

    def _turn_away(self, answer: Answer) -> Response:
        if answer is Answer.THROTTLED:
            return problem(429, "too many requests")
        return Unanswered(seconds=0, closing=self.reporter.closing)

    async def _accept(self, message: Message, answer: Answer, tried: asyncio.Event) -> Response:
        if answer is Answer.ERROR:
            return _error()
        if answer is Answer.HANGS:
            return Unanswered(seconds=PATIENCE, closing=self.reporter.closing)
        if answer is Answer.AFTER_REPORT:
            await tried.wait()
        return JSONResponse({"messageId": message.id, "status": "queued"}, 202)


def is_within(url: str, origin: str) -> bool:
    """Whether the address is of the origin: the same scheme, host and port, and no user."""
    try:
        address, home = httpx.URL(url), httpx.URL(origin)
    except httpx.InvalidURL:
        return False
    return not address.userinfo and _origin(address) == _origin(home)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _duplicate(message: Message | Remembered) -> JSONResponse:
    return JSONResponse({"messageId": message.id, "status": "queued", "duplicate": True})


def _error() -> JSONResponse:
    return problem(500, "internal error")
