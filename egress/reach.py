"""Where clients' addresses may lead: to the public internet, and to what the operator opens.

The table is written out. `ipaddress.is_global` answers another question (may this be routed?), and
differently in each version of Python.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from domain.address import IP, Address

Network = IPv4Network | IPv6Network

PORTS = frozenset({80, 443, 8080, 8443})
"""What receivers listen on, unless the operator says otherwise."""

WIDEST = {4: 8, 6: 7}
"""How short the prefix of a network may be that is opened: whoever opens all guards nothing."""

NOT_ALLOWED = "Input should be a URL of the public internet: address not allowed"

NEVER: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this host
            "100.100.100.200/32",  # metadata: Alibaba
            "168.63.129.16/32",  # metadata: Azure's wire server
            "169.254.0.0/16",  # link-local, and the metadata of almost every cloud
            "192.0.0.192/32",  # metadata: Oracle
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "::/128",  # this host
            "64:ff9b:1::/48",  # a local translator's: nobody can tell which IPv4 stands inside
            "fd00:42::42/128",  # metadata: Scaleway
            "fd00:ec2::/32",  # metadata and the like: AWS
            "fd20:ce::254/128",  # metadata: Google
            "fe80::/10",  # link-local
            "ff00::/8",  # multicast
        ),
    )
)
"""What no setting opens."""

DENIED: tuple[Network, ...] = NEVER + tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
"""What only a setting opens; of IPv6, besides, all that is not in 2000::/3."""

_GLOBAL = IPv6Network("2000::/3")
_LOOPBACK = IPv6Address("::1")
_IN_THE_LAST_BITS = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")))


def unwrapped(ip: IP) -> IP:
    """The IPv4 address that an IPv4-mapped one is; any other as it is."""
    return (isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip


class BadReach(ValueError):
    """A setting that cannot be meant; the message says what can."""


def allowed_ports(text: str) -> frozenset[int]:
    """The ports that a setting lists, with commas.

    Raises:
        BadReach: it does not.
    """
    ports = [each.strip() for each in text.split(",")]
    if not all(re.fullmatch("[1-9][0-9]{0,4}", each) and int(each) < 65536 for each in ports):
        raise BadReach("Input should be ports from 1 to 65535, such as 443,8443")
    return frozenset(map(int, ports))


def opened_networks(text: str) -> tuple[Network, ...]:
    """The networks that a setting opens, with commas; an empty one opens none.

    Raises:
        BadReach: it names anything else, all there are, or one that is never opened.
    """
    if not text.strip():
        return ()
    try:
        networks = tuple(ip_network(each.strip()) for each in text.split(","))
    except ValueError:
        raise BadReach("Input should be networks, such as 10.20.30.0/24,fd12:3456::/48") from None
    for network in networks:
        if network.prefixlen < WIDEST[network.version]:
            raise BadReach(
                f"Input should be networks of yours: {network} is wider than 10.0.0.0/8 or fc00::/7"
            )
        if any(_covers(never, network) for never in NEVER):
            raise BadReach(
                f"Input should be without {network}: metadata, link-local and multicast addresses "
                "are never opened"
            )
    return networks


@dataclass(frozen=True)
class Reach:
    """What may be called: on these ports, and, on any port, in the networks that are opened."""

    ports: frozenset[int] = PORTS
    opened: tuple[Network, ...] = ()

    def judge(self, ip: IP) -> bool:
        """Whether that address may be connected to."""
        ip = unwrapped(ip)
        if isinstance(ip, IPv6Address) and ip.scope_id is not None:
            return False
        if _within(ip, NEVER) or not all(map(self.judge, _embedded(ip))):
            return False
        return self.opens(ip) or not _is_denied(ip)

    def opens(self, ip: IP) -> bool:
        """Whether the operator opened a network that holds the address."""
        return _within(unwrapped(ip), self.opened)

    def admits(self, ips: Sequence[IP], port: int) -> bool:
        """Whether a name with all these addresses may be connected to on that port."""
        if not ips or not all(map(self.judge, ips)):
            return False
        return port in self.ports or all(map(self.opens, ips))

    def refusal(self, address: Address) -> str | None:
        """Why this address can never be called, if that is known without asking for its name."""
        literal = address.literal
        if literal is not None and not self.judge(literal):
            return NOT_ALLOWED
        # Where a name leads is known at each connection: an opened network takes any port.
        opened = self.opens(literal) if literal is not None else bool(self.opened)
        if address.port in self.ports or opened:
            return None
        ports = ", ".join(map(str, sorted(self.ports)))
        return f"Input should be a URL whose port is one of {ports}"


def _covers(outer: Network, inner: Network) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _within(ip: IP, networks: Sequence[Network]) -> bool:
    return any(ip in network for network in networks)


def _is_denied(ip: IP) -> bool:
    return _within(ip, DENIED) or (isinstance(ip, IPv6Address) and ip not in _GLOBAL)


def _embedded(ip: IP) -> Sequence[IPv4Address]:
    """The IPv4 addresses that a translator or a tunnel would make of an IPv6 address."""
    if isinstance(ip, IPv4Address) or ip == _LOOPBACK:
        return ()
    if ip.teredo:
        return ip.teredo
    if ip.sixtofour:
        return (ip.sixtofour,)
    return (IPv4Address(int(ip) & 0xFFFFFFFF),) if _within(ip, _IN_THE_LAST_BITS) else ()
