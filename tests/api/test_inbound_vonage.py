"""What recipients reply by Vonage, from its signed webhook to the letter to the client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from api.dependencies import Services
from domain.flow import StepRef
from domain.letter import Letter
from domain.status import Channel
from providers.registry import Providers
from providers.routes import Routes
from providers.vonage import Vonage
from tests.api.bench import Api, a_request, serving
from tests.api.conftest import Forgetful
from tests.providers.test_vonage import UNSIGNED, VONAGE, signed
from tests.providers.test_vonage_replies import FILE, told
from tests.samples import NUMBER, sms, viber_message

LISTENING = "https://hooks.acme.test/in"
ADDRESS = "https://failover.example.com/inbound/vonage"


class Keeping(Forgetful):
    """An engine that keeps the letters."""

    def __init__(self, services: Services) -> None:
        nobody = services.flows._client
        super().__init__(nobody, services.sealer, services.keys)
        self.letters: dict[str, Letter] = {}

    async def post(self, letter: Letter) -> None:
        """Once each, as the engine does."""
        self.letters.setdefault(letter.event, letter)


@dataclass
class Line:
    """The service as Vonage reaches it, and what it would tell its clients."""

    api: Api
    kept: Keeping

    async def send(self) -> StepRef:
        """A Viber text of a client who listens, as if sent by Vonage to the number."""
        step = viber_message(message={"text": "Ready"}, inboundUrl=LISTENING)
        flow = a_request(step, sms())
        answer = await self.api.http.post("/failover", json=flow, headers=self.api.bearer())
        ref = StepRef(account="acme", tracking_id=answer.json()["trackingId"], order=1)
        sender = VONAGE.replied_to("AcmeShop")
        await self.api.services.conversations.note("vonage", sender, NUMBER, ref)
        return ref

    async def hand_on(self, body: bytes, headers: Any = None) -> httpx.Response:
        """A reply as Vonage signs it, or with those headers."""
        proof = signed(body, ADDRESS).headers if headers is None else headers
        return await self.api.http.post("/inbound/vonage", content=body, headers=dict(proof))

    @property
    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every letter's flow, address and body."""
        letters = self.kept.letters.values()
        return [(each.tracking_id, each.url, json.loads(each.body)) for each in letters]


@asynccontextmanager
async def _line(services: Services, vonage: Vonage) -> AsyncIterator[Line]:
    routes = dict.fromkeys(Channel, Routes.read("vonage"))
    kept = Keeping(services)
    changed = replace(services, flows=kept, providers=Providers([vonage], routes))
    async with serving(changed) as api:
        yield Line(api, kept)


@pytest.fixture
async def line(engineless: Services) -> AsyncIterator[Line]:
    """Vonage with a signature secret."""
    async with _line(engineless, VONAGE) as line:
        yield line


@pytest.fixture
async def unsigned(engineless: Services) -> AsyncIterator[Line]:
    """Vonage without one."""
    async with _line(engineless, UNSIGNED) as line:
        yield line


async def test_a_signed_reply_is_told_in_routees_shape(line: Line) -> None:
    """From the number, to the sender, about the last message between the two."""
    await line.send()
    ref = await line.send()
    assert (await line.hand_on(told(text=" Thanks! <b>"))).status_code == 200
    ((tracking_id, url, body),) = line.told
    assert (tracking_id, url) == (ref.tracking_id, LISTENING)
    assert (body["from"], body["to"]) == (NUMBER, "AcmeShop")
    assert (body["message"], body["direction"]) == (" Thanks! <b>", "Inbound")


async def test_a_file_is_told_by_its_address(line: Line) -> None:
    """With its name."""
    await line.send()
    body = told(message_type="file", text=None, file={"url": FILE, "name": "receipt.pdf"})
    assert (await line.hand_on(body)).status_code == 200
    ((_, _, said),) = line.told
    assert (said["message"], said["media"], said["filename"]) == ("", FILE, "receipt.pdf")


async def test_what_vonage_repeats_is_told_once(line: Line) -> None:
    """Signed anew each time."""
    await line.send()
    for _ in range(2):
        assert (await line.hand_on(told())).status_code == 200
    await line.hand_on(told(message_uuid="another", text="Thanks!"))
    assert len(line.told) == 2


async def test_a_forged_reply_reaches_nobody(line: Line) -> None:
    """Unsigned, or signed for other bytes."""
    await line.send()
    genuine = signed(told(), ADDRESS).headers
    assert (await line.hand_on(told(), {})).status_code == 404
    assert (await line.hand_on(told(text="Cancel it"), genuine)).status_code == 404
    assert line.told == []


async def test_without_a_secret_no_reply_is_believed(unsigned: Line) -> None:
    """Neither a signed one nor another."""
    await unsigned.send()
    assert (await unsigned.hand_on(told())).status_code == 404
    assert (await unsigned.hand_on(told(), {})).status_code == 404
    assert unsigned.told == []


async def test_a_reply_to_another_sender_is_nobodys(line: Line) -> None:
    """Taken, for nobody could do better by trying again."""
    await line.send()
    for other in ({"to": "Other"}, {"from": "306900000102"}, {"channel": "sms"}):
        assert (await line.hand_on(told(**other))).status_code == 200
    assert line.told == []


async def test_a_signed_body_in_another_form_is_refused(line: Line) -> None:
    """400, once and for all."""
    for body in (b"{}", b"[]", b"", told(text=None)):
        assert (await line.hand_on(body)).status_code == 400
