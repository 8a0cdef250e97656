"""Hundreds of hostile URLs against the real client, and against somebody else's rules."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from ipaddress import ip_address, ip_network

import httpx
import pytest
import ssrfguard
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.address import IP, Address
from egress.deliver import REFUSED, Deliverer
from egress.reach import DENIED, PORTS, Network, Reach
from tests.egress.corpus import PUBLIC, Hostile, corpus
from tests.egress.listening import Counting, Names, counting

ELSEWHERE = (ip_network("10.99.0.0/16"), ip_network("fd99::/16"))
"""Networks that an operator opened, in which nothing of the corpus stands."""

OPEN = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
AZURE = "168.63.129.16"
ANYCAST = frozenset(
    {"192.31.196.1", "192.52.193.1", "192.175.48.1", "2001:20::1", "2620:4f:8000::1"}
)


@pytest.fixture
async def counted() -> AsyncIterator[Counting]:
    """Listens where the URLs lead, and counts."""
    async with counting() as counted:
        yield counted


def names_of(every: Sequence[Hostile]) -> Names:
    """A name server that answers as the corpus says."""
    names = Names()
    for each in every:
        if each.answers:
            host = Address.read(each.url).host
            names.answers[host] = [each.answers]
    return names


@pytest.mark.parametrize("opened", [(), ELSEWHERE], ids=["nothing opened", "a network opened"])
async def test_no_hostile_url_reaches_anything(
    opened: tuple[Network, ...],
    counted: Counting,
    record_property: Callable[[str, object], None],
) -> None:
    """Not one connection, and each is refused by our rules: nothing was even tried."""
    every = corpus(counted.port)
    assert len({each.url for each in every}) == len(every) >= 300
    names = names_of(every)
    reach = Reach(PORTS | {counted.port}, opened)
    early, late = Counter[str](), Counter[str]()
    async with Deliverer(reach, resolve=names) as deliverer:
        for each in every:
            before = counted.connections
            delivery = await deliverer.deliver(each.url, b"{}", {})
            assert (delivery.fault, delivery.status) == (REFUSED, None), each
            assert counted.connections == before, each
            # What needs no look-up is refused for good; where a name leads may change.
            if not opened:
                assert delivery.refused is not bool(each.answers), each
            (early if delivery.refused else late)[each.category] += 1
    assert counted.connections == 0
    if not opened:
        assert sum(names.asked.values()) == sum(bool(each.answers) for each in every)
    for category in dict.fromkeys(each.category for each in every if not opened):
        counts = early[category], late[category]
        record_property("hostile", (category, sum(counts), *counts, 0))
    totals = early.total(), late.total()
    title = "all, with a network opened" if opened else "all, with nothing opened"
    record_property("hostile", (title, sum(totals), *totals, counted.connections))


async def test_the_sockets_do_count(
    counted: Counting, record_property: Callable[[str, object], None]
) -> None:
    """Where loopback is opened its literals and names arrive: nought was no accident."""
    names = Names({"two.acme.test": [("::1", "127.0.0.1")]})
    hosts = ("127.0.0.1", "[::1]", "hooks.acme.test", "LOCALHOST", "two.acme.test")
    async with Deliverer(Reach(opened=OPEN), resolve=names) as deliverer:
        for number, host in enumerate(hosts, start=1):
            delivery = await deliverer.deliver(f"http://{host}:{counted.port}/", b"{}", {})
            assert delivery.status == 200
            assert counted.connections == number
    record_property("hostile", ("control: loopback opened", len(hosts), 0, 0, counted.connections))


async def test_an_unguarded_client_is_fooled_by_them(
    counted: Counting, record_property: Callable[[str, object], None]
) -> None:
    """The corpus is no straw man: httpx by itself follows many of its forms to loopback."""
    forms = [
        each.url
        for each in corpus(counted.port)
        if each.disguised == "127.0.0.1" and each.category != "IPv4 inside IPv6"
    ]
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for url in forms:
            try:
                await client.post(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                continue
    assert counted.connections >= 5
    reached = counted.connections
    record_property("hostile", ("control: httpx, 127.0.0.1 disguised", len(forms), 0, 0, reached))


POLICY = ssrfguard.Policy(allowed_ports=PORTS | {45678})


def permitted(each: Hostile) -> bool:
    """Whether ssrfguard would connect."""
    try:
        target = POLICY.check_url(each.url)
    except ssrfguard.SSRFGuardError:
        return False
    try:
        return target.address is not None or all(map(POLICY.permits_address, each.answers))
    except ValueError:  # an answer that is no address
        return False


def _leads_to(each: Hostile, *addresses: str) -> bool:
    return each.disguised in addresses or bool({*each.answers} & {*addresses})


STRICTER: dict[str, Callable[[Hostile], bool]] = {
    "Azure's wire server, which it takes for a public address": lambda each: _leads_to(each, AZURE),
    "hexadecimal numbers, which it takes for a name and getaddrinfo for an address": lambda each: (
        each.category.startswith("decimal") and "0x" in each.url.lower()
    ),
    "IPv4 translated (::ffff:0:a.b.c.d), which it leaves to the network": lambda each: (
        "[::ffff:0:" in each.url
    ),
    "anycast services and ORCHIDs: reachable by the registry, but no receivers": lambda each: (
        _leads_to(each, *ANYCAST)
    ),
    "outside of 2000::/3, where nothing is given out": lambda each: _leads_to(each, "4000::1"),
    "a literal of the future: v1.fe80 in brackets": lambda each: "[v1." in each.url,
    "a fragment, which others may read as part of the host": lambda each: "#" in each.url,
    "a backslash, which browsers read as a slash": lambda each: "\\" in each.url,
    "a port that is empty or begins with 0": lambda each: (
        each.category == "ports" and each.url.removesuffix("/").endswith((":", ":080", ":00443"))
    ),
}
"""Where ours refuses and ssrfguard does not, and why."""


def test_ssrfguard_refuses_nothing_that_we_let_through(
    record_property: Callable[[str, object], None],
) -> None:
    """We refuse the whole corpus; what it lets through of it has a reason in the list."""
    reasons = Counter[str]()
    for each in corpus(45678):
        if permitted(each):
            why = next((why for why, applies in STRICTER.items() if applies(each)), None)
            assert why, f"no reason is written for {each}"
            reasons[why] += 1
    assert set(reasons) == set(STRICTER)
    for why, number in reasons.items():
        record_property("stricter", (why, number))
    agreed = len(corpus(45678)) - reasons.total()
    record_property("stricter", ("none: it refuses them too", agreed))


STRICTER_NETWORKS = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # Azure's wire server
            "192.0.0.9/32",  # anycast: PCP
            "192.0.0.10/32",  # anycast: TURN
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.175.48.0/24",  # AS112
            "2001::/23",  # Teredo and ORCHIDs, whatever stands inside
            "2002::/16",  # 6to4, whatever stands inside
            "2620:4f:8000::/48",  # AS112
            "64:ff9b::/96",  # NAT64, whatever stands inside
        ),
    )
)
_GLOBAL = ip_network("2000::/3")
TABLES = [
    *DENIED,
    *STRICTER_NETWORKS,
    *(block.network for block in ssrfguard.DEFAULT_DENIED.blocks),
]
EDGES = [
    ip_address(type(network[0])(number))
    for network in TABLES
    for edge in (int(network[0]), int(network[-1]))
    for number in (edge - 1, edge, edge + 1)
    if 0 <= number < 1 << network.max_prefixlen
]
"""The first and the last address of each network of both tables, and their neighbours."""


ADDRESSES = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.ip_addresses(network="2000::/3"),
    st.sampled_from(TABLES).flatmap(lambda each: st.ip_addresses(network=each)),
    st.sampled_from(EDGES),
)


@given(ADDRESSES)
@settings(deadline=None, max_examples=1000)
def test_no_address_is_allowed_that_ssrfguard_denies(ip: IP) -> None:
    """Where we are stricter it is in a network of the written list, or outside of 2000::/3."""
    agrees(ip)


def test_both_tables_agree_on_all_their_edges() -> None:
    """An off-by-one would stand there."""
    assert len(EDGES) > 300
    for ip in EDGES:
        agrees(ip)


def agrees(ip: IP) -> None:
    """Check that ours is not laxer, and stricter only where it is written."""
    ours, theirs = Reach().judge(ip), POLICY.permits_address(ip)
    assert theirs or not ours
    if theirs and not ours:
        outside = ip.version == 6 and ip not in _GLOBAL
        assert outside or any(ip in network for network in STRICTER_NETWORKS)


def test_an_ordinary_address_is_allowed_by_both() -> None:
    """Or all of this would prove nothing."""
    every = (PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:810::200e")
    for ip in every:
        assert Reach().judge(ip_address(ip))
        assert POLICY.permits_address(ip)
