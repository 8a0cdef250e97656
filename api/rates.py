"""How often an account may call, and how often an address may ask for a token."""

import math
import time
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.storage.memory import Entry
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from domain.errors import Refusal, TooManyRequests

MEMORY = "memory://"

SWEEPING = 60.0
"""Seconds between two looks for windows that are empty again."""

_log = structlog.get_logger()


class Rates:
    """The limits of this installation, such as "100/second"; without any, nothing is limited."""

    def __init__(
        self, account: str | None = None, token: str | None = None, storage: str = MEMORY
    ) -> None:
        """Keep the count in `storage`: this process's memory, or one that several share.

        Raises:
            Refusal: the storage cannot be used; the message names the setting.
        """
        self._account = parse(account) if account else None
        self._token = parse(token) if token else None
        self._limiter = MovingWindowRateLimiter(_opened(storage))

    async def check_account(self, account: str) -> None:
        """Count a request of the account.

        Raises:
            TooManyRequests: it is one too many.
        """
        await self._check(self._account, "account", account)

    async def check_address(self, address: str) -> None:
        """Count a request for a token.

        Raises:
            TooManyRequests: it is one too many.
        """
        await self._check(self._token, "token", _network(address))

    async def _check(self, limit: RateLimitItem | None, *key: str) -> None:
        if limit is None:
            return
        try:
            if await self._limiter.hit(limit, *key):
                return
            window = await self._limiter.get_window_stats(limit, *key)
        except Exception as fault:  # a limit that cannot be counted must not stop everything
            _log.warning("rate not counted", fault=type(fault).__name__)
            return
        wait = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(f"More than {limit.amount} requests per {_span(limit)}", wait)


class Windows(MemoryStorage):
    """Moving windows in memory.

    The library's own sweeps all windows at every request, in a thread for each: 2 ms of CPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = 0.0

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, unless the window is full; entries stand newest first."""
        now = time.time()
        self._sweep(now)
        window = self.events.setdefault(key, [])
        while window and window[-1].expiry <= now:
            window.pop()
        if len(window) + amount > limit:
            return False
        window[:0] = [Entry(expiry)] * amount
        return True

    def _sweep(self, now: float) -> None:
        if now < self._swept_at + SWEEPING:
            return
        self._swept_at = now
        for key in [key for key, window in self.events.items() if window[0].expiry <= now]:
            del self.events[key]


def _opened(storage: str) -> Storage:
    if storage == MEMORY:
        return Windows()
    try:
        opened = storage_from_string(f"async+{storage.removeprefix('async+')}")
    except ConfigurationError:  # its words may hold the address, and that a password
        opened = None
    if not isinstance(opened, Storage):
        raise Refusal(
            "FAILOVER_RATE_LIMIT_STORAGE: there is no such storage, or its driver is missing"
        )
    return opened


def _network(address: str) -> str:
    """Who stands behind an address: of IPv6 every customer has a whole network."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((known.packed, 64), strict=False))


def _span(limit: RateLimitItem) -> str:
    name = limit.GRANULARITY.name
    return name if limit.multiples == 1 else f"{limit.multiples} {name}s"
