"""Signatures of callbacks, against the packages that receivers take."""

import base64
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix.webhooks
from hypothesis import given
from hypothesis import strategies as st

from egress.signing import TOLERANCE, BadKey, Unverified, headers, verified

NOW = 1_788_250_530
KEY, OLD, FOREIGN = (f"whsec_{base64.b64encode(bytes([each]) * 32).decode()}" for each in (1, 2, 3))
ID = "msg_c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02-3"
BODY = '{"status":"Succeeded","Ναι":"✓"}'.encode()
NAMES = ["webhook-id", "webhook-timestamp", "webhook-signature"]

# What a body may hold, and an id: it has no dot, which divides what is signed.
BODIES = st.text().map(str.encode)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
KEYS = st.binary(min_size=1, max_size=64).map(lambda b: "whsec_" + base64.b64encode(b).decode())

Check = Callable[[Mapping[str, str], bytes, str], object]


def by_us(sent: Mapping[str, str], body: bytes, key: str) -> object:
    """Our own check, now."""
    return verified(sent, body, [key], time.time())


def by_standardwebhooks(sent: Mapping[str, str], body: bytes, key: str) -> object:
    """The package of Standard Webhooks; raises a ValueError where a header is garbled."""
    standardwebhooks.Webhook(key).verify(body, dict(sent), json_parse=False)
    return key


def by_svix(sent: Mapping[str, str], body: bytes, key: str) -> object:
    """Svix's."""
    svix.webhooks.Webhook(key).verify(body, dict(sent))
    return key


everybody = pytest.mark.parametrize("check", [by_us, by_standardwebhooks, by_svix])
REFUSALS = (Unverified, standardwebhooks.WebhookVerificationError, ValueError)


@everybody
@given(webhook_id=IDS, body=BODIES, keys=st.lists(KEYS, min_size=1, max_size=3))
def test_what_we_sign_is_right_by_each_key(
    check: Check, webhook_id: str, body: bytes, keys: list[str]
) -> None:
    """During a rotation a receiver that knows any of the keys is content."""
    sent = headers(webhook_id, body, keys, int(time.time()))
    for key in keys:
        check(sent, body, key)


@pytest.mark.parametrize("package", [standardwebhooks, svix.webhooks])
@given(webhook_id=IDS, body=BODIES, key=KEYS)
def test_we_sign_as_the_packages_do(
    package: object, webhook_id: str, body: bytes, key: str
) -> None:
    """Letter for letter, and so ours verifies theirs. Theirs is right for moments of UTC only."""
    webhook = package.Webhook(key)  # type: ignore[attr-defined]  # both have it
    moment = datetime.fromtimestamp(NOW, UTC)
    signature = webhook.sign(webhook_id, moment, body.decode())
    theirs = dict(zip(NAMES, [webhook_id, str(NOW), signature], strict=True))
    assert headers(webhook_id, body, [key], NOW) == theirs
    assert verified(theirs, body, [key], NOW) == key


@everybody
def test_another_key_is_refused(check: Check) -> None:
    """Whoever does not know the key cannot sign."""
    sent = headers(ID, BODY, [FOREIGN], int(time.time()))
    with pytest.raises(REFUSALS):
        check(sent, BODY, KEY)


@everybody
@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 6))
def test_a_changed_body_is_refused(check: Check, place: int, bit: int) -> None:
    """By one bit, anywhere."""
    sent = headers(ID, BODY, [KEY], int(time.time()))
    changed = bytearray(BODY)
    changed[place] ^= 1 << bit
    with pytest.raises(REFUSALS):
        check(sent, bytes(changed), KEY)


@everybody
@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_a_changed_header_is_refused(check: Check, name: str) -> None:
    """The id and the moment are signed, too: neither can be put on another callback."""
    sent = headers(ID, BODY, [KEY], int(time.time()))
    changed = sent[name][:-1] + ("1" if sent[name][-1] == "0" else "0")
    with pytest.raises(REFUSALS):
        check({**sent, name: changed}, BODY, KEY)


@everybody
@pytest.mark.parametrize("off", [-TOLERANCE - 60, TOLERANCE + 60])
def test_a_timestamp_that_is_far_off_is_refused(check: Check, off: int) -> None:
    """However well it is signed: somebody may have kept it."""
    sent = headers(ID, BODY, [KEY], int(time.time()) + off)
    with pytest.raises(REFUSALS):
        check(sent, BODY, KEY)


@everybody
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_header_is_refused(check: Check, name: str) -> None:
    """As is an unsigned callback."""
    sent = headers(ID, BODY, [KEY], int(time.time()))
    del sent[name]
    with pytest.raises(REFUSALS):
        check(sent, BODY, KEY)


@everybody
@pytest.mark.parametrize("garbled", ["v1", "v1,", "v1,!", "v2,AAAA", "v1,AAA", ",", "v1,é", "ü"])
def test_a_garbled_signature_is_refused(check: Check, garbled: str) -> None:
    """Whatever a stranger writes there."""
    sent = headers(ID, BODY, [KEY], int(time.time())) | {"webhook-signature": garbled}
    with pytest.raises(REFUSALS):
        check(sent, BODY, KEY)


def test_each_key_signs_once_and_the_newest_first() -> None:
    """One after the other with a space between; the timestamp is that of the attempt."""
    sent = headers(ID, BODY, [KEY, OLD], NOW)
    alone = [headers(ID, BODY, [key], NOW)["webhook-signature"] for key in (KEY, OLD)]
    assert sent == {
        "webhook-id": ID,
        "webhook-timestamp": str(NOW),
        "webhook-signature": " ".join(alone),
    }
    later = headers(ID, BODY, [KEY], NOW + 1)
    assert later["webhook-signature"] != alone[0]
    assert later["webhook-timestamp"] == str(NOW + 1)


def test_without_a_key_there_is_no_signature() -> None:
    """Not an empty one, which a careless receiver might take for right."""
    assert headers(ID, BODY, [], NOW) == {"webhook-id": ID, "webhook-timestamp": str(NOW)}


def test_it_is_said_which_key_has_signed() -> None:
    """The first of ours that has; a signature of another version is passed over."""
    sent = headers(ID, BODY, [OLD], NOW)
    sent["webhook-signature"] = f"v2,AAAA {sent['webhook-signature']}"
    assert verified(sent, BODY, [KEY, OLD], NOW) == OLD
    spelt = {name.title(): value for name, value in sent.items()}
    assert verified(spelt, BODY, [KEY, OLD], NOW) == OLD


@pytest.mark.parametrize("off", [-TOLERANCE, 0, TOLERANCE])
def test_a_timestamp_within_five_minutes_is_taken(off: int) -> None:
    """Of either side: clocks differ."""
    assert verified(headers(ID, BODY, [KEY], NOW + off), BODY, [KEY], NOW) == KEY


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"webhook-id": ""}, "there is no webhook-id"),
        ({"webhook-signature": ""}, "there is no webhook-signature"),
        ({"webhook-timestamp": "soon"}, "the webhook-timestamp is no number of seconds"),
        ({"webhook-timestamp": "٣"}, "the webhook-timestamp is no number of seconds"),
        ({"webhook-timestamp": str(NOW - 301)}, "the webhook-timestamp is 301 s old, more than"),
        ({"webhook-timestamp": str(NOW + 400)}, "the webhook-timestamp is 400 s ahead, more than"),
        ({"webhook-signature": "v2,AAAA"}, "the webhook-signature has none of version v1"),
        ({"webhook-id": "msg_1"}, "the signature is not by the key, or something signed was"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(changed: Mapping[str, str], sentence: str) -> None:
    """A developer must not have to guess."""
    sent = {**headers(ID, BODY, [KEY], NOW), **changed}
    with pytest.raises(Unverified, match=f"^{sentence}"):
        verified(sent, BODY, [KEY], NOW)


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_!", "AAAA", "whsec_AAA", "whsec_é"])
def test_what_is_no_key_signs_and_verifies_nothing(key: str) -> None:
    """An empty one above all: anybody could sign by it."""
    with pytest.raises(BadKey) as refused:
        headers(ID, BODY, [key], NOW)
    assert "whsec_ and base64" in str(refused.value)
    with pytest.raises(BadKey):
        verified(headers(ID, BODY, [KEY], NOW), BODY, [key], NOW)
