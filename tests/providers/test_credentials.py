"""How a provider knows us: fixed headers, tokens of our own, tokens of an issuer."""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.credentials import (
    BELIEVED,
    FRESH,
    ClientCredentials,
    Credentials,
    Fixed,
    NoToken,
    SignedToken,
    TokenRequest,
    basic,
)

URL = "https://auth.example.com/oauth/token"
SECRET = "issuer-secret"


class Issuer:
    """Gives out these answers in turn, the last of them for ever."""

    def __init__(self, *answers: Mapping[str, Any] | Sequence[Any] | NoToken) -> None:
        self._answers = list(answers)
        self.asked: list[TokenRequest] = []

    async def __call__(self, request: TokenRequest) -> Mapping[str, Any]:
        """As `Ask` is called."""
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, NoToken):
            raise answer
        return answer  # type: ignore[return-value]


NOBODY = Issuer(NoToken("nobody is to be asked"))


class Clock:
    """Stands still unless it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr("providers.credentials.time.monotonic", lambda: self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The credentials' clock."""
    return Clock(monkeypatch)


def _client(**members: Any) -> ClientCredentials:
    return ClientCredentials(URL, "shop", SECRET, **members)


def _token(name: str, **members: Any) -> Mapping[str, Any]:
    return {"access_token": name, "token_type": "bearer", "expires_in": 3600, **members}


async def _bearer(credentials: Credentials, issuer: Issuer) -> str:
    headers = await credentials.headers(issuer)
    assert set(headers) == {"authorization"}
    return headers["authorization"].removeprefix("Bearer ")


async def test_fixed_headers_stay_what_they_are() -> None:
    """No status changes them, and nobody is asked."""
    fixed = Fixed({"x-key": SECRET})
    assert await fixed.headers(NOBODY) == {"x-key": SECRET}
    assert not fixed.renew(401)
    assert await Fixed().headers(NOBODY) == {}


async def test_basic_is_a_name_and_a_password() -> None:
    """As RFC 7617 shows it, beyond ASCII in UTF-8."""
    known = basic("Aladdin", "open sesame")
    assert await known.headers(NOBODY) == {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    assert await basic("test", "123£").headers(NOBODY) == {
        "authorization": "Basic dGVzdDoxMjPCow=="
    }


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """An application's key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


async def test_a_signed_token_is_verified_by_the_public_key(key: rsa.RSAPrivateKey) -> None:
    """It says whose it is, from when and until when."""
    began = int(time.time())
    signed = SignedToken("app-1", _pem(key), lifetime=300)

    token = await _bearer(signed, NOBODY)

    required = {"require": ["iat", "exp", "jti"]}
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], options=required)  # type: ignore[arg-type]
    assert set(claims) == {"application_id", "iat", "exp", "jti"}
    assert claims["application_id"] == "app-1"
    assert began <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 300


async def test_every_signed_token_is_new(key: rsa.RSAPrivateKey) -> None:
    """An id is good for one request; so there is nothing to renew."""
    signed = SignedToken("app-1", _pem(key))
    tokens = [await _bearer(signed, NOBODY) for _ in range(2)]
    ids = {jwt.decode(each, options={"verify_signature": False})["jti"] for each in tokens}
    assert len({UUID(each) for each in ids}) == 2
    assert not signed.renew(401)


async def test_a_token_of_another_key_is_not_believed(key: rsa.RSAPrivateKey) -> None:
    """The test's own verification is one."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = await _bearer(SignedToken("app-1", _pem(other)), NOBODY)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, key.public_key(), algorithms=["RS256"])


async def test_a_token_is_asked_for_by_the_clients_credentials() -> None:
    """In the header, and not in the form (RFC 6749, 2.3.1 and 4.4.2)."""
    issuer = Issuer(_token("t1"))
    assert await _bearer(_client(), issuer) == "t1"
    (request,) = issuer.asked
    assert (request.url, request.form) == (URL, {"grant_type": "client_credentials"})
    scheme, _, encoded = request.headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(encoded)) == ("Basic", f"shop:{SECRET}".encode())


async def test_a_token_is_used_until_shortly_before_its_end(clock: Clock) -> None:
    """Then a new one is fetched, once."""
    issuer, client = Issuer(_token("t1"), _token("t2")), _client()
    assert await _bearer(client, issuer) == "t1"
    clock.seconds += 3600 - FRESH - 1
    assert await _bearer(client, issuer) == "t1"
    clock.seconds += 1
    assert [await _bearer(client, issuer) for _ in range(3)] == ["t2"] * 3
    assert len(issuer.asked) == 2


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ({"expires_in": 631139040}, BELIEVED - FRESH),
        ({"expires_in": "1809"}, 1809 - FRESH),
        ({"expires_in": FRESH + 0.5}, 0.5),
    ],
)
async def test_a_lifetime_is_believed_up_to_a_day(
    clock: Clock, said: Mapping[str, Any], used: float
) -> None:
    """Routee's longest token is said to last for twenty years."""
    issuer, client = Issuer(_token("t1", **said), _token("t2")), _client()
    await _bearer(client, issuer)
    clock.seconds += used - 0.25
    assert await _bearer(client, issuer) == "t1"
    clock.seconds += 0.25
    assert await _bearer(client, issuer) == "t2"


async def test_a_token_without_a_lifetime_has_an_hour(clock: Clock) -> None:
    """The member is only recommended (RFC 6749, 5.1)."""
    issuer, client = Issuer({"access_token": "t1"}, _token("t2")), _client()
    await _bearer(client, issuer)
    clock.seconds += 3600 - FRESH - 1
    assert await _bearer(client, issuer) == "t1"
    clock.seconds += 1
    assert await _bearer(client, issuer) == "t2"


@pytest.mark.parametrize("lifetime", [0, -1, FRESH, "nan"])
async def test_a_token_that_is_about_to_end_is_used_once(clock: Clock, lifetime: object) -> None:
    """The request that it was fetched for goes out with it."""
    issuer = Issuer(_token("t1", expires_in=lifetime), _token("t2"))
    client = _client()
    assert [await _bearer(client, issuer) for _ in range(2)] == ["t1", "t2"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "t 1"},
        {"access_token": "t1\r\nx-more: 1"},
        {"access_token": "tökén"},
        {"access_token": "t1", "expires_in": None},
        {"access_token": "t1", "expires_in": "soon"},
        {"access_token": "t1", "expires_in": []},
    ],
)
async def test_an_unreadable_token_is_none(answer: Mapping[str, Any]) -> None:
    """Said before anything is written; and the next request asks again."""
    issuer, client = Issuer(answer, _token("t2")), _client()
    with pytest.raises(NoToken, match="unreadable") as fault:
        await client.headers(issuer)
    assert not fault.value.refused
    assert await _bearer(client, issuer) == "t2"


async def test_a_refusal_of_the_issuer_is_handed_on() -> None:
    """Whoever sends knows what to make of it."""
    with pytest.raises(NoToken) as fault:
        await _client().headers(Issuer(NoToken("the issuer answered 401", refused=True)))
    assert fault.value.refused


async def test_a_void_token_is_thrown_away() -> None:
    """Only for a status that says so, and only where there is another to be had."""
    issuer, client = Issuer(_token("t1"), _token("t2")), _client(void=frozenset({401, 403}))
    assert await _bearer(client, issuer) == "t1"
    assert [client.renew(status) for status in (200, 400, 404, 429, 500)] == [False] * 5
    assert await _bearer(client, issuer) == "t1"
    assert client.renew(403)
    assert await _bearer(client, issuer) == "t2"
    assert client.renew(401)
    assert len(issuer.asked) == 2


async def test_a_403_is_no_matter_of_tokens_unless_it_is_said_to_be() -> None:
    """Elsewhere it means that the caller is known, and may not."""
    client = _client()
    assert not client.renew(403)
    assert client.renew(401)


async def test_credentials_are_printed_without_their_secrets(key: rsa.RSAPrivateKey) -> None:
    """Objects end in logs and in failing tests."""
    client, pem = _client(), _pem(key)
    await client.headers(Issuer(_token("token-4711")))
    for each in (client, basic("shop", SECRET), Fixed({"x": SECRET}), SignedToken("app-1", pem)):
        assert SECRET not in repr(each)
        assert "token-4711" not in repr(each)
        assert "PRIVATE KEY" not in repr(each)
        assert base64.b64encode(f"shop:{SECRET}".encode()).decode() not in repr(each)
