"""POST /inbound/…: what recipients reply, and whom it is believed of."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.flow import StepRef
from domain.status import Channel
from providers.base import Reply
from providers.exchange import RawReport
from providers.kannel import Config, Kannel
from providers.registry import Providers
from providers.routes import Routes
from providers.sandbox import Sandbox
from tests.api.bench import Api, a_request, serving
from tests.conftest import until
from tests.samples import NUMBER, sms, viber
from workflows import names

pytestmark = pytest.mark.server

LISTENING = "https://hooks.acme.test/in"
THANKS = {"replyId": "r-1", "text": "Thanks!"}


class Signing(Sandbox):
    """A provider that hands on replies to one address, signed."""

    def verify_inbound(self, inbound: RawReport) -> bool:
        """Its signature is a word."""
        return inbound.headers.get("x-signature") == "right"

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """The sandbox's, with who answered whom."""
        (reply,) = super().read_replies(inbound)
        told = inbound.json()
        return [replace(reply, recipient=told["from"], sender=told["to"])]


@pytest.fixture
async def signing(api: Api) -> AsyncIterator[Api]:
    """The API of that provider's, and Kannel, which knows no replies."""
    kannel = Config.model_validate({"url": "http://k", "username": "u", "password": "p"})
    signing = Signing("http://127.0.0.1:9")
    routes = dict.fromkeys(Channel, Routes.read("sandbox"))
    providers = Providers([signing, Kannel(kannel)], routes)
    async with serving(replace(api.services, providers=providers)) as served:
        yield served


async def _flow(api: Api, **members: Any) -> StepRef:
    """A flow whose client listens, unless it is said otherwise; it runs nowhere."""
    answer = await api.create(a_request(viber(**{"inboundUrl": LISTENING, **members}), sms()))
    assert answer.status_code == 200
    return StepRef(account="acme", tracking_id=answer.json()["trackingId"], order=1)


async def _reply(api: Api, address: str, body: Any = THANKS, **headers: str) -> httpx.Response:
    return await api.http.post(f"/inbound/{address}", json=body, headers=headers)


async def _letters(engine: Client, ref: StepRef) -> int:
    """How many letters of the flow the engine has."""
    found = engine.list_activities(f"FailoverAccount = '{ref.account}'")
    prefix = names.letter_id(ref.account, ref.tracking_id, "")
    return len([each async for each in found if each.activity_id.startswith(prefix)])


async def _posted(engine: Client, ref: StepRef) -> None:
    """Wait until the engine lists the letter: its visibility is a moment late."""

    async def listed() -> bool:
        return await _letters(engine, ref) == 1

    await until(listed)


async def test_a_reply_to_a_message_is_handed_to_the_engine_once(api: Api, engine: Client) -> None:
    """The address's token names the message; the same reply again is answered alike."""
    ref = await _flow(api)
    token = api.report_token(ref.tracking_id)
    for _ in range(2):
        answer = await _reply(api, f"sandbox/{token}")
        assert (answer.status_code, answer.content) == (200, b"")
    await _posted(engine, ref)


@pytest.mark.parametrize("order", [1, 2])
async def test_a_reply_that_nobody_wants_is_taken_and_dropped(
    api: Api, engine: Client, order: int
) -> None:
    """A step without an inboundUrl, and an Sms: the provider need not try again."""
    ref = await _flow(api, inboundUrl=None)
    token = api.report_token(ref.tracking_id, order=order)
    assert (await _reply(api, f"sandbox/{token}")).status_code == 200
    assert await _letters(engine, ref) == 0


async def test_a_forged_address_is_unknown(api: Api) -> None:
    """As for reports."""
    ref = await _flow(api)
    token = api.report_token(ref.tracking_id)
    for address in ("sandbox/v1.k1.x.y", f"other/{token}", f"sandbox/{token}x", "sandbox"):
        assert (await _reply(api, address)).status_code == 404


async def test_what_is_no_reply_is_said_so(api: Api) -> None:
    """400, once and for all."""
    ref = await _flow(api)
    token = api.report_token(ref.tracking_id)
    nonsense: list[Any] = [{}, [], None, "x", {"text": "x"}]
    for body in nonsense:
        assert (await _reply(api, f"sandbox/{token}", body)).status_code == 400


async def test_a_signed_reply_goes_to_the_last_message_between_the_two(
    signing: Api, engine: Client
) -> None:
    """From that sender to that number, however the provider writes it."""
    first, last = await _flow(signing), await _flow(signing)
    for ref in (first, last):
        await signing.services.conversations.note("sandbox", "AcmeShop", NUMBER, ref)
    body = {**THANKS, "from": NUMBER.lstrip("+"), "to": "AcmeShop"}
    answer = await _reply(signing, "sandbox", body, **{"X-Signature": "right"})
    assert answer.status_code == 200
    await _posted(engine, last)
    assert await _letters(engine, first) == 0


async def test_only_what_is_signed_is_believed(signing: Api, engine: Client) -> None:
    """And what answers nothing is taken, for nobody could do better by trying again."""
    ref = await _flow(signing)
    await signing.services.conversations.note("sandbox", "AcmeShop", NUMBER, ref)
    body = {**THANKS, "from": NUMBER, "to": "AcmeShop"}
    assert (await _reply(signing, "sandbox", body, **{"X-Signature": "no"})).status_code == 404
    assert (await _reply(signing, "sandbox", body)).status_code == 404
    assert (await _reply(signing, "kannel", body)).status_code == 404
    stranger = {**body, "to": "Nobody"}
    answer = await _reply(signing, "sandbox", stranger, **{"X-Signature": "right"})
    assert answer.status_code == 200
    assert await _letters(engine, ref) == 0


async def test_without_the_engine_a_reply_is_sent_again(alone: Api, api: Api) -> None:
    """Nobody has it, so it must not be taken."""
    ref = await _flow(api)
    token = alone.report_token(ref.tracking_id)
    assert (await _reply(alone, f"sandbox/{token}")).status_code == 503
