"""The way out for clients' addresses: a name is looked up once, judged, and connected to as judged.

It stands below the HTTP client, where the connection is made, so that there is no second look-up
between the check and the connection, and TLS still verifies the name.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import NoReturn

import httpcore
import httpx

from domain.address import IP
from egress.names import Resolve, SystemNames
from egress.reach import NOT_ALLOWED, Reach, unwrapped

MOST_ADDRESSES = 4
"""How many addresses of a name are tried."""

MOST_CONNECTIONS = 1000
"""Open at once, in one worker: as many as it tells clients at a time."""


class NotAllowed(Exception):
    """Nothing was connected to, by our rules; `lasting` unless a name may lead elsewhere later."""

    def __init__(self, sentence: str, *, lasting: bool) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class NotResolved(httpcore.ConnectError):
    """The name has no address, or nobody says which."""


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Makes connections to addresses that were judged, never to names."""

    def __init__(self, reach: Reach, resolve: Resolve) -> None:
        self._reach = reach
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that answers, within `timeout` seconds.

        Raises:
            NotAllowed: one of them, or the port, may not be connected to.
            httpcore.ConnectError, httpcore.ConnectTimeout: none of them answers.
        """
        try:
            async with asyncio.timeout(timeout) as within:
                judged = await self._judged(host, port)
                for left, ip in zip(range(len(judged), 0, -1), judged, strict=True):
                    try:
                        return await self._inner.connect_tcp(
                            str(ip), port, _share(within, left), local_address, socket_options
                        )
                    except (httpcore.ConnectError, httpcore.ConnectTimeout) as found:
                        fault = found
                raise fault
        except TimeoutError as late:
            raise httpcore.ConnectTimeout("not connected in time") from late

    async def _judged(self, host: str, port: int) -> Sequence[IP]:
        """The host's addresses, if each of them may be connected to: one bad one refuses all."""
        try:
            literal: IP | None = ip_address(host)
        except ValueError:
            literal = None
        found = [literal] if literal is not None else await self._looked_up(host)
        if not self._reach.admits(found, port):
            raise NotAllowed(NOT_ALLOWED, lasting=literal is not None)
        return list(dict.fromkeys(map(unwrapped, found)))[:MOST_ADDRESSES]

    async def _looked_up(self, host: str) -> list[IP]:
        try:
            found = [ip_address(answer) for answer in await self._resolve(host)]
        except OSError as fault:
            raise NotResolved("the name cannot be resolved") from fault
        except ValueError:
            raise NotAllowed(NOT_ALLOWED, lasting=False) from None
        if not found:
            raise NotResolved("the name has no address")
        return found

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> NoReturn:
        """Never: that is this machine."""
        raise NotAllowed(NOT_ALLOWED, lasting=True)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


def _share(within: asyncio.Timeout, left: int) -> float | None:
    """An even share of what is left of the time, so that a dead address leaves the next some."""
    until = within.when()
    if until is None:
        return None
    return max(0.001, (until - asyncio.get_running_loop().time()) / left)


class GuardedTransport(httpx.AsyncBaseTransport):
    """What httpx sends by: each request on a connection of its own, made by `PinnedBackend`."""

    def __init__(
        self, reach: Reach, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._names = SystemNames()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=0,
            http2=False,
            retries=0,
            network_backend=PinnedBackend(reach, resolve or self._names),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its answer is read from the network as it is asked for.

        Raises:
            NotAllowed: nothing was connected to.
            httpx.TransportError: anything else that goes wrong on the way.
        """
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("a request of an asynchronous client")
        with _as_httpx():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Answer(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._pool.aclose()
        await self._names.aclose()


class _Answer(httpx.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with _as_httpx():
            await self._response.aclose()


AS_HTTPX: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.TimeoutException),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.NetworkError, httpx.NetworkError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.ProtocolError, httpx.ProtocolError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)
"""httpx's errors for those of httpcore, the particular before the general."""


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(ours for ours, _ in AS_HTTPX) as fault:
        known = next(theirs for ours, theirs in AS_HTTPX if isinstance(fault, ours))
        raise known(str(fault)) from fault
