"""The strict grammar of an address that a client gives us to call."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.address import LONGEST, Address
from domain.address import origin as origin_of


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "target"),
    [
        ("https://hooks.acme.test/in?a=b", "https", "hooks.acme.test", 443, "/in?a=b"),
        ("http://hooks.acme.test", "http", "hooks.acme.test", 80, "/"),
        ("HTTPS://Hooks.ACME.test:8443", "https", "hooks.acme.test", 8443, "/"),
        ("http://hooks.acme.test:80/", "http", "hooks.acme.test", 80, "/"),
        ("http://hooks.acme.test?a=b", "http", "hooks.acme.test", 80, "/?a=b"),
        ("http://localhost:65535/x", "http", "localhost", 65535, "/x"),
        ("http://a_b-c.test/", "http", "a_b-c.test", 80, "/"),
        ("http://7.acme.test/", "http", "7.acme.test", 80, "/"),
        ("http://8.8.8.8/", "http", "8.8.8.8", 80, "/"),
        ("http://[2606:4700::1111]:8080/", "http", "2606:4700::1111", 8080, "/"),
        ("http://[::1]", "http", "::1", 80, "/"),
        ("http://bücher.acme.test/", "http", "xn--bcher-kva.acme.test", 80, "/"),
        ("http://Straße.acme.test/", "http", "xn--strae-oqa.acme.test", 80, "/"),
        ("http://ａcme.test/", "http", "acme.test", 80, "/"),
        ("http://acme。test/", "http", "acme.test", 80, "/"),
        ("http://xn--bcher-kva.acme.test/", "http", "xn--bcher-kva.acme.test", 80, "/"),
        ("http://acme.test/@%20:[Ü]?@=//", "http", "acme.test", 80, "/@%20:[Ü]?@=//"),
        (f"http://{'a' * 63}.test/", "http", f"{'a' * 63}.test", 80, "/"),
        (f"http://{'a.' * 124}a.com/", "http", f"{'a.' * 124}a.com", 80, "/"),
    ],
)
def test_an_address_is_read_in_its_parts(
    url: str, scheme: str, host: str, port: int, target: str
) -> None:
    """The host in the form that DNS knows, the port where it goes without saying."""
    assert Address.read(url) == Address(scheme, host, port, target)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "absolute http or https"),
        ("/in", "absolute http or https"),
        ("ftp://hooks.acme.test/", "absolute http or https"),
        ("http:hooks.acme.test", "absolute http or https"),
        ("http://", "absolute http or https"),
        ("http:///x", "absolute http or https"),
        ("http://?x", "absolute http or https"),
        ("http://acme@hooks.acme.test/", "user name"),
        ("http://@hooks.acme.test/", "user name"),
        ("http://hooks.acme.test/#x", "fragment"),
        ("http://hooks.acme.test#@10.0.0.7/", "fragment"),
        ("http://hooks.acme.test\\@10.0.0.7/", "backslashes"),
        ("http://hooks.acme.test/a b", "spaces"),
        ("http://hooks.acme.test/\tb", "control characters"),
        ("http://hooks.acme.test/\u200b", "control characters"),
        ("http://hooks.acme.test/\ud800", "control characters"),
        ("http://hooks.acme.test:/", "port"),
        ("http://hooks.acme.test:0/", "port"),
        ("http://hooks.acme.test:080/", "port"),
        ("http://hooks.acme.test:65536/", "port"),
        ("http://hooks.acme.test:8:0/", "port"),
        ("http://hooks.acme.test:８０/", "port"),
        ("http://[::1]:/", "port"),
        ("http://hooks..test/", "single dots"),
        ("http://hooks.acme.test./", "single dots"),
        ("http://.test/", "single dots"),
        ("http://:80/", "single dots"),
        ("http://hooks.acme%2etest/", "single dots"),
        ("http://hooks,acme.test/", "single dots"),
        (f"http://{'a' * 64}.test/", "single dots"),
        (f"http://{'a.' * 126}com/", "single dots"),
        ("http://2130706433/", "four decimal"),
        ("http://0/", "four decimal"),
        ("http://127.1/", "four decimal"),
        ("http://0177.0.0.1/", "four decimal"),
        ("http://127.0.0.256/", "four decimal"),
        ("http://0x7f000001/", "four decimal"),
        ("http://127.0.0.0X1/", "four decimal"),
        ("http://acme.0x/", "four decimal"),
        ("http://１２７.0.0.1/", "four decimal"),
        ("http://①.①.①.①/", "four decimal"),
        ("http://8。8。8。8/", "four decimal"),
        ("http://acme.test：80/", "single dots|ASCII form"),
        (f"http://{'ü' * 260}.test/", "ASCII form"),
        ("http://\u0301a.test/", "ASCII form"),
        ("http://[::1/", "shortest form"),
        ("http://[::1]x/", "shortest form"),
        ("http://[0::1]/", "shortest form"),
        ("http://[FD00::1]/", "shortest form"),
        ("http://[fe80::1%eth0]/", "shortest form"),
        ("http://[127.0.0.1]/", "shortest form"),
        ("http://[::ffff:127.0.0.1]/", "shortest form|IPv4 address itself"),
        ("http://[::ffff:7f00:1]/", "shortest form|IPv4 address itself"),
        ("http://[::7f00:1]/", "IPv4 address itself"),
        ("http://[64:ff9b::7f00:1]/", "IPv4 address itself"),
        ("http://[::ffff:0:7f00:1]/", "IPv4 address itself"),
        ("http://[2002:7f00:1::]/", "IPv4 address itself"),
        ("http://[2001:0:7f00:1::]/", "IPv4 address itself"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(url: str, said: str) -> None:
    """With one sentence on what to do."""
    with pytest.raises(ValueError, match=said) as refused:
        Address.read(url)
    assert re.fullmatch(r"Input should be [^\n]+", str(refused.value))


def test_an_address_has_at_most_2048_characters() -> None:
    """As the contract says."""
    begin = "https://hooks.acme.test/"
    longest = begin + "x" * (LONGEST - len(begin))
    assert Address.read(longest).url == longest
    with pytest.raises(ValueError, match="at most 2048"):
        Address.read(longest + "x")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Hooks.acme.test:443/in?key=s3cret", "https://hooks.acme.test"),
        ("http://hooks.acme.test:443/in", "http://hooks.acme.test:443"),
        ("https://[2606:4700::1111]:8443", "https://[2606:4700::1111]:8443"),
    ],
)
def test_the_origin_may_be_shown(url: str, origin: str) -> None:
    """Without path and query, which may hold a secret; neither does the address itself show it."""
    address = Address.read(url)
    assert address.origin == origin
    assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    ("host", "literal"),
    [("8.8.8.8", "8.8.8.8"), ("[::1]", "::1"), ("hooks.acme.test", "None"), ("8.8.8.8a", "None")],
)
def test_a_literal_is_told_from_a_name(host: str, literal: str) -> None:
    """A name has to be looked up."""
    assert str(Address.read(f"http://{host}/").literal) == literal


_LABEL = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
_HOSTS = st.one_of(
    st.builds(lambda labels, top: ".".join([*labels, f"x{top}"]), st.lists(_LABEL), _LABEL),
    st.ip_addresses(v=4).map(str),
)
_URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https"]),
    _HOSTS,
    st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format)),
    st.from_regex(r"(/[!-\"$-\[\]-~]*)?(\?[!-\"$-\[\]-~]*)?", fullmatch=True),
)


@given(_URLS)
def test_the_canonical_form_is_read_as_the_same_address(url: str) -> None:
    """What is delivered to is what was checked."""
    address = Address.read(url)
    assert Address.read(address.url) == address
    assert address.url.endswith(address.target)


@given(st.text(max_size=60).map("http://{}".format) | st.text())
def test_no_text_does_more_than_to_be_refused(url: str) -> None:
    """Whatever is accepted has a host of plain characters, and a port."""
    try:
        address = Address.read(url)
    except ValueError:
        return
    assert re.fullmatch(r"[a-z0-9._-]{1,253}|[0-9a-f:]+", address.host)
    assert 1 <= address.port <= 65535


def test_of_an_address_that_is_none_nothing_is_shown() -> None:
    """One that was stored before these rules: it may hold a password."""
    assert origin_of("http://user:secret@hooks.acme.test/") == ""
    assert origin_of("https://hooks.acme.test/in?token=secret") == "https://hooks.acme.test"
