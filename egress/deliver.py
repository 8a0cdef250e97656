"""One attempt to tell a client something at the address it gave."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

DEADLINE = 10.0
"""Seconds that a receiver has for the whole exchange."""

ANSWER_CAP = 2048
"""Bytes that are read of an answer."""


_ODD_ADDRESS = (ValueError, ExceptionGroup)
"""What the transport lets through of a host that is no name and of a port that is none."""


@dataclass(frozen=True)
class Delivery:
    """How an attempt ended: the answer's status, or the name of the fault."""

    status: int | None = None
    fault: str = ""

    @property
    def succeeded(self) -> bool:
        """Any 2xx counts; a redirect does not."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """410: the receiver wants no more of this flow."""
        return self.status == httpx.codes.GONE

    def __str__(self) -> str:
        return str(self.status) if self.status is not None else self.fault


class Deliverer:
    """The client for addresses that clients gave: never shared with provider credentials."""

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),
            timeout=httpx.Timeout(deadline, connect=5.0),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=0),
            headers={"User-Agent": "failover"},
            # The next callback to a host may be another client's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """POST the bytes once; never raises for the receiver's faults."""
        try:
            async with asyncio.timeout(self._deadline):
                return Delivery(status=await self._post(url, body, headers))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, *_ODD_ADDRESS) as fault:
            return Delivery(fault=type(fault).__name__)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        sent = {"Content-Type": "application/json", **headers}
        async with self._client.stream("POST", url, content=body, headers=sent) as response:
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read >= ANSWER_CAP:
                    break
            return response.status_code
