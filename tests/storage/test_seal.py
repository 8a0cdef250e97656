"""Sealed contents: who can open them, and where."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.channels import Sms, ViberTemplate
from domain.flow import Flow
from storage.keys import Keyring
from storage.seal import Sealer, Unsealable
from tests.conftest import KEYS
from tests.samples import NUMBER, a_flow, sms, viber

NEW = "k2:" + "B" * 43 + "="
OTHER = "k1:" + "B" * 43 + "="
PLACE = "acme|0f7a|1"

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def _blob(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed.rsplit(".", 1)[1])


def _with_blob(sealed: str, blob: bytes) -> str:
    return f"{sealed.rsplit('.', 1)[0]}.{base64.urlsafe_b64encode(blob).decode()}"


@given(text=_TEXTS, place=_TEXTS)
@settings(deadline=None)
def test_what_is_sealed_opens_in_its_place(text: str, place: str) -> None:
    """Whatever the text."""
    sealer = Sealer(Keyring.parse(KEYS))
    sealed = sealer.seal(text, place)
    assert sealed.startswith("v1.k1.")
    assert sealer.open(sealed, place) == text


@given(text=st.text(st.characters(codec="ascii"), min_size=8))
@settings(deadline=None)
def test_nothing_of_a_text_shows_through_its_seal(text: str) -> None:
    """No eight of its characters, neither written nor in the bytes."""
    blob = _blob(Sealer(Keyring.parse(KEYS)).seal(text, PLACE))
    written = base64.urlsafe_b64encode(blob).decode()
    for start in range(len(text) - 7):
        part = text[start : start + 8]
        assert part not in written
        assert part.encode() not in blob


def test_the_same_text_is_sealed_differently_each_time(sealer: Sealer) -> None:
    """Nobody can tell that two are equal."""
    assert len({sealer.seal("0042", PLACE) for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "place", ["acme|0f7a|2", "globex|0f7a|1", "acme|0f7b|1", "", "acme|0f7a|10"]
)
def test_what_was_moved_does_not_open(sealer: Sealer, place: str) -> None:
    """Another step, flow or account."""
    with pytest.raises(Unsealable, match="another place"):
        sealer.open(sealer.seal("hello", PLACE), place)


@given(data=st.data())
@settings(deadline=None)
def test_what_was_damaged_does_not_open(data: st.DataObject) -> None:
    """One flipped bit anywhere: in the nonce, the text, the tag."""
    sealer = Sealer(Keyring.parse(KEYS))
    sealed = sealer.seal("Parcel 7731", PLACE)
    blob = bytearray(_blob(sealed))
    where = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[where // 8] ^= 1 << (where % 8)
    with pytest.raises(Unsealable):
        sealer.open(_with_blob(sealed, bytes(blob)), PLACE)


@pytest.mark.parametrize("kept", [0, 5, 12, 27, 38])
def test_what_was_cut_does_not_open(sealer: Sealer, kept: int) -> None:
    """At any length: 39 bytes are whole."""
    sealed = sealer.seal("Parcel 7731", PLACE)
    assert len(_blob(sealed)) == 39
    with pytest.raises(Unsealable):
        sealer.open(_with_blob(sealed, _blob(sealed)[:kept]), PLACE)


@pytest.mark.parametrize(
    "sealed",
    ["", "hello", "v1.k1", "v1.k1.AAAA.AAAA", "v1.k1.A", "v1.k1.é", "v1.k1.", '{"type":"Sms"}'],
)
def test_what_was_never_sealed_does_not_open(sealer: Sealer, sealed: str) -> None:
    """One exception for all, which does not repeat what it was given."""
    with pytest.raises(Unsealable) as refused:
        sealer.open(sealed, PLACE)
    assert not sealed or sealed not in str(refused.value)


def test_another_version_does_not_open(sealer: Sealer) -> None:
    """The message says which."""
    sealed = sealer.seal("hello", PLACE).replace("v1.", "v2.", 1)
    with pytest.raises(Unsealable, match="unknown seal version 'v2'"):
        sealer.open(sealed, PLACE)


def test_a_foreign_key_does_not_open(sealer: Sealer) -> None:
    """Neither under another name nor under the same."""
    sealed = sealer.seal("hello", PLACE)
    with pytest.raises(Unsealable, match="not in FAILOVER_KEYS"):
        Sealer(Keyring.parse(NEW)).open(sealed, PLACE)
    with pytest.raises(Unsealable):
        Sealer(Keyring.parse(OTHER)).open(sealed, PLACE)


def test_the_key_in_the_name_is_the_key_that_sealed(sealer: Sealer) -> None:
    """Renaming it does not open either, even where both keys are the same."""
    both = Sealer(Keyring.parse(f"k9:{KEYS[3:]},{KEYS}"))
    sealed = sealer.seal("hello", PLACE)
    assert both.open(sealed, PLACE) == "hello"
    with pytest.raises(Unsealable):
        both.open(sealed.replace(".k1.", ".k9."), PLACE)


def test_an_old_key_still_opens_after_a_rotation(sealer: Sealer) -> None:
    """New things are sealed by the new one, which the old installation cannot open."""
    old = sealer.seal("hello", PLACE)
    rotated = Sealer(Keyring.parse(f"{NEW},{KEYS}"))
    assert rotated.open(old, PLACE) == "hello"
    new = rotated.seal("hello", PLACE)
    assert new.startswith("v1.k2.")
    with pytest.raises(Unsealable):
        sealer.open(new, PLACE)


def _sealed(sealer: Sealer) -> tuple[Flow, Flow]:
    clear = a_flow(
        viber(templateParams={"pin": "0042"}), sms(), url="https://hooks.acme.test/secret?key=7"
    )
    return clear, sealer.sealed(clear)


def test_a_sealed_flow_opens_into_its_steps_and_address(sealer: Sealer) -> None:
    """Each content in its place; everything else travels as it was."""
    clear, sealed = _sealed(sealer)
    assert isinstance(sealer.content(sealed, 1), ViberTemplate)
    assert isinstance(sealer.content(sealed, 2), Sms)
    for order in (1, 2):
        assert (
            sealer.content(sealed, order).compiled(order).content == clear.steps[order - 1].content
        )
    assert sealer.callback_url(sealed) == "https://hooks.acme.test/secret?key=7"
    blank = {"content": ""}
    assert [step.model_copy(update=blank) for step in sealed.steps] == [
        step.model_copy(update=blank) for step in clear.steps
    ]
    assert sealed.model_copy(update={"steps": clear.steps, "callback": clear.callback}) == clear


def test_a_sealed_flow_shows_neither_number_nor_text_nor_path(sealer: Sealer) -> None:
    """Only the masked number and the callback's origin."""
    clear, sealed = _sealed(sealer)
    for secret in (NUMBER, NUMBER[1:], "0042", "Parcel 7731", "hooks.acme.test", "secret"):
        assert secret in clear.model_dump_json()
        assert secret not in sealed.model_dump_json()


def test_contents_cannot_change_places(sealer: Sealer) -> None:
    """Step 2's content does not open as step 1's, nor the address as a content."""
    _, sealed = _sealed(sealer)
    first, second = sealed.steps
    assert sealed.callback
    for content in (second.content, sealed.callback.url):
        moved = first.model_copy(update={"content": content})
        with pytest.raises(Unsealable):
            sealer.content(sealed.model_copy(update={"steps": (moved, second)}), 1)


@pytest.mark.parametrize("member", ["account", "tracking_id"])
def test_contents_cannot_change_flows(sealer: Sealer, member: str) -> None:
    """Nor accounts."""
    _, sealed = _sealed(sealer)
    moved = sealed.model_copy(update={member: "globex"})
    with pytest.raises(Unsealable):
        sealer.content(moved, 1)
    with pytest.raises(Unsealable):
        sealer.callback_url(moved)


def test_a_flow_without_callback_has_no_address(sealer: Sealer) -> None:
    """And nothing to seal for it."""
    sealed = sealer.sealed(a_flow(sms(), strategy=None))
    assert sealed.callback is None
    assert sealer.callback_url(sealed) is None


def test_what_release_0_1_sealed_still_opens(sealer: Sealer) -> None:
    """Flows in flight hold such: never change this line."""
    sealed = "v1.k1.S9pSQXQtlXEyr5WzC2pxTcldmiseOdwztyJRCUej238LoHy9kMdOyp7o"
    assert sealer.open(sealed, PLACE) == '{"type":"Sms"}'
