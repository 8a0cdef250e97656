"""The Routee adapter against this service's own API, which speaks Routee's protocol.

Ours has no /sms, but the same token endpoint, the same errors and the same kind of answer: so the
adapter's client talks to it over HTTP with flows for bodies. No engine runs: flows are accepted and
recorded, and stay as they began.
"""

import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.demonstration import ACME, BROKE, BROKE_SHOP, SECRETS, SMS_ONLY
from accounts.tokens import AccessTokens
from api.app import create_app
from domain.status import Channel
from providers.base import Content, Outgoing
from providers.credentials import Fixed
from providers.exchange import HttpAnswer, HttpRequest
from providers.http import ProviderClient
from providers.outcomes import REJECTED, Accepted, SendOutcome
from providers.routee import UNKNOWN_NUMBER, Config, Routee
from storage.keys import Keyring
from tests.api.bench import CREATE, Changed, a_request
from tests.api.conftest import forgetting, without_engine
from tests.conftest import KEYS
from tests.providers.contract import outgoing
from tests.samples import sms, viber, viber_message
from tests.sandbox.bench import free_port
from tests.workflows.service import _listening

STANDARD = "/failover"
TOKEN = "/oauth/token"
OUTGOING = outgoing(Content.SMS)


class Flows(Routee):
    """Routee's adapter, handing over flows; it keeps what was answered to them."""

    def __init__(self, config: Config, body: Any, path: str) -> None:
        super().__init__(config)
        self._request = HttpRequest.json(config.base_url + path, body)
        self.answers: list[HttpAnswer] = []

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """The flow."""
        return self._request

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """As Routee's are read."""
        self.answers.append(answer)
        return super().read_answer(answer, channel)


@dataclass
class Ourselves:
    """The API at `url`; `calls` counts the requests to each path."""

    url: str
    app: FastAPI
    calls: Counter[str] = field(default_factory=Counter)

    def adapter(
        self,
        body: Mapping[str, Any] | None = None,
        application: Application = ACME,
        secret: str = "",
        path: str = CREATE,
    ) -> Flows:
        """The adapter, set up with one of our applications as with one of Routee's."""
        config = Config.model_validate(
            {
                "application_id": application.id,
                "secret": secret or SECRETS[application.id],
                "base_url": self.url,
                "token_url": self.url + TOKEN,
            }
        )
        return Flows(config, body or a_request(sms()), path)

    def with_tokens_of(self, keys: Keyring) -> None:
        """From now on only access tokens that were made with those keys are believed."""
        services = self.app.state.services
        self.app.state.services = replace(services, access_tokens=AccessTokens(keys))


@asynccontextmanager
async def _served(database: AsyncEngine, keys: Keyring, **changed: Any) -> AsyncIterator[Ourselves]:
    services = forgetting(await without_engine(database, keys, free_port()))
    app = create_app(replace(services, **changed))
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ours = Ourselves(f"http://127.0.0.1:{listener.getsockname()[1]}", app)

        @app.middleware("http")
        async def count(
            request: Request, proceed: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            ours.calls[request.url.path] += 1
            return await proceed(request)

        await stack.enter_async_context(_listening(app, listener))
        yield ours


@pytest.fixture
async def ours(database: AsyncEngine, keys: Keyring) -> AsyncIterator[Ourselves]:
    """Our API in Routee's place."""
    async with _served(database, keys) as served:
        yield served


async def _sent(adapter: Flows, times: int = 1) -> list[SendOutcome]:
    async with ProviderClient(adapter) as client:
        return [await client.send(OUTGOING) for _ in range(times)]


async def _refused(adapter: Flows) -> tuple[SendOutcome, int, Any]:
    (outcome,) = await _sent(adapter)
    return outcome, adapter.answers[-1].status, adapter.answers[-1].json()


async def test_a_flow_is_accepted_with_a_token_of_ours(ours: Ourselves) -> None:
    """The tracking id is read where Routee's channel APIs have it too."""
    adapter = ours.adapter()
    (outcome,) = await _sent(adapter)
    assert outcome == Accepted(adapter.answers[0].json()["trackingId"])
    assert ours.calls == {TOKEN: 1, CREATE: 1}


@pytest.mark.parametrize("secret", ["wrong", "globex-secret"])
async def test_a_wrong_secret_is_our_fault(ours: Ourselves, secret: str) -> None:
    """E5: the token endpoint refuses us, and the message is never written."""
    assert await _sent(ours.adapter(secret=secret), 2) == [REJECTED, REJECTED]
    assert ours.calls == {TOKEN: 2}


async def test_a_token_is_used_again(ours: Ourselves) -> None:
    """One for all requests, as long as it lasts."""
    outcomes = await _sent(ours.adapter(), 3)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert ours.calls == {TOKEN: 1, CREATE: 3}


async def test_a_token_at_its_end_is_replaced(database: AsyncEngine, keys: Keyring) -> None:
    """Ours says how long it lasts; half a minute before that it is not used any more."""
    brief = Changed(replace(ACME, token_lifetime=30), database)
    async with _served(database, keys, accounts=brief) as ours:
        outcomes = await _sent(ours.adapter(), 2)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert ours.calls == {TOKEN: 2, CREATE: 2}


async def test_a_token_that_is_void_is_fetched_again_once(ours: Ourselves) -> None:
    """E4 is no refusal of the message: with a new token it is taken."""
    adapter = ours.adapter()
    async with ProviderClient(adapter) as client:
        assert isinstance(await client.send(OUTGOING), Accepted)
        ours.with_tokens_of(Keyring.parse(KEYS.replace("AAAA", "BBBB")))
        assert isinstance(await client.send(OUTGOING), Accepted)
        assert isinstance(await client.send(OUTGOING), Accepted)
    assert ours.calls == {TOKEN: 2, CREATE: 4}


async def test_a_403_is_asked_again_once(ours: Ourselves) -> None:
    """As Routee's pages tell clients to; the role is still missing, and that is our fault."""
    adapter = ours.adapter(a_request(viber()), SMS_ONLY)
    outcome, status, problem = await _refused(adapter)
    assert (outcome, status, problem["code"]) == (REJECTED, 403, "403000000")
    assert ours.calls == {TOKEN: 2, CREATE: 2}


async def test_our_bad_token_is_our_fault(ours: Ourselves) -> None:
    """E4, where there is no other token to be had."""
    adapter = ours.adapter()
    adapter.credentials = Fixed({"authorization": "Bearer nonsense"})  # type: ignore[assignment]
    outcome, status, problem = await _refused(adapter)
    assert (outcome, status, problem["error"]) == (REJECTED, 401, "invalid_token")


async def test_our_empty_account_is_our_fault(ours: Ourselves) -> None:
    """E1: the installation's credit, not the recipient's."""
    step = viber(senderInfoTrackingId=BROKE_SHOP.id)
    outcome, status, problem = await _refused(ours.adapter(a_request(step), BROKE))
    assert (outcome, status, problem["code"]) == (REJECTED, 400, "400001009")


async def test_our_invalid_number_is_the_recipients(ours: Ourselves) -> None:
    """E2, by the path of the member that is wrong."""
    outcome, status, problem = await _refused(ours.adapter(a_request(sms(to="12"))))
    assert (outcome, status) == (UNKNOWN_NUMBER, 400)
    assert problem["properties"] == {"flow[0].to": "Invalid mobile number"}


async def test_our_invalid_sender_is_not_the_recipients_fault(ours: Ourselves) -> None:
    """E2 of another member."""
    body = a_request({**sms(), "from": "far too long a name"})
    outcome, status, problem = await _refused(ours.adapter(body))
    assert (outcome, status) == (REJECTED, 400)
    assert set(problem["properties"]) == {"flow[0].from"}


async def test_our_impossible_layout_is_not_the_recipients_fault(ours: Ourselves) -> None:
    """E3: another provider may show what this one cannot."""
    message = {"text": "Ready", "imageUrl": "https://cdn.acme.test/p.png"}
    adapter = ours.adapter(a_request(viber_message(message=message)), path=STANDARD)
    outcome, status, problem = await _refused(adapter)
    assert (outcome, status, problem["code"]) == (REJECTED, 400, "400019000")
    assert problem["errors"][0]["errorCode"] == "007"


async def test_an_unknown_sender_of_ours_is_our_fault(ours: Ourselves) -> None:
    """404: registered there, or not at all."""
    step = viber(senderInfoTrackingId="00000000-0000-4000-8000-000000000000")
    outcome, status, problem = await _refused(ours.adapter(a_request(step)))
    assert (outcome, status, problem["code"]) == (REJECTED, 404, "404020000")
