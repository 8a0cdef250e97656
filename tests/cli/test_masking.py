"""What a log line shows, and what it never shows."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.masking import MASK, masked

ID = "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11"


def shown(**event: Any) -> Any:
    """The event as JSON has it."""
    return json.loads(json.dumps(masked(None, "info", event)))


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"flow/acme/{ID}",
        f"{ID}.1",
        "12345678-1234-1234-1234-123456789012",
        "64d0f2a1c9e77b0012345678",
        "2026-09-01T10:11:12.123456+00:00",
        "2026-09-01T10:11:12.123Z",
        "worker ready",
        "http://127.0.0.1:8080",
        "127.0.0.1:7233 refused 3 times",
        "/failover/tracking/{tracking_id}",
        "+3069****0101",
        "total=3, into: you, tokens of 12",
    ],
)
def test_what_ops_search_by_stays(text: str) -> None:
    """Ids, moments, origins, templates and words."""
    assert shown(event=text, value=text, more=[{"a": text}]) == {
        "event": text, "value": text, "more": [{"a": text}],
    }  # fmt: skip


def test_small_values_stay() -> None:
    """Durations, counts and flags."""
    event = {"ms": 12.3, "attempt": 2, "port": 65535, "ok": True, "none": None}
    assert shown(**event) == event


@pytest.mark.parametrize(
    "number",
    ["306900000101", "+306900000101", "0030 6900000101", "+30 690 000 0101", "+30-690-000.0101",
     "1234567", "٣٠٦٩٠٠٠٠٠١٠١"],
)  # fmt: skip
def test_a_number_is_masked_in_any_writing(number: str) -> None:
    """Seven digits and more, and whatever begins as a number does."""
    assert MASK in shown(event=f"sent to {number}!")["event"]
    for part in number.replace("-", " ").replace(".", " ").split():
        if len(part) > 4:
            assert part not in shown(event=f"sent to {number}!")["event"]


@pytest.mark.parametrize(
    "name",
    ["pin", "PIN", "to", "text", "body", "url", "secret", "token", "password", "Authorization",
     "access_token", "callbackUrl", "client-secret", "templateParams.pin", "callback_url"],
)  # fmt: skip
def test_what_is_secret_by_its_name_is_masked(name: str) -> None:
    """However deep it lies and whatever it is."""
    for secret in ("zebra", 4711, ["zebra"], {"a": "zebra"}):
        assert shown(**{name: secret}) == {name: MASK}
        assert shown(a=[{"b": {name: secret}}]) == {"a": [{"b": {name: MASK}}]}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("got {'pin': '4711', 'a': 1}", "got {'pin': ****, 'a': 1}"),
        ('got {"callbackUrl":"https://a.test/zebra"}', 'got {"callbackUrl":****}'),
        ("Sms(body='a \\'zebra\\' b', order=1)", "Sms(body=****, order=1)"),
        ("access_token=zebra&expires_in=3600", "access_token=****&expires_in=3600"),
        ("Authorization: Basic emVicmE6eA==", "Authorization: ****"),
        ("sent Bearer zebra.zebra.zebra", "sent Bearer ****"),
        ("the token eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2ln is old", "the token **** is old"),
        ("POST https://hooks.test:8443/zebra?a=b: 500", "POST https://hooks.test:8443/**** 500"),
        ("https://hooks.test?zebra", "https://hooks.test/****"),
        ("postgresql+psycopg://failover:zebra@postgres/failover", "postgresql+psycopg://postgres/****"),
    ],
)  # fmt: skip
def test_what_is_secret_in_a_text_is_masked(text: str, clean: str) -> None:
    """As exceptions and libraries write it."""
    assert shown(event=text) == {"event": clean}


class Odd:
    """Something that is no JSON."""

    def __repr__(self) -> str:
        return "Odd(number=306900000101, pin='4711')"


@pytest.mark.parametrize("value", [Odd(), [Odd()], {"a": Odd()}, {Odd()}, ValueError(Odd())])
def test_an_object_is_masked_as_it_is_written(value: Any) -> None:
    """The renderer would write it too, but unmasked."""
    text = str(shown(value=value))
    assert "Odd(number" in text
    assert "3069" not in text
    assert "4711" not in text


def test_what_never_ends_is_cut() -> None:
    """A value that holds itself."""
    endless: list[Any] = []
    endless.append(endless)
    assert MASK in str(shown(value=endless))


NUMBERS = st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True)
AROUND = st.text(st.characters(exclude_categories=["Cc", "Cs", "Nd", "No", "Nl"]), max_size=12)


def wrapped(number: str) -> st.SearchStrategy[Any]:
    """The number somewhere in a value of any kind."""
    digits = number.lstrip("+")
    leaves = st.one_of(
        st.tuples(AROUND, AROUND).map(lambda around: number.join(around)),
        st.just(int(digits)),
        st.just(float(digits)),
        st.just(digits.encode()),
        st.just(ValueError(number)),
    )
    names = AROUND | st.just(number) | st.tuples(AROUND, AROUND).map(number.join)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner)
            | st.dictionaries(names, inner, max_size=3)
        ),
        max_leaves=6,
    )


@given(st.data(), NUMBERS)
def test_no_number_comes_out_wherever_it_was_put(data: st.DataObject, number: str) -> None:
    """Seven of its digits in a row would be most of it."""
    event = data.draw(st.dictionaries(AROUND | st.just("event"), wrapped(number), max_size=4))
    assert leaks(number, json.dumps(masked(None, "info", event), ensure_ascii=False)) == []


@given(AROUND, AROUND, NUMBERS)
@example("", "-1234-1234-1234-12345678901", "3069000001")
def test_a_number_beside_an_id_is_masked(before: str, after: str, number: str) -> None:
    """And the id stays."""
    text = shown(event=f"{before}{number} {ID} {number}{after}")["event"]
    assert ID in text
    assert leaks(number, text) == []


def leaks(number: str, text: str) -> list[str]:
    """The runs of seven digits of the number that stand in the text."""
    digits = number.lstrip("+")
    runs = (digits[start : start + 7] for start in range(len(digits) - 6))
    return [run for run in runs if run in text]


@pytest.mark.parametrize("piece", ["a.", "to:", "to=", "_a", "+1 ", "0-", "eyJa.", "http://", "'"])
def test_a_hostile_text_is_masked_in_no_time(piece: str) -> None:
    """An exception may hold a whole body: the patterns must not be tried from every letter on."""
    started = time.perf_counter()
    shown(event=piece * (65_536 // len(piece)) + " =:eyJ://1234567")
    assert time.perf_counter() - started < 3
