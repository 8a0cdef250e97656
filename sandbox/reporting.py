"""Delivery reports: plays a message's script and posts each line until it is answered."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from itertools import chain, repeat
from random import SystemRandom
from typing import Any

import httpx
import structlog

from sandbox.phones import Message, Phones
from sandbox.scripts import Line, Script, Since
from sandbox.wire import iso, now

_SOON = (0.05, 0.3)  # seconds, from and to
_PATIENCE = 600.0  # seconds for which one report is repeated

_log = structlog.get_logger(__name__)
_random = SystemRandom()


def pauses() -> Iterator[float]:
    """Seconds between a report's repetitions, without end."""
    return chain((0.5, 1.0, 2.0, 4.0, 8.0, 16.0), repeat(30.0))


class Reporter:
    """Plays scripts in the background. `closing` is set once it is told to stop."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self.closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        # Neither proxies nor redirects: reports reach the configured origin or nobody.
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(10.0, pool=None),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
        )

    def play(self, message: Message, script: Script) -> asyncio.Event:
        """Start the message's script; the event is set when its first report has been tried."""
        tried = asyncio.Event()
        task = self._begin(self._play(message, script, tried))
        # Also where nothing was tried: a cancelled script must not hold back an answer.
        task.add_done_callback(lambda _: tried.set())
        return tried

    def hand_on(self, url: str, reply: dict[str, Any]) -> None:
        """POST a recipient's reply, as often as a report would be."""
        self._begin(self._deliver(url, reply, asyncio.Event(), lambda _: None))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """End all scripts; idempotent."""
        self.closing.set()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Stop, and close the connections."""
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def _play(self, message: Message, script: Script, tried: asyncio.Event) -> None:
        accepted = asyncio.get_running_loop().time()
        for line in script.lines:
            await asyncio.sleep(_wait(line, accepted, message.send.validity))
            self._phones.move(message, line.status, line.reason)
            if line.reported:
                report = {**message.shown(), "at": iso(now())}
                self._phones.reporting(message, line.status)
                note = partial(self._phones.reported, message, line.status)
                await self._deliver(message.send.report_url, report, tried, note)

    async def _deliver(
        self,
        url: str,
        report: dict[str, Any],
        tried: asyncio.Event,
        note: Callable[[bool], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        for pause in pauses():
            settled = await self._post(url, report)
            note(settled)
            tried.set()
            if settled:
                return
            if loop.time() + pause > deadline:
                break
            await asyncio.sleep(pause)
        _log.warning("report given up", message_id=report["messageId"], status=_word(report))

    async def _post(self, url: str, report: dict[str, Any]) -> bool:
        """Whether that settles it: anything but 5xx and no answer does."""
        try:
            answer = await self._client.post(url, json=report)
        except httpx.HTTPError:
            return False
        if 300 <= answer.status_code < 500:
            _log.warning(
                "report dropped",
                message_id=report["messageId"],
                status=_word(report),
                answer=answer.status_code,
            )
        return answer.status_code < 500


def _word(report: dict[str, Any]) -> str:
    """What is told: a status, or that somebody replied."""
    return str(report.get("status", "reply"))


def _wait(line: Line, accepted: float, validity: float) -> float:
    """Seconds from now to the line; `accepted` by the loop's clock."""
    if line.wait is None:
        return _random.uniform(*_SOON)
    if line.since is Since.LINE:
        return line.wait
    due = accepted + line.wait + (validity if line.since is Since.TTL else 0.0)
    return max(0.0, due - asyncio.get_running_loop().time())
