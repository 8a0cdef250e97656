"""What stands around a body and no honest client sends: headers, targets, forms; as strategies."""

from collections.abc import Mapping

from hypothesis import strategies as st

KINDS = st.sampled_from(
    [b"application/json"] * 12
    + [
        b"application/json; charset=utf-8",
        b"application/json; charset=utf-16",
        b"application/json; charset=\xff",
        b"application/json" + b";a=b" * 500,
        b"APPLICATION/JSON",
        b"application/problem+json",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=a",
        b"text/plain",
        b"a" * 5_000,
        b"/",
        b"",
    ]
)
"""Content types; most often the right one."""

_BYTES = st.binary(max_size=60).map(
    lambda text: text.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
)
ODD: Mapping[bytes, st.SearchStrategy[bytes]] = {
    b"content-length": st.sampled_from(
        [b"", b"-1", b"0", b"1", b"x", b"1e3", b"\xb2", b"65537", b"9" * 400, b"5, 5", b" 7 "]
    ),
    b"content-encoding": st.sampled_from([b"gzip", b"br", b"identity", b"x"]),
    b"transfer-encoding": st.sampled_from([b"chunked", b"chunked, chunked", b"gzip"]),
    b"expect": st.sampled_from([b"", b"100-continue", b"x"]),
    b"accept": st.sampled_from([b"", b"text/html", b"application/problem+json", b"\xff"]),
    b"x-request-id": st.sampled_from([b"a" * 129, b"a\tb", b"\xff", b""]) | _BYTES,
    b"idempotency-key": st.sampled_from([b'"', b'""', b"a" * 256, b"\xff\xfe", b"\x7f"]) | _BYTES,
    b"cookie": _BYTES,
    b"x-forwarded-for": _BYTES,
    b"x-gateway-secret": _BYTES,
    b"x-account-id": _BYTES,
}
CREDENTIALS = st.one_of(
    st.sampled_from(
        [
            b"",
            b"Bearer",
            b"Bearer ",
            b"Bearer " + b"a" * 9_000,
            b"Bearer " + b"." * 500,
            b"bearer a.b.c",
            b"Basic",
            b"Basic \xff",
            b"Basic AP8=",
            b"Basic AAA6AAA=",
            b"Basic " + b"OjpO" * 3_000,
        ]
    ),
    _BYTES,
    _BYTES.map(lambda text: b"Bearer " + text),
)


@st.composite
def headers(draw: st.DrawFn) -> list[tuple[bytes, bytes]]:
    """A few odd headers, some of them twice."""
    names = draw(st.lists(st.sampled_from(sorted(ODD)), max_size=3))
    return [(name, draw(ODD[name])) for name in names]


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """The body in pieces, some of them empty."""
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    edges = [0, *cuts, len(body)]
    return [body[start:end] for start, end in zip(edges, edges[1:], strict=False)]


_PIECES = [
    "%00", "%ff", "%c3%28", "%2e%2e", "%2F", "%25", "%0d%0a", "%F0%9F%98%80", "+", "%", "%zz",
    "a", "0", "-1", "1e9", "sms", "T", ",", "asc", "9" * 30, "x" * 3_000,
]  # fmt: skip
_WORDS = st.lists(
    st.sampled_from(_PIECES) | st.text("0123456789abcdef-TZ:.,+%", max_size=12),
    max_size=4,
).map("".join)

SEGMENTS = _WORDS.map(lambda text: text.replace("/", "").replace("?", "") or "-")
"""What stands in a path where an id should."""

PARAMETERS = [
    "dateStart", "dateEnd", "page", "size", "sort", "flowKind", "trackingId", "status", "type",
    "to", "terminationChannel", "unknown", "",
]  # fmt: skip

QUERIES = st.lists(
    st.tuples(st.sampled_from(PARAMETERS) | SEGMENTS, _WORDS).map("=".join), max_size=6
).map("&".join)

_PART = b"--a\r\nContent-Disposition: form-data; "

FORMS = st.one_of(
    st.lists(
        st.tuples(
            st.sampled_from(["grant_type", "scope", "client_id", "unknown", ""]),
            st.sampled_from(["client_credentials", "failover", "all"]) | _WORDS,
        ).map("=".join),
        max_size=8,
    ).map(lambda pairs: "&".join(pairs).encode()),
    st.binary(max_size=200),
    st.integers(1, 20_000).map(lambda count: b"grant_type=&" * count),
    st.sampled_from(
        [
            b"--a\r\n\r\n\r\n--a--",
            _PART + b'name="grant_type"\r\n\r\n\xff\r\n--a--\r\n',
            _PART + b"name*=utf-7''%ff\r\n\r\nx\r\n--a--\r\n",
            _PART + b'name="scope"; filename="x"\r\n\r\n1\r\n--a--\r\n',
        ]
    ),
)
