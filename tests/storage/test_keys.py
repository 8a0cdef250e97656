"""Master keys: how they are read, rotated and kept."""

import base64
import stat
from pathlib import Path

import pytest

from storage.keys import BadKeys, Keyring

A, B, C = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))


@pytest.mark.parametrize(
    "text",
    [
        f"k2:{B},k1:{A}",
        f" k2:{B} , k1:{A} ,",
        f"k2:{B}\nk1:{A}\n",
        f"\n,k2:{B},\n\nk1:{A}",
    ],
)
def test_keys_are_read_newest_first(text: str) -> None:
    """With commas or one a line, blanks apart."""
    keys = Keyring.parse(text)
    assert (keys.newest, keys.oldest) == ("k2", "k1")
    assert list(keys.derived("seal")) == ["k2", "k1"]


@pytest.mark.parametrize(
    "text",
    [
        A,
        f":{A}",
        f"k.1:{A}",
        f"k 1:{A}",
        f"{'k' * 17}:{A}",
        "k1:",
        f"k1:{A[:-1]}",
        f"k1:{A}AAAA",
        f"k1:{A[:40]}",
        f"k1;{A}",
        f"k1:{A}:{B}",
        f"k1:{A[:-4]}é{A[-3:]}",
        f"{A}:k1",
        f"{A}:{B}",
        f"k1:{A},{B}",
        f"k1:{A},k2:short",
    ],
)
def test_bad_keys_are_refused_without_being_shown(text: str) -> None:
    """Not even eight characters of one, however it was mistyped."""
    with pytest.raises(BadKeys) as refused:
        Keyring.parse(text)
    assert "kid:base64 of 32 bytes" in str(refused.value)
    assert not [key for key in (A, B) if key[:4] in str(refused.value)]


@pytest.mark.parametrize("text", ["", " \n", ",,"])
def test_without_keys_the_message_says_where_they_belong(text: str) -> None:
    """The two settings."""
    with pytest.raises(BadKeys, match="FAILOVER_KEYS, or FAILOVER_KEYS_FILE"):
        Keyring.parse(text)


def test_two_keys_of_one_name_are_refused() -> None:
    """One of them would be lost, and with it all that it sealed."""
    with pytest.raises(BadKeys, match="same kid"):
        Keyring.parse(f"k1:{A},k1:{B}")


def test_each_purpose_has_keys_of_its_own() -> None:
    """32 bytes each, always the same, and none of them the master."""
    keys = Keyring.parse(f"k2:{B},k1:{A}")
    seal, token = keys.derived("seal"), keys.derived("token")
    everything = [*seal.values(), *token.values(), bytes([1]) * 32, bytes([2]) * 32]
    assert len(set(everything)) == 6
    assert {len(key) for key in everything} == {32}
    assert Keyring.parse(f"k1:{A}").derived("seal")["k1"] == seal["k1"]


def test_a_derived_key_never_changes() -> None:
    """What a release sealed, the next must open: this value is part of the format."""
    derived = Keyring.parse(f"k1:{A}").derived("seal")["k1"]
    assert derived.hex() == "76e6b242759d183339dace7427652e169920a284241cc6f343a4122c0a7dd334"


def test_what_must_last_survives_a_rotation() -> None:
    """Its key is the oldest; where that is dropped, it changes."""
    before = Keyring.parse(f"k1:{A}").lasting_digest("tracking id", "acme", b"order-7731")
    rotated = Keyring.parse(f"k3:{C},k2:{B},k1:{A}")
    assert rotated.lasting_digest("tracking id", "acme", "order-7731") == before
    dropped = Keyring.parse(f"k3:{C},k2:{B}")
    assert dropped.lasting_digest("tracking id", "acme", "order-7731") != before


def test_a_digest_tells_purposes_and_parts_apart() -> None:
    """One part is not two."""
    keys = Keyring.parse(f"k1:{A}")
    digests = {
        keys.lasting_digest("tracking id", "a", "b"),
        keys.lasting_digest("tracking id", "ab"),
        keys.lasting_digest("tracking id", "b", "a"),
        keys.lasting_digest("request", "a", "b"),
    }
    assert len(digests) == 4


def test_a_missing_file_is_made_for_its_owners_eyes_only(tmp_path: Path) -> None:
    """With one new key, which the next start reads again."""
    path = tmp_path / "new" / "keys"
    made = Keyring.kept_in(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (made.newest, made.oldest) == ("k1", "k1")
    assert Keyring.kept_in(path).derived("seal") == made.derived("seal")
    other = Keyring.kept_in(tmp_path / "other")
    assert other.derived("seal") != made.derived("seal")


def test_a_file_that_is_there_is_read_not_written(tmp_path: Path) -> None:
    """Several keys, one a line."""
    path = tmp_path / "keys"
    path.write_text(f"k2:{B}\nk1:{A}\n")
    assert Keyring.kept_in(path).newest == "k2"
    assert path.read_text() == f"k2:{B}\nk1:{A}\n"
