"""Which addresses may be connected to."""

import ipaddress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.address import IP, Address
from egress.reach import (
    DENIED,
    NEVER,
    NOT_ALLOWED,
    PORTS,
    BadReach,
    Network,
    Reach,
    allowed_ports,
    opened_networks,
    unwrapped,
)

CLOSED = Reach()
EVERYTHING = Reach(opened=(ip_network("0.0.0.0/0"), ip_network("::/0")))
"""What no setting can say: only what is never opened is left."""

OFFICE = Reach(opened=(ip_network("10.1.0.0/16"), ip_network("fd12::/16")))

PRIVATE = (
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("224.0.0.0", "255.255.255.255"),
    ("0.0.0.0", "0.255.255.255"),  # noqa: S104
    ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
)
"""Ranges by their ends, written down again: from the registries, not from the table."""

SMALL = (
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.175.48.0/24", "198.51.100.0/24", "203.0.113.0/24", "168.63.129.16/32",
    "2620:4f:8000::/48",
)  # fmt: skip

ADDRESSES = (
    st.ip_addresses()
    | st.ip_addresses(network="2000::/3")
    | st.sampled_from(DENIED).flatmap(lambda network: st.ip_addresses(network=network))
)


def denied_again(ip: IP) -> bool:
    """The same question, answered by comparing numbers."""
    if isinstance(ip, ipaddress.IPv6Address) and int(ip) >> 32 == 0xFFFF:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    ranges = [(ip_address(first), ip_address(last)) for first, last in PRIVATE]
    ranges += [(ip_network(each)[0], ip_network(each)[-1]) for each in SMALL]
    return any(
        first.version == ip.version and int(first) <= int(ip) <= int(last) for first, last in ranges
    )


@given(ADDRESSES)
@settings(deadline=None, max_examples=500)
def test_the_table_says_what_the_registries_do(ip: IP) -> None:
    """Written twice, in two ways."""
    assert CLOSED.judge(ip) is not denied_again(ip)


@given(ADDRESSES)
@settings(deadline=None, max_examples=500)
def test_what_python_calls_private_is_refused(ip: IP) -> None:
    """It misses some, which is why it is not asked; but it invents few."""
    ip = unwrapped(ip)
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        assert not CLOSED.judge(ip)
    if ip.is_private:
        assert not CLOSED.judge(ip)


@pytest.mark.parametrize("network", DENIED, ids=str)
def test_a_denied_network_is_denied_to_its_ends(network: Network) -> None:
    """The first address, the last, one between."""
    size = network.num_addresses
    for ip in (network[0], network[size // 2], network[-1]):
        assert not CLOSED.judge(ip)


@pytest.mark.parametrize(
    "ip",
    [
        *["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"],
        *["126.255.255.255"],
        *["128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255"],
        *["192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17"],
        *["2606:4700:4700::1111", "2001:200::1", "2a00:1450::1", "2003::1", "3ffe::1"],
        "::ffff:1.1.1.1",
    ],
)  # fmt: skip
def test_the_public_internet_is_reached(ip: str) -> None:
    """Up to the neighbours of what is denied."""
    assert CLOSED.judge(ip_address(ip))


@given(
    st.sampled_from(NEVER).flatmap(lambda network: st.ip_addresses(network=network)),
    st.sampled_from([EVERYTHING, OFFICE, CLOSED]),
)
@settings(deadline=None)
def test_what_is_never_opened_stays_closed(ip: IP, reach: Reach) -> None:
    """Even to one who opens all there is, and in every disguise."""
    disguises: list[IP] = [ip]
    if isinstance(ip, ipaddress.IPv4Address):
        number = int(ip)
        disguises += [
            ipaddress.IPv6Address(prefix | number << shift)
            for prefix, shift in (
                (0xFFFF << 32, 0),  # mapped
                (0xFFFF << 48, 0),  # translated
                (0x64FF9B << 96, 0),  # NAT64
                (0x2002 << 112, 80),  # 6to4
                (0x20010000 << 96, 64),  # Teredo, as its server
            )
        ]
        disguises.append(ipaddress.IPv6Address(0x20010000 << 96 | number ^ 0xFFFFFFFF))
    assert not [each for each in disguises if reach.judge(each)]


@pytest.mark.parametrize(
    "ip",
    [
        *["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
        *["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe"],
        *["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"],  # noqa: S104
    ],
)  # fmt: skip
def test_metadata_is_never_reached(ip: str) -> None:
    """Credentials of the machine itself are served there."""
    assert not EVERYTHING.judge(ip_address(ip))


def test_an_opened_network_is_reached_and_its_neighbours_are_not() -> None:
    """By IPv4 mapped into IPv6 as well."""
    for ip in ("10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd12::1"):
        assert OFFICE.judge(ip_address(ip))
    for ip in ("10.0.255.255", "10.2.0.0", "::ffff:10.2.0.0", "fd13::1", "127.0.0.1", "fd12::1%1"):
        assert not OFFICE.judge(ip_address(ip))


def test_an_opened_translator_leads_only_where_ipv4_does() -> None:
    """Whoever has NAT64 opens its prefix; 10.0.0.1 and the like stay closed behind it."""
    reach = Reach(opened=(ip_network("64:ff9b::/96"),))
    assert reach.judge(ip_address("64:ff9b::101:101"))
    assert not reach.judge(ip_address("64:ff9b::a00:1"))
    assert not CLOSED.judge(ip_address("64:ff9b::101:101"))


@pytest.mark.parametrize(
    ("reach", "url", "is_refused"),
    [
        (CLOSED, "https://hooks.acme.test/", False),
        (CLOSED, "http://hooks.acme.test:8080/", False),
        (CLOSED, "http://hooks.acme.test:22/", True),
        (CLOSED, "http://1.1.1.1:22/", True),
        (CLOSED, "http://1.1.1.1/", False),
        (CLOSED, "http://10.1.2.3/", True),
        (CLOSED, "http://[::1]/", True),
        (OFFICE, "http://10.1.2.3:9000/", False),
        (OFFICE, "http://[fd12::1]:9000/", False),
        (OFFICE, "http://10.2.2.3/", True),
        (OFFICE, "http://1.1.1.1:9000/", True),
        (OFFICE, "http://hooks.acme.test:9000/", False),  # it may lead into the network
        (Reach(ports=frozenset({9000})), "http://hooks.acme.test:9000/", False),
        (Reach(ports=frozenset({9000})), "http://hooks.acme.test/", True),
    ],
)
def test_what_is_wrong_for_good_is_said_at_once(reach: Reach, url: str, is_refused: bool) -> None:
    """A port that is not called, a literal that is denied; a name is looked up later."""
    assert (reach.refusal(Address.read(url)) is not None) is is_refused


def test_the_refusal_says_the_ports_and_no_address() -> None:
    """Nobody learns by it what our network looks like."""
    assert CLOSED.refusal(Address.read("http://10.1.2.3/")) == NOT_ALLOWED
    assert "address not allowed" in NOT_ALLOWED
    said = CLOSED.refusal(Address.read("http://hooks.acme.test:22/"))
    assert said == "Input should be a URL whose port is one of 80, 443, 8080, 8443"


@pytest.mark.parametrize(
    ("reach", "ips", "port", "is_admitted"),
    [
        (CLOSED, ["1.1.1.1", "2606:4700:4700::1111"], 443, True),
        (CLOSED, ["1.1.1.1", "10.1.2.3"], 443, False),
        (CLOSED, ["1.1.1.1"], 22, False),
        (CLOSED, [], 443, False),
        (OFFICE, ["10.1.2.3", "fd12::1"], 22, True),
        (OFFICE, ["10.1.2.3", "1.1.1.1"], 22, False),
        (OFFICE, ["10.1.2.3", "1.1.1.1"], 443, True),
    ],
)
def test_one_bad_address_refuses_the_name(
    reach: Reach, ips: list[str], port: int, is_admitted: bool
) -> None:
    """And any port is taken only where every address lies in an opened network."""
    assert reach.admits([ip_address(ip) for ip in ips], port) is is_admitted


def test_a_setting_lists_ports_and_networks() -> None:
    """With commas, and blanks around."""
    assert allowed_ports("443, 8443") == {443, 8443}
    assert opened_networks(" 10.1.0.0/16,fd12::/16, 127.0.0.1 ") == (
        ip_network("10.1.0.0/16"),
        ip_network("fd12::/16"),
        ip_network("127.0.0.1/32"),
    )
    assert opened_networks("") == ()
    assert allowed_ports(",".join(map(str, PORTS))) == PORTS


@pytest.mark.parametrize("text", ["", "0", "65536", "080", "https", "443;80", "４４３"])
def test_what_is_no_port_is_refused(text: str) -> None:
    """A typing error must not open anything."""
    with pytest.raises(BadReach, match="ports"):
        allowed_ports(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("office", "such as"),
        ("10.1.2.3/16", "such as"),
        ("10.0.0.0/8,", "such as"),
        ("0.0.0.0/0", "wider"),
        ("::/0", "wider"),
        ("128.0.0.0/1", "wider"),
        ("2000::/3", "wider"),
        ("10.0.0.0/8,169.254.169.254", "never opened"),
        ("169.254.0.0/16", "never opened"),
        ("fe80::/64", "never opened"),
        ("fd00:ec2::254", "never opened"),
        ("224.0.0.0/8", "never opened"),
    ],
)
def test_what_must_not_be_opened_is_refused(text: str, said: str) -> None:
    """With a sentence for the operator."""
    with pytest.raises(BadReach, match=said):
        opened_networks(text)
