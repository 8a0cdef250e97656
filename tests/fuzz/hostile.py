"""Bodies that no honest client sends, as strategies."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from api import examples
from tests.samples import sms, viber, voice

VIDEO = {
    "videoUrl": "https://cdn.acme.test/v.mp4",
    "videoThumbnail": "https://cdn.acme.test/v.png",
    "fileSize": 1.5,
    "duration": 30,
}
FILE = {"fileName": "a.pdf", "fileType": "pdf", "fileUrl": "https://cdn.acme.test/a.pdf"}
PLAY = {"type": "PLAY", "fileURL": "http://cdn.acme.test/a.wav", "repeat": 2, "bargeIn": True}


def _free_form(**message: Any) -> dict[str, Any]:
    return {**examples.MESSAGE, "message": message}


STANDARD: dict[str, Any] = {
    **examples.STANDARD,
    "flow": [
        *examples.STANDARD["flow"],
        _free_form(text="Look", viberVideo=VIDEO),
        _free_form(viberFile=FILE),
        voice(dialPlans=[{"verbs": [PLAY]}], to="+306900000101"),
        sms(urlShortener={"urlValidity": 3600}, failoverOnStatuses="failed, undelivered"),
    ],
    "restrictions": {"india": {"templateId": "1", "entityId": "2"}},
}
TRANSACTIONAL: dict[str, Any] = {
    **examples.TRANSACTIONAL,
    "flow": [*examples.TRANSACTIONAL["flow"], viber(expireOnDelivery=True), voice()],
}
FILTERS = [
    {"fieldName": "to", "searchOperator": "contains", "searchTerm": "3069"},
    {"fieldName": "status", "searchTerm": "InProgress"},
]
WINDOW = {
    "since": (datetime.now(UTC) - timedelta(days=2)).isoformat(),
    "until": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
}
REPORT = {"status": "delivered", "messageId": "m-1", "reason": "Delivered"}

NUMBERS = [
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "1E+2", "0.1e1",
    "9" * 400, "-" + "9" * 4001, "9" * 5000, "1" + "0" * 4000, "0." + "1" * 5000, "0x10", "01",
    ".5", "+1", "1_0", "9007199254740993", "18446744073709551616", "2147483648", "1e308", "5e-324",
]  # fmt: skip
TEXTS = [
    r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\udc00\ud800"', r'"a\udfffb"', r'"\ud83d\ude00"',
    r'"\uffff\u202e\u2028"', r'"\u001f\u007f\u0085"', '"\\', '"\x00"', '"\n"', r'"\x41"', "'a'",
    '"' + "a" * 30_000 + '"', '"' + "\\u0000" * 5_000 + '"', '"' + "😀" * 8_000 + '"',
]  # fmt: skip
RAW = [
    b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xc0\x80"', b"\xef\xbb\xbf1",
    b"null", b"true", b"{}", b"[]", b"[null]", b"[[]]", b'{"":""}', b'{"a":{"b":[]}}', b"", b",",
    b"}",
]  # fmt: skip

_DEPTHS = st.sampled_from([2, 50, 400, 990, 5_000, 15_000])


def _nested(opening: str, closing: str) -> st.SearchStrategy[bytes]:
    return _DEPTHS.map(lambda depth: (opening * depth + "1" + closing * depth).encode())


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)

VALUES: st.SearchStrategy[bytes] = st.one_of(
    st.sampled_from([number.encode() for number in NUMBERS]),
    st.sampled_from([text.encode() for text in TEXTS]),
    st.sampled_from(RAW),
    _nested("[", "]"),
    _nested('{"a":', "}"),
    _ANYTHING.map(lambda value: json.dumps(value).encode()),
    st.text(st.characters(codec=None), max_size=40).map(lambda text: json.dumps(text).encode()),
)
"""One value of JSON, or what only looks like it."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside, the whole included."""
    yield path
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in inner:
            yield from places(member, (*path, name))


_HERE = "\0here"


def replaced(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    """A copy with another value at the path."""
    if not path:
        return other
    copy, (name, *rest) = value.copy(), path
    copy[name] = replaced(value[name], tuple(rest), other) if rest else other
    return copy


@st.composite
def bodies(draw: st.DrawFn, good: Any) -> bytes:
    """JSON of the good value with up to three members made bad, then perhaps spoilt as a whole."""
    text = json.dumps(good, ensure_ascii=draw(st.booleans())).encode()
    if draw(st.integers(0, 9)):
        every = list(places(good))
        chosen = draw(st.lists(st.sampled_from(every), min_size=1, max_size=3))
        changed, marks = good, []
        for number, path in enumerate(chosen):
            if path in set(places(changed)):
                marks.append(f"{_HERE}{number}")
                changed = replaced(changed, path, marks[-1])
        text = json.dumps(changed).encode()
        for mark in marks:
            text = text.replace(json.dumps(mark).encode(), draw(VALUES))
    return draw(_spoilt(text))


NAMES = [b'"to"', b'"flow"', b'"type"', b'"ttl"', b'"message"', b'"searchTerm"', b'"status"']


def _spoilt(text: bytes) -> st.SearchStrategy[bytes]:
    cut = st.integers(0, len(text))
    flip = st.tuples(cut, st.binary(min_size=1, max_size=4))
    return st.one_of(
        st.just(text),
        st.just(text),
        st.just(text),
        cut.map(lambda end: text[:end]),
        flip.map(lambda at: text[: at[0]] + at[1] + text[at[0] + 1 :]),
        VALUES.map(lambda value: text[:-1] + b',"unknown":' + value + text[-1:]),
        st.tuples(st.sampled_from(NAMES), VALUES).map(
            lambda twice: text[:1] + twice[0] + b":" + twice[1] + b"," + text[1:]
        ),
        VALUES.map(lambda name: text.replace(b'"to"', name, 1)),
        st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp500"]).map(
            lambda codec: text.decode("utf-8", "replace").encode(codec, "replace")
        ),
        st.just(b" " * 60_000 + text),
        st.just(text + b"\n" * 1_000_000),
        st.just(b'"' + b"a" * 1_000_000 + b'"'),
    )
