"""Rate limits: off unless set, each account and each address by itself."""

import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from limits import RateLimitItemPerSecond
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import ValidationError
from structlog.testing import capture_logs

from accounts.demonstration import ACME, GLOBEX, SECRETS
from api import rates
from api.app import create_app
from api.rates import Rates, Windows
from api.server import config
from domain.errors import Refusal, TooManyRequests
from settings import Settings
from tests.api.bench import Api, basic, serving

UNKNOWN = "71d0c1a2-52bb-4a0f-9ef1-6e0cbb0f7d3e"


async def refused(limits: Rates, *accounts: str) -> list[bool]:
    """Whether each request, in this order, was one too many."""
    found = []
    for account in accounts:
        try:
            await limits.check_account(account)
        except TooManyRequests:
            found.append(True)
        else:
            found.append(False)
    return found


async def test_without_a_limit_nothing_is_counted() -> None:
    """Off by default."""
    limits = Rates()
    assert not any(await refused(limits, *["acme"] * 2000))
    for _ in range(2000):
        await limits.check_address("192.0.2.1")


async def test_each_account_has_its_own_window() -> None:
    """A noisy neighbour takes nothing away."""
    limits = Rates(account="2/minute")
    assert await refused(limits, "acme", "acme", "globex", "acme", "globex", "globex") == [
        False, False, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "longest"), [("2/second", 1), ("2/minute", 60), ("2/hour", 3600)]
)
async def test_it_says_when_there_is_room_again(limit: str, longest: int) -> None:
    """Whole seconds, at least one, at most the span."""
    limits = Rates(account=limit)
    await refused(limits, "acme", "acme")
    with pytest.raises(TooManyRequests) as caught:
        await limits.check_account("acme")
    assert isinstance(caught.value.retry_after, int)
    assert max(1, longest - 1) <= caught.value.retry_after <= longest


async def test_the_window_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room comes back request by request, not all at once, and a refused one uses nothing up."""
    now = time.time()
    limits = Rates(account="2/minute")

    async def at(seconds: float) -> bool:
        monkeypatch.setattr(time, "time", lambda: now + seconds)
        return (await refused(limits, "acme"))[0]

    assert [await at(second) for second in (0, 40, 50, 59, 61, 62, 99, 101)] == [
        False, False, True, True, False, True, True, False,
    ]  # fmt: skip


async def test_windows_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks from ever new addresses does not fill the memory."""
    now = time.time()
    windows = Windows()
    limiter = MovingWindowRateLimiter(windows)
    for each in range(500):
        await limiter.hit(RateLimitItemPerSecond(2), str(each))
    assert len(windows.events) == 500
    monkeypatch.setattr(time, "time", lambda: now + 2 * rates.SWEEPING)
    await limiter.hit(RateLimitItemPerSecond(2), "another")
    assert len(windows.events) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
async def test_an_address_is_whoever_stands_behind_it(one: str, other: str, same: bool) -> None:
    """One IPv6 customer has 2^64 addresses."""
    limits = Rates(token="1/minute")
    await limits.check_address(one)
    if not same:
        await limits.check_address(other)
        return
    with pytest.raises(TooManyRequests):
        await limits.check_address(other)


class Broken(Windows):
    """A storage that is away."""

    async def acquire_entry(self, *_: Any, **__: Any) -> bool:
        raise ConnectionError("away, with redis://:secret@host")


async def test_a_storage_that_is_away_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What protects the service must not be what ends it; the log says so, without its address."""
    monkeypatch.setattr(rates, "Windows", Broken)
    limits = Rates(account="1/minute")
    with capture_logs() as logs:
        assert await refused(limits, "acme", "acme") == [False, False]
    assert [line["fault"] for line in logs] == ["ConnectionError"] * 2
    assert "secret" not in str(logs)


@pytest.mark.parametrize("storage", ["redis://:hunter2@host:6379", "nonsense", "async+foo://x"])
def test_a_storage_that_cannot_be_used_is_refused_at_the_start(storage: str) -> None:
    """In a sentence that names the setting and not its value, which may hold a password."""
    with pytest.raises(Refusal, match="^FAILOVER_RATE_LIMIT_STORAGE: ") as caught:
        Rates(storage=storage)
    assert storage not in str(caught.value)


@pytest.mark.parametrize("written", ["100/second", "10/minute", "5 per 2 hours", "1/day"])
@pytest.mark.parametrize("name", ["rate_limit", "token_rate_limit"])
def test_a_limit_is_a_number_and_a_span(name: str, written: str) -> None:
    """As the library spells it."""
    assert getattr(Settings.model_validate({name: written}), name) == written


@pytest.mark.parametrize(
    "written", ["many", "100", "/second", "0/second", "-1/second", "1/second;2/day"]
)
@pytest.mark.parametrize("name", ["rate_limit", "token_rate_limit"])
def test_what_is_no_limit_is_refused_at_the_start(name: str, written: str) -> None:
    """Rather than limiting nothing, or everything."""
    with pytest.raises(ValidationError, match="Input should be like 100/second or 10/minute"):
        Settings.model_validate({name: written})


def assert_too_many(answer: httpx.Response, sentence: str) -> None:
    """429 in the contract's shape, and when to come again."""
    assert answer.status_code == 429
    assert answer.json() == {"code": "429000000", "developerMessage": sentence}
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


async def test_an_account_is_limited_over_all_its_routes(alone: Api) -> None:
    """Whichever of them it calls; another account is served."""
    async with serving(replace(alone.services, rates=Rates(account="3/minute"))) as api:
        assert (await api.track(UNKNOWN)).status_code == 404
        assert (await api.cancel(UNKNOWN)).status_code == 404
        assert (await api.create(b"{")).status_code == 400
        for answer in (await api.track(UNKNOWN), await api.cancel(UNKNOWN), await api.create()):
            assert_too_many(answer, "More than 3 requests per minute")
        stranger = api.acting_as(GLOBEX)
        assert (await stranger.track(UNKNOWN)).status_code == 404


async def test_what_has_no_caller_is_not_limited(alone: Api) -> None:
    """Health checks, and reports: a provider would give them up."""
    limited = replace(alone.services, rates=Rates(account="1/minute", token="1/minute"))
    async with serving(limited) as api:
        for _ in range(3):
            assert (await api.http.get("/health/live")).status_code == 200
            answer = await api.report(api.report_token(), {"status": "sent"})
            assert answer.status_code == 200


async def test_the_token_endpoint_is_limited_by_address(alone: Api) -> None:
    """Right and wrong secrets alike, before the secret is looked at."""
    async with serving(replace(alone.services, rates=Rates(token="2/minute"))) as api:
        wrong = basic(ACME.id, "wrong")
        assert (await api.http.post("/oauth/token", headers=wrong)).status_code == 401
        assert (await api.token())[0].status_code == 200
        assert_too_many((await api.token())[0], "More than 2 requests per minute")
        assert_too_many(
            await api.http.post("/oauth/token", headers=wrong), "More than 2 requests per minute"
        )


async def asked(alone: Api, proxies: str | None, peer: str, *forwarded: str) -> list[int]:
    """The statuses of requests for a token that this peer forwards from those addresses."""
    settings = Settings.model_validate({"trusted_proxies": proxies})
    app = create_app()
    app.state.services = replace(alone.services, rates=Rates(token="1/minute"))
    served = config(app, settings)
    served.load()
    found = []
    transport = httpx.ASGITransport(app=served.loaded_app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        for address in forwarded:
            answer = await http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                headers={**basic(ACME.id, SECRETS[ACME.id]), "X-Forwarded-For": address},
            )
            found.append(answer.status_code)
    return found


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
async def test_by_default_no_forwarded_address_is_believed(
    alone: Api, peer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or whoever makes up a new one each time would never be limited, from this host neither."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # the server's own setting must not do it
    assert await asked(alone, None, peer, "192.0.2.1", "192.0.2.2") == [200, 429]


async def test_a_trusted_proxys_clients_are_told_apart(alone: Api) -> None:
    """What it says of them counts, and what they themselves wrote before it does not."""
    statuses = await asked(
        alone, "10.0.0.0/8", "10.0.0.7", "192.0.2.1", "192.0.2.2", "198.51.100.7, 192.0.2.1"
    )
    assert statuses == [200, 200, 429]


async def test_nobody_else_can_speak_as_a_proxy(alone: Api) -> None:
    """An address outside of the trusted networks is taken for itself."""
    statuses = await asked(alone, "10.0.0.0/8", "203.0.113.9", "192.0.2.1", "192.0.2.2")
    assert statuses == [200, 429]


@pytest.mark.parametrize("written", ["*", "proxy", "10.0.0.1/8", "10.0.0.1;10.0.0.2", ","])
def test_a_proxy_is_an_address_or_a_network(written: str) -> None:
    """A wildcard would let everybody choose an address."""
    with pytest.raises(ValidationError, match="Input should be addresses or networks"):
        Settings.model_validate({"trusted_proxies": written})
