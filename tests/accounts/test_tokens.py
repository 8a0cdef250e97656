"""Access tokens: whose are believed, and for how long."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.base import Application
from accounts.tokens import ALGORITHM, AccessTokens, Bearer
from domain.errors import Unauthenticated
from storage.keys import Keyring
from tests.conftest import KEYS

NEW = "k2:" + "B" * 43 + "="
APPLICATION = Application("64d0f2a1c9e77b0012ab34cd", "acme", ("MT_ROLE_SMS",))
BEARER = Bearer("64d0f2a1c9e77b0012ab34cd", "acme", frozenset({"failover"}))


@pytest.fixture
def tokens(keys: Keyring) -> AccessTokens:
    """Made with the tests' keys."""
    return AccessTokens(keys)


def _claims(**changed: Any) -> dict[str, Any]:
    """A valid token's claims, but for those changed; None drops one."""
    now = int(time.time())
    claims = {
        "iss": "failover",
        "aud": "failover",
        "sub": APPLICATION.id,
        "acc": "acme",
        "scope": "failover",
        "iat": now,
        "exp": now + 3600,
    } | changed
    return {name: value for name, value in claims.items() if value is not None}


def _key(tokens: AccessTokens) -> ec.EllipticCurvePrivateKey:
    return tokens._private["k1"]


def _signed(tokens: AccessTokens, claims: object, **header: Any) -> str:
    """By our own key: only what the token says can be wrong."""
    head = _part({"alg": ALGORITHM, "kid": "k1"} | header)
    message = f"{head}.{_part(claims)}"
    signature = jwt.get_algorithm_by_name(ALGORITHM).sign(message.encode(), _key(tokens))
    return f"{message}.{_encoded(signature)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _part(content: object) -> str:
    return _encoded(json.dumps(content).encode())


def test_a_token_says_what_it_was_issued_for(tokens: AccessTokens) -> None:
    """The application, its account, the scopes it was limited to."""
    token = tokens.issue(APPLICATION, ["failover", "report"], time.time())
    assert tokens.read(token) == Bearer(APPLICATION.id, "acme", frozenset({"failover", "report"}))
    unlimited = tokens.read(tokens.issue(APPLICATION, [], time.time()))
    assert unlimited.scopes == frozenset()


def test_no_two_tokens_are_equal(tokens: AccessTokens) -> None:
    """Not even of one second."""
    now = time.time()
    assert len({tokens.issue(APPLICATION, ["failover"], now) for _ in range(5)}) == 5


def test_the_samples_of_these_tests_would_be_valid(tokens: AccessTokens) -> None:
    """So that what refuses one below is what was changed in it."""
    assert tokens.read(_signed(tokens, _claims())) == BEARER


@pytest.mark.parametrize(
    ("age", "valid"), [(0, True), (3590, True), (3620, True), (3640, False), (10**6, False)]
)
def test_a_token_lives_as_long_as_its_application_says(
    tokens: AccessTokens, age: int, valid: bool
) -> None:
    """With half a minute for clocks that differ."""
    token = tokens.issue(APPLICATION, ["failover"], time.time() - age)
    if valid:
        assert tokens.read(token) == BEARER
    else:
        with pytest.raises(Unauthenticated, match="expired"):
            tokens.read(token)


def test_an_application_may_have_tokens_for_20_years(tokens: AccessTokens) -> None:
    """The portal calls them unlimited."""
    unlimited = Application(APPLICATION.id, "acme", (), token_lifetime=631139040)
    issued = time.time() - 19 * 365 * 86400
    assert tokens.read(tokens.issue(unlimited, ["failover"], issued)) == BEARER


def test_a_token_survives_a_restart() -> None:
    """The keys are all that it needs."""
    token = AccessTokens(Keyring.parse(KEYS)).issue(APPLICATION, ["failover"], time.time())
    assert AccessTokens(Keyring.parse(KEYS)).read(token) == BEARER


def test_a_token_survives_a_rotation_until_its_key_is_dropped(tokens: AccessTokens) -> None:
    """New ones are signed by the new key, which the old installation does not believe."""
    old = tokens.issue(APPLICATION, ["failover"], time.time())
    rotated = AccessTokens(Keyring.parse(f"{NEW},{KEYS}"))
    new = rotated.issue(APPLICATION, ["failover"], time.time())
    assert rotated.read(old) == rotated.read(new) == BEARER
    for reader, token in ((tokens, new), (AccessTokens(Keyring.parse(NEW)), old)):
        with pytest.raises(Unauthenticated):
            reader.read(token)


WRONG_CLAIMS = [
    *({name: None} for name in ("iss", "aud", "sub", "acc", "scope", "exp")),
    *({name: 7} for name in ("iss", "aud", "sub", "acc", "scope")),
    *({name: ["failover"]} for name in ("iss", "sub", "acc", "scope")),
    *({name: {"failover": 1}} for name in ("iss", "sub", "acc", "scope")),
    {"iss": "somebody"},
    {"iss": "failovers"},
    {"iss": ""},
    {"aud": "somebody"},
    {"aud": ["somebody"]},
    {"aud": []},
    {"exp": "soon"},
    {"exp": 0},
    {"nbf": 2**40},
    {"iat": 2**40},
]


@pytest.mark.parametrize("changed", WRONG_CLAIMS, ids=str)
def test_a_token_that_says_something_else_is_not_believed(
    tokens: AccessTokens, changed: dict[str, Any]
) -> None:
    """Though it was signed by our key."""
    with pytest.raises(Unauthenticated):
        tokens.read(_signed(tokens, _claims(**changed)))


@pytest.mark.parametrize("kid", ["k2", "", "K1", None, 7, ["k1"], {"k1": 1}, "../k1"])
def test_a_key_that_we_do_not_have_is_not_believed(tokens: AccessTokens, kid: object) -> None:
    """Whatever the token calls it."""
    with pytest.raises(Unauthenticated):
        tokens.read(_signed(tokens, _claims(), kid=kid))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "ES256", None])
def test_an_unsigned_token_is_not_believed(tokens: AccessTokens, algorithm: str | None) -> None:
    """Whatever it says of its algorithm."""
    unsigned = f"{_part({'alg': algorithm, 'kid': 'k1'})}.{_part(_claims())}."
    with pytest.raises(Unauthenticated):
        tokens.read(unsigned)


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_a_public_key_is_no_secret_to_sign_with(tokens: AccessTokens, form: Encoding) -> None:
    """HS256 with it: the key decides the algorithm, never the token."""
    public = _key(tokens).public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    head, body = _part({"alg": "HS256", "typ": "JWT", "kid": "k1"}), _part(_claims())
    mac = hmac.digest(public, f"{head}.{body}".encode(), hashlib.sha256)
    with pytest.raises(Unauthenticated):
        tokens.read(f"{head}.{body}.{_encoded(mac)}")


def test_another_installations_token_is_not_believed(tokens: AccessTokens) -> None:
    """Though its key has the same name."""
    other = AccessTokens(Keyring.parse("k1:" + "B" * 43 + "="))
    with pytest.raises(Unauthenticated):
        tokens.read(other.issue(APPLICATION, ["failover"], time.time()))


@pytest.mark.parametrize("claims", [[], "failover", 7, None, [["sub", "x"]]])
def test_claims_that_are_no_object_are_not_believed(tokens: AccessTokens, claims: object) -> None:
    """Though they were signed by our key."""
    with pytest.raises(Unauthenticated):
        tokens.read(_signed(tokens, claims))


def test_a_changed_token_is_not_believed(tokens: AccessTokens) -> None:
    """Another account under a good signature."""
    head, _, signature = _signed(tokens, _claims()).split(".")
    with pytest.raises(Unauthenticated):
        tokens.read(f"{head}.{_part(_claims(acc='globex'))}.{signature}")


def test_a_token_of_9_kilobytes_is_refused_unread(tokens: AccessTokens) -> None:
    """Though it is a good one; one of 8 is read."""
    long = _signed(tokens, _claims(more="x" * 6500))
    assert len(long) > 8192
    with pytest.raises(Unauthenticated, match="too long"):
        tokens.read(long)
    assert tokens.read(_signed(tokens, _claims(more="x" * 5500))) == BEARER


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "Bearer x",
        "5f0c6f3e-6a0c-4d8e-9d0e-7d1f6e1c2b3a",
        "é.é.é",
        "\x00",
        "\ud800",
        f"{_part([])}.{_part({})}.x",
        f"{_part({'alg': ALGORITHM})}.{_part({})}.x",
        f"{_part({'alg': ALGORITHM, 'kid': 'k1'})}.{_part({})}.x",
        f"{_encoded(b'[' * 6000)}.e30.x",
        f"{_encoded(bytes([255, 254]))}.e30.x",
    ],
    ids=range(14),
)
def test_what_is_no_token_is_not_believed(tokens: AccessTokens, token: str) -> None:
    """One exception for all, which does not repeat what it was given."""
    with pytest.raises(Unauthenticated, match="^the access token is not valid$"):
        tokens.read(token)
