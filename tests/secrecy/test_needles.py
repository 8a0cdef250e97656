"""A secret is found in whatever form it was written, and nowhere else."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import KEYS
from tests.secrecy.needles import Needle, kinds_in, unwrapped

SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8)
AROUND = st.text(st.characters(exclude_categories=["Cs"]))

WRITINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "JSON": lambda text: json.dumps({"of": text}).encode(),
    "JSON with its own letters": lambda text: json.dumps([text], ensure_ascii=False).encode(),
    "JSON inside JSON": lambda text: json.dumps(json.dumps(text)).encode(),
    "an address": lambda text: quote(text, safe="").encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()),
    "JSON in base64": lambda text: base64.b64encode(json.dumps(text).encode()),
    "two-byte letters": lambda text: text.encode("utf-16-le"),
}


@pytest.mark.parametrize("writing", WRITINGS)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@settings(deadline=None)
def test_a_secret_is_found_however_it_was_written(
    writing: str, secret: str, before: str, after: str
) -> None:
    """Amid any text, at any offset."""
    hay = WRITINGS[writing](before + secret + after)
    assert Needle.of("text", secret).is_in(hay)


@given(secret=st.binary(min_size=8), before=st.binary(), after=st.binary())
@settings(deadline=None)
def test_bytes_that_are_no_text_are_found_too(secret: bytes, before: bytes, after: bytes) -> None:
    """A key is bytes: as they are, in hex and in base64."""
    whole = before + secret + after
    for hay in (whole, whole.hex().encode(), base64.b64encode(whole)):
        assert Needle("key", secret).is_in(hay)


@given(secret=st.text(st.characters(codec="ascii"), min_size=8))
@settings(deadline=None)
def test_what_is_sealed_is_not_found(secret: str) -> None:
    """Neither in the sealed text nor in the bytes that it is made of."""
    sealed = Sealer(Keyring.parse(KEYS)).seal(secret, "place").encode()
    assert kinds_in([Needle.of("text", secret)], sealed) == []


@given(inner=st.binary(min_size=18))
@settings(deadline=None)
def test_what_is_encoded_twice_is_unwrapped(inner: bytes) -> None:
    """As a payload in JSON, that holds something encoded itself."""
    once = base64.b64encode(inner)
    assert inner in unwrapped(once)
    assert inner in unwrapped(b'{"data":"' + base64.b64encode(b'{"sealed":"' + once + b'"}'))


def test_kinds_are_told_once_each() -> None:
    """However many secrets of that kind were found."""
    needles = [Needle.of("pin", f"pin-0000-{number}") for number in range(3)]
    needles.append(Needle.of("text", "not there at all"))
    assert kinds_in(needles, b"pin-0000-1 and pin-0000-2") == ["pin"]


def test_a_secret_that_would_be_met_by_chance_is_refused() -> None:
    """A pin of four digits stands in every dump."""
    with pytest.raises(ValueError, match="by chance"):
        Needle.of("pin", "4711")
