"""Hostile URLs: what was ever tried to make a server call itself or its neighbours."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

PUBLIC = "93.184.216.34"
KNOWN = "hooks.acme.test"
"""A name that looks good."""


@dataclass(frozen=True)
class Hostile:
    """A URL, how it tries, and where it leads: its name's addresses, or what is disguised in it.

    Without `answers` it needs no name server to be seen through.
    """

    category: str
    url: str
    answers: tuple[str, ...] = ()
    disguised: str = ""


def corpus(port: int) -> list[Hostile]:
    """All of them, for a receiver that must not be reached on that port of loopback."""
    return [
        Hostile(category, *made) for category, maker in _BY_CATEGORY.items() for made in maker(port)
    ]


Made = Iterator[tuple[str, tuple[str, ...], str]]

TARGETS = (
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
)


def _numbers(ip: str) -> Iterator[str]:
    a, b, c, d = IPv4Address(ip).packed
    value = int(IPv4Address(ip))
    yield from (str(value), hex(value), f"0X{value:08X}", f"0{value:o}", str(value + 2**32))
    yield f"{a}.{value & 0xFFFFFF}"
    yield f"{a}.{b}.{value & 0xFFFF}"
    yield f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"0000{a:o}.{b}.{c}.{d}"
    yield f"0x{a:x}.{b}.{c}.{d}"
    yield f"{a}.{b}.{c}.0x{d:02x}"
    yield f"0x{a:x}.0{value & 0xFFFFFF:o}"
    yield f"{a}.{b}.{c}.{d + 256}"
    yield f"{a}.{b}.{c}.{d:03d}"


def _halves(ip: str) -> str:
    value = int(IPv4Address(ip))
    return f"{value >> 16:x}:{value & 0xFFFF:x}"


def _inside(ip: str) -> Iterator[str]:
    hidden = _halves(str(IPv4Address(int(IPv4Address(ip)) ^ 0xFFFFFFFF)))
    half = _halves(ip)
    yield from (f"::ffff:{ip}", f"::ffff:{half}", f"::FFFF:{half}", f"0:0:0:0:0:ffff:{half}")
    yield from (f"::{ip}", f"::{half}")
    yield f"::ffff:0:{half}"
    yield from (f"64:ff9b::{half}", f"64:ff9b::{ip}", f"64:ff9b:1::{half}")
    yield from (f"2002:{half}::", f"2002:{half}::1")
    yield f"2001:0:{half}:0:0:{_halves(PUBLIC)}"
    yield str(IPv6Address(f"2001:0:{_halves(PUBLIC)}:0:ffff:{hidden}"))


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in text)


def _circled(text: str) -> str:
    return "".join(
        chr(0x2460 + int(char) - 1) if char in "123456789" else "\u24ea" if char == "0" else char
        for char in text
    )


def _bold(text: str) -> str:
    return "".join(chr(0x1D7CE + int(char)) if char.isdigit() else char for char in text)


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02x}" for char in text)


def _of_targets(forms: Callable[[str], Iterator[str]]) -> Callable[[int], Made]:
    def make(port: int) -> Made:
        seen: dict[str, str] = {}
        for ip in TARGETS:
            seen |= {f"http://{form}:{port}/hook": ip for form in forms(ip)}
        yield from ((url, (), ip) for url, ip in seen.items())

    return make


def _bracketed(ip: str) -> Iterator[str]:
    yield from (f"[{form}]" for form in _inside(ip))


def _alike(ip: str) -> Iterator[str]:
    yield from (_wide(ip), _circled(ip), _bold(ip))


def _dotted(ip: str) -> Iterator[str]:
    yield from (ip.replace(".", dot) for dot in "\u3002\uff0e\uff61\u2024")


def _encoded(ip: str) -> Iterator[str]:
    yield from (_percent(ip), ip.replace(".", "%2e"), ip.replace(".", "%252e"))


def _ended(ip: str) -> Iterator[str]:
    yield from (f"{ip}.", f"{ip}..", f".{ip}")


def _urls(*urls: str) -> Callable[[int], Made]:
    def make(port: int) -> Made:
        yield from ((url.replace("PORT", str(port)), (), "") for url in urls)

    return make


LITERALS = (
    "0.0.0.0",  # noqa: S104
    "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "169.254.170.2", "169.254.0.23", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192",
    "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
    "::", "::1", "100::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fd00:42::42",
    "fd20:ce::254", "fe80::1", "fec0::1", "ff02::1", "ff05::2", "4000::1",
)  # fmt: skip
"""Addresses that are not the public internet's, as they are usually written."""


def _literal(port: int) -> Made:
    for ip in LITERALS:
        host = f"[{ip}]" if ":" in ip else ip
        yield f"http://{host}:{port}/latest/meta-data/", (), ip
        yield f"https://{host}/", (), ip


def _resolving(port: int) -> Made:
    for number, ip in enumerate((*LITERALS, "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%eth0")):
        yield f"http://inside-{number}.evil.test:{port}/", (ip,), ""


def _mixed(port: int) -> Made:
    for number, ip in enumerate(LITERALS):
        answers = (PUBLIC, ip) if number % 2 else (ip, PUBLIC)
        yield f"http://mixed-{number}.evil.test:{port}/", answers, ""
    many = (*[PUBLIC] * 9, "127.0.0.1")  # behind those that are tried
    yield f"http://mixed-many.evil.test:{port}/", many, ""
    yield f"http://mixed-families.evil.test:{port}/", (PUBLIC, "2606:2800:21f:cb07::1", "::1"), ""
    yield f"http://nonsense.evil.test:{port}/", ("127.1",), ""


def _named(port: int) -> Made:
    for name, ip in {
        "localhost": "127.0.0.1",
        "LOCALHOST": "127.0.0.1",
        "localhost6": "::1",
        "localhost.localdomain": "127.0.0.1",
        "localtest.me": "127.0.0.1",
        "127.0.0.1.nip.io": "127.0.0.1",
        "7f000001.nip.io": "127.0.0.1",
        "127-0-0-1.sslip.io": "127.0.0.1",
        "2130706433.evil.test": "127.0.0.1",
        "metadata": "169.254.169.254",
        "metadata.google.internal": "169.254.169.254",
        "metadata.goog": "169.254.169.254",
        "instance-data": "169.254.169.254",
        "instance-data.ec2.internal": "169.254.169.254",
        "169.254.169.254.nip.io": "169.254.169.254",
        "metadata.tencentyun.com": "169.254.0.23",
        "metadata.aliyun.evil.test": "100.100.100.200",
        "wireserver.evil.test": "168.63.129.16",
        "kubernetes.default.svc": "10.96.0.1",
        "host.docker.internal": "172.17.0.1",
        "temporal": "172.18.0.4",
        "postgres": "172.18.0.3",
        "_internal.evil.test": "192.168.7.7",
        "xn--bcher-kva.evil.test": "10.1.2.3",
    }.items():
        yield f"http://{name}:{port}/", (ip,), ""


_BY_CATEGORY: Mapping[str, Callable[[int], Made]] = {
    "literal addresses": _literal,
    "decimal, octal, hex, short, mixed": _of_targets(_numbers),
    "IPv4 inside IPv6": _of_targets(_bracketed),
    "digits that look alike": _of_targets(_alike),
    "dots that look alike": _of_targets(_dotted),
    "percent-encoding": _of_targets(_encoded),
    "dots before and behind": _of_targets(_ended),
    "spellings of IPv6": _urls(
        "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::0001]:PORT/", "http://[0::1]:PORT/",
        "http://[FD00::1]:PORT/", "http://[fe80::1%eth0]:PORT/", "http://[fe80::1%25eth0]:PORT/",
        "http://[::1%1]:PORT/", "http://::1:PORT/", "http://::1/", "http://[::1/", "http://::1]/",
        "http://[::1]]:PORT/", "http://[[::1]]:PORT/", "http://[::1]x:PORT/", "http://x[::1]:PORT/",
        "http://[127.0.0.1]:PORT/", "http://[v1.fe80]:PORT/", "http://[]:PORT/",
        "http://[::1].evil.test:PORT/", "http://[0:0:0:0:0:0:127.0.0.1]:PORT/",
    ),
    "user names": _urls(
        f"http://{KNOWN}@127.0.0.1:PORT/", f"http://127.0.0.1:PORT@{KNOWN}/",
        f"http://{KNOWN}:80@127.0.0.1:PORT/", "http://@127.0.0.1:PORT/", "http://:@127.0.0.1:PORT/",
        f"http://{KNOWN}%40127.0.0.1:PORT/", f"http://a@{KNOWN}@127.0.0.1:PORT/",
        f"http://a:b@{KNOWN}:PORT/", f"http://{KNOWN}&@127.0.0.1:PORT/",
        f"http://{KNOWN};@127.0.0.1:PORT/", f"http://[::1]@{KNOWN}:PORT/",
        f"http://{KNOWN}@[::1]:PORT/", f"http://{KNOWN}\uff20127.0.0.1:PORT/",
    ),
    "fragments": _urls(
        f"http://127.0.0.1:PORT#{KNOWN}/", f"http://127.0.0.1:PORT#@{KNOWN}/",
        f"http://{KNOWN}#@127.0.0.1:PORT/", f"http://127.0.0.1:PORT/#{KNOWN}",
        f"http://{KNOWN}:PORT/#", f"http://{KNOWN}:PORT#x",
        f"http://127.0.0.1:PORT\uff03@{KNOWN}/", f"http://127.0.0.1:PORT%23@{KNOWN}/",
    ),
    "backslashes": _urls(
        f"http://127.0.0.1:PORT\\@{KNOWN}/", f"http://{KNOWN}\\@127.0.0.1:PORT/",
        "http:\\\\127.0.0.1:PORT/", "http:/\\127.0.0.1:PORT/", f"http://{KNOWN}:PORT/\\..\\x",
        f"http://127.0.0.1\\.{KNOWN}:PORT/", f"http://127.0.0.1\uff3c.{KNOWN}:PORT/",
        f"http://{KNOWN}:PORT\\x",
    ),
    "spaces and control characters": _urls(
        *(
            f"http://{KNOWN}{char}@127.0.0.1:PORT/"
            for char in " \t\n\r\0\x0b\x7f\x85\xa0\u2028\u200b\xad\ufeff"
        ),
        *(f"http://127.0.0{char}.1:PORT/" for char in " \t\n\r\0\u200b\u2060\xad"),
        *(f"ht{char}tp://127.0.0.1:PORT/" for char in "\t\n\r"),
        f"http://{KNOWN}:PORT/\r\nHost: 127.0.0.1", "\x01http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT/ HTTP/1.1", "http://lo\u202ecalhost:PORT/",
    ),
    "ports": _urls(
        *(
            f"http://{KNOWN}:{port}/"
            for port in (
                "0", "22", "25", "53", "110", "143", "587", "2375", "3306", "5432", "6379", "7233",
                "8233", "9200", "11211", "27017", "65536", "99999", "4294967376", "080", "00443",
                "-80", "+80", "8_0", "8 0", "0x50", "\uff18\uff10", "\u0661", "80:80", "", "http",
            )
        ),
    ),
    "schemes": _urls(
        *(
            f"{scheme}127.0.0.1:PORT/"
            for scheme in (
                "file://", "ftp://", "gopher://", "dict://", "ldap://", "ws://", "https+unix://",
                "unix://", "http+unix://", "jar:http://", "netdoc://", "tftp://", "ssh://", "//",
                "///", "http:", "http:/", "http:///", "http:////", "https:", "url:http://", "",
                "hTTp:", "\uff48ttp://", "view-source:http://",
            )
        ),
        "file:///etc/passwd", "data:text/plain,x", "javascript:alert(1)", "http://",
        "http://?127.0.0.1", "http://:PORT/", "http:///127.0.0.1:PORT", "mailto:ops@acme.test", "",
    ),
    "names with private addresses": _resolving,
    "names of loopback and metadata": _named,
    "mixed and senseless answers": _mixed,
}  # fmt: skip
