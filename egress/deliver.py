"""One attempt to tell a client something at the address it gave."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

from domain.address import Address
from egress.names import Resolve
from egress.reach import Reach
from egress.transport import GuardedTransport, NotAllowed, NotResolved

DEADLINE = 10.0
"""Seconds that a receiver has for the whole exchange."""

CONNECTING = 5.0
"""Seconds of them until it is connected."""

ANSWER_CAP = 2048
"""Bytes that are kept of an answer; no more are read."""

HEADER_CAP = 64
"""Characters that are kept of its Retry-After."""

REFUSED = "AddressNotAllowed"
"""The fault's name where our rules, not the receiver, are the reason."""

_ODD_ADDRESS = (ValueError, ExceptionGroup)
"""What the client lets through of a redirect's address that is none."""


@dataclass(frozen=True)
class Delivery:
    """How an attempt ended: the answer's status, or the name of the fault.

    `answer` is the beginning of the answer's body, `retry_after` its header as received. `refused`
    means that our rules forbid the address for good: nobody was contacted, or ever will be.
    `seconds` is how long it took.
    """

    status: int | None = None
    fault: str = ""
    answer: bytes = b""
    retry_after: str = ""
    refused: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def succeeded(self) -> bool:
        """Any 2xx counts; a redirect does not."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_forbidden(self) -> bool:
        """Nobody was contacted, by our rules."""
        return self.fault == REFUSED

    @property
    def gone(self) -> bool:
        """410: the receiver wants no more of this flow."""
        return self.status == httpx.codes.GONE

    def __str__(self) -> str:
        return str(self.status) if self.status is not None else self.fault


class Deliverer:
    """The client for addresses that clients gave: never shared with provider credentials.

    `resolve` looks names up, `tls` vouches for receivers; without them the system does.
    """

    def __init__(
        self,
        reach: Reach,
        deadline: float = DEADLINE,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._reach = reach
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(reach, resolve=resolve, tls=tls),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(deadline, connect=CONNECTING),
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
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._deadline):
                delivery = await self._post(self._checked(url), body, headers)
        except NotAllowed as fault:
            delivery = Delivery(fault=REFUSED, refused=fault.lasting)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, *_ODD_ADDRESS) as fault:
            delivery = Delivery(fault=_word(fault))
        return replace(delivery, seconds=clock() - began)

    def _checked(self, url: str) -> str:
        """Check the address again: it may have been stored before the rules were what they are."""
        try:
            address = Address.read(url)
        except ValueError as fault:
            raise NotAllowed(str(fault), lasting=True) from None
        if refusal := self._reach.refusal(address):
            raise NotAllowed(refusal, lasting=True)
        return address.url

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        sent = {"Content-Type": "application/json", **headers}
        async with self._client.stream("POST", url, content=body, headers=sent) as response:
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) >= ANSWER_CAP:
                    break
            return Delivery(
                status=response.status_code,
                answer=bytes(answer[:ANSWER_CAP]),
                retry_after=response.headers.get("retry-after", "")[:HEADER_CAP],
            )


def _word(fault: BaseException) -> str:
    """What went wrong, in a word that tells a client where to look."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "CertificateNotTrusted"
        if isinstance(cause, ssl.SSLError):
            return "TlsFailed"
        if isinstance(cause, NotResolved):
            return "NameNotResolved"
        cause = cause.__cause__ or cause.__context__
    return type(fault).__name__
