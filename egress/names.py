"""Looks names up, without a thread of ours that a dead name server could hold."""

from collections.abc import Awaitable, Callable, Sequence

from aiodns import DNSResolver
from aiodns.error import DNSError

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name, IPv4 and IPv6; raises OSError if there are none to be had."""


class SystemNames:
    """The name servers and the hosts file of this machine."""

    def __init__(self) -> None:
        self._resolver: DNSResolver | None = None

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of the name.

        Raises:
            OSError: it is unknown, or nobody answered.
        """
        if self._resolver is None:  # it belongs to the loop that runs
            self._resolver = DNSResolver(timeout=2.0, tries=2)
        try:
            found = await self._resolver.getaddrinfo(host)
        except DNSError as fault:
            raise OSError("the name cannot be resolved") from fault
        return [_text(node.addr[0]) for node in found.nodes]

    async def aclose(self) -> None:
        """Give up what is being looked up."""
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None


def _text(address: str | bytes) -> str:
    return address.decode() if isinstance(address, bytes) else address
