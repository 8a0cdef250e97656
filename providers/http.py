"""The one place where providers are spoken to over HTTP, and where faults become send outcomes."""

import asyncio
import contextlib
import functools
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx
import structlog

from domain.status import Channel
from metrics import catalogue as metrics
from providers.base import Outgoing, Provider, StatusWord
from providers.credentials import NoToken, TokenRequest
from providers.exchange import HttpAnswer, HttpRequest
from providers.outcomes import REJECTED, Accepted, MaybeSent, NotSent, Refused, SendOutcome
from providers.pace import Pace

DEADLINE = 10.0
"""Seconds for a whole exchange, a token included; httpx's own limits are per operation."""

ANSWER_CAP = 64 * 1024
"""Bytes that are read of an answer."""

LONGEST_WAIT = 3600.0
"""Seconds: what of a longer Retry-After is believed."""

# Only these prove that no byte of the request was written: no address, no connection, no TLS, no
# free connection of our own. A connection lost later may have carried the whole request.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


_WORDS: Mapping[type[SendOutcome], str] = {
    Accepted: "accepted",
    Refused: "refused",
    NotSent: "not_sent",
    MaybeSent: "maybe_sent",
}

_log = structlog.get_logger()


class ProviderClient:
    """One provider's connections, and its pace."""

    def __init__(self, provider: Provider, deadline: float = DEADLINE) -> None:
        self.provider = provider
        self._deadline = deadline
        self._pace = Pace(provider.capabilities.rate)
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),
            timeout=httpx.Timeout(deadline, connect=3.0, pool=1.0),
            # Below a server's usual five seconds: a request on a connection that the server is
            # closing would be "maybe sent".
            limits=httpx.Limits(
                max_connections=200, max_keepalive_connections=50, keepalive_expiry=3
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        """Hand the step over; never raises for the provider's or the network's faults.

        Raises:
            CannotCarry: the provider has no form for it.
        """
        started = time.perf_counter()
        outcome = await self._outcome(outgoing)
        seconds = time.perf_counter() - started
        channel = outgoing.content.channel
        metrics.sent(channel, self.provider.name, _WORDS[type(outcome)], seconds)
        return outcome

    async def ask(self, message_id: str, reference: str, channel: Channel) -> Sequence[StatusWord]:
        """What became of a message; nothing, where that cannot be learnt now."""
        request = self.provider.build_query(message_id, reference, channel)
        try:
            answer = await self._answer(request)
        except (httpx.HTTPError, TimeoutError, NoToken) as fault:
            _log.info("not told", provider=self.provider.name, fault=type(fault).__name__)
            return ()
        if not 200 <= answer.status < 300:
            _log.info("not told", provider=self.provider.name, answer=answer.status)
            return ()
        return self.provider.read_query(answer, channel)

    async def sign_in(self) -> None:
        """Get what makes a request ours, and send none.

        Raises:
            NoToken: the issuer gave no token.
        """
        until = asyncio.get_running_loop().time() + self._deadline
        await self.provider.credentials.headers(functools.partial(self._token, until))

    async def _outcome(self, outgoing: Outgoing) -> SendOutcome:
        request = self.provider.build_request(outgoing)
        if wait := self._pace.wait():
            return NotSent("rate", wait)
        try:
            answer = await self._answer(request)
        except NoToken as fault:
            _log.warning("no token", provider=self.provider.name, why=str(fault))
            return REJECTED if fault.refused else NotSent("NoToken")
        except NOT_SENT as fault:
            return NotSent(type(fault).__name__)
        except (httpx.HTTPError, TimeoutError) as fault:
            return MaybeSent(type(fault).__name__)
        return _judged(answer) or self.provider.read_answer(answer, outgoing.content.channel)

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer; a request whose credentials were void is written a second time."""
        until = asyncio.get_running_loop().time() + self._deadline
        answer = await self._written(request, until)
        if self.provider.credentials.renew(answer.status):
            answer = await self._written(request, until)
        return answer

    async def _written(self, request: HttpRequest, until: float) -> HttpAnswer:
        ask = functools.partial(self._token, until)
        headers = await self.provider.credentials.headers(ask)
        async with asyncio.timeout_at(until):
            return await self._exchange(request, headers)

    async def _token(self, until: float, request: TokenRequest) -> Mapping[str, Any]:
        post = HttpRequest.form(request.url, request.form)
        try:
            async with asyncio.timeout_at(until):
                answer = await self._exchange(post, request.headers)
        except (httpx.HTTPError, TimeoutError) as fault:
            raise NoToken(type(fault).__name__) from None
        read = answer.json()
        if 400 <= answer.status < 500 and answer.status not in (408, 429):
            raise NoToken(f"the issuer answered {answer.status}", refused=True)
        if not 200 <= answer.status < 300 or not isinstance(read, Mapping):
            raise NoToken(f"the issuer answered {answer.status}")
        return read

    async def _exchange(self, request: HttpRequest, headers: Mapping[str, str]) -> HttpAnswer:
        async with self._client.stream(
            request.method,
            request.url,
            content=request.body,
            headers={**request.headers, **headers},
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= ANSWER_CAP:
                    break
            return HttpAnswer(
                response.status_code, dict(response.headers), bytes(body[:ANSWER_CAP])
            )


def _judged(answer: HttpAnswer) -> SendOutcome | None:
    """What the status alone decides, for every provider alike."""
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        return NotSent("429", _seconds(answer.headers.get("retry-after")))
    if 200 <= answer.status < 300 or (400 <= answer.status < 500 and answer.status != 408):
        return None
    return MaybeSent(str(answer.status))


def _seconds(retry_after: str | None) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return min(max(0.0, float(retry_after or "")), LONGEST_WAIT)
    return None
