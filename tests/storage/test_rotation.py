"""How the list of master keys changes."""

import base64
from collections.abc import Callable

import pytest

from storage.keys import BadKeys, Keyring, Use
from storage.rotation import NotRotated, begun, finished, retired
from storage.seal import Sealer, Unsealable

A, B, C = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
OLD = Keyring.parse(f"k1:{A}")


def _uses(keys: Keyring) -> list[tuple[str, Use]]:
    return [(each.kid, each.use) for each in keys.masters]


def test_a_new_key_opens_before_it_seals() -> None:
    """Until then everything is sealed by the old one."""
    coming = begun(OLD, "k2")
    assert _uses(coming) == [("k2", Use.NEXT), ("k1", Use.ALL)]
    assert (coming.newest, coming.coming, coming.oldest) == ("k1", "k2", "k1")
    assert set(coming.derived("seal")) == {"k1", "k2"}


def test_a_key_that_came_seals_in_the_end() -> None:
    """The old one opens beside it, and makes the digests."""
    done = finished(begun(OLD, "k2"))
    assert (done.newest, done.coming, done.oldest) == ("k2", "", "k1")


def test_each_new_key_is_another() -> None:
    """Of 32 random bytes."""
    assert begun(OLD, "k2").masters[0].key != begun(OLD, "k2").masters[0].key


def test_whoever_was_restarted_already_is_understood() -> None:
    """At every step both lists are in use: each opens whatever the other seals."""
    coming = begun(OLD, "k2")
    done = finished(coming)
    gone = retired(done, "k1")
    for one, other in ((OLD, coming), (coming, done), (done, gone)):
        for sealing, opening in ((one, other), (other, one)):
            sealed = Sealer(sealing).seal("hello", "here")
            assert Sealer(opening).open(sealed, "here") == "hello"


def test_without_the_step_between_they_would_not_be() -> None:
    """A process that has the old list cannot open what the new key sealed."""
    sealed = Sealer(finished(begun(OLD, "k2"))).seal("hello", "here")
    with pytest.raises(Unsealable):
        Sealer(OLD).open(sealed, "here")


def test_the_oldest_key_stays_for_the_digests_alone() -> None:
    """It opens nothing any more, so that it is worth nothing to a thief."""
    done = finished(begun(OLD, "k2"))
    gone = retired(done, "k1")
    assert _uses(gone) == [("k2", Use.ALL), ("k1", Use.DIGESTS)]
    assert set(gone.derived("token")) == {"k2"}
    assert gone.lasting_digest("recipient", "+30") == OLD.lasting_digest("recipient", "+30")


def test_a_key_between_goes_altogether() -> None:
    """Neither the newest nor the oldest."""
    keys = Keyring.parse(f"k3:{C},k2:{B},k1:{A}")
    assert _uses(retired(keys, "k2")) == [("k3", Use.ALL), ("k1", Use.ALL)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda: finished(OLD), "no key is coming"),
        (lambda: begun(begun(OLD, "k2"), "k3"), "k2 is coming already"),
        (lambda: begun(OLD, "k1"), "a key k1 already"),
        (lambda: retired(OLD, "k1"), "k1 is the one that seals"),
        (lambda: retired(OLD, "k7"), "there is no key k7"),
        (lambda: retired(retired(finished(begun(OLD, "k2")), "k1"), "k1"), "opens nothing"),
    ],
)
def test_what_cannot_be_says_what_to_do(change: Callable[[], Keyring], why: str) -> None:
    """Without showing a key."""
    with pytest.raises(NotRotated, match=why) as refused:
        change()
    assert A[:6] not in str(refused.value)


def test_a_key_that_is_coming_may_be_given_up() -> None:
    """It has sealed nothing."""
    assert _uses(retired(begun(OLD, "k2"), "k2")) == _uses(OLD)


@pytest.mark.parametrize("keys", [begun(OLD, "k2"), retired(finished(begun(OLD, "k2")), "k1")])
@pytest.mark.parametrize("between", ["\n", ","])
def test_a_list_is_written_as_it_is_read(keys: Keyring, between: str) -> None:
    """In a file by lines, in a variable with commas."""
    assert Keyring.parse(keys.written(between)).masters == keys.masters


@pytest.mark.parametrize(
    "text",
    [
        f"k1:{A}:next",
        f"k1:{A}:digests",
        f"k2:{B},k1:{A}:next",
        f"k2:{B}:digests,k1:{A}",
        f"k1:{A}:",
        f"k1:{A}:soon",
        f"k1:{A}:next:next",
    ],
)
def test_a_list_that_makes_no_sense_is_refused(text: str) -> None:
    """Nobody seals, the newest is to come last, or one that opens nothing stands first."""
    with pytest.raises(BadKeys) as refused:
        Keyring.parse(text)
    assert A[:6] not in str(refused.value)


def test_a_key_does_not_show_itself() -> None:
    """In a traceback or a test's message."""
    assert A[:6] not in repr(OLD.masters)
    assert "x01" not in repr(OLD.masters)
