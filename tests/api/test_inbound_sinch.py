"""What recipients reply by Sinch, which names its app where others name a sender."""

import json
from dataclasses import replace

from api.dependencies import Services
from domain.flow import StepRef
from domain.status import Channel
from providers.registry import Providers
from providers.routes import Routes
from tests.api.bench import Api, a_request, serving
from tests.api.test_inbound_vonage import LISTENING, Keeping
from tests.providers.test_sinch import SINCH, signed
from tests.providers.test_sinch_replies import told
from tests.samples import NUMBER, sms, viber


async def _sent(api: Api) -> StepRef:
    """A template of a client who listens, as if sent by Sinch to the number."""
    answer = await api.create(a_request(viber(inboundUrl=LISTENING), sms()))
    ref = StepRef(account="acme", tracking_id=answer.json()["trackingId"], order=1)
    sender = SINCH.replied_to("AcmeShop")
    await api.services.conversations.note("sinch", sender, NUMBER, ref)
    return ref


async def test_a_signed_reply_to_the_app_is_told_of_the_senders_step(engineless: Services) -> None:
    """The client hears its sender's name; a reply to another app is nobody's."""
    kept = Keeping(engineless)
    routes = dict.fromkeys(Channel, Routes.read("sinch"))
    services = replace(engineless, flows=kept, providers=Providers([SINCH], routes))
    async with serving(services) as api:
        ref = await _sent(api)
        for said in (told(), {**told(id="another"), "app_id": "01ANOTHER"}):
            raw = signed(said, Channel.VIBER)
            for headers, status in (({}, 404), (dict(raw.headers), 200)):
                answer = await api.http.post("/inbound/sinch", content=raw.body, headers=headers)
                assert answer.status_code == status
    (letter,) = kept.letters.values()
    assert (letter.tracking_id, letter.url) == (ref.tracking_id, LISTENING)
    body = json.loads(letter.body)
    assert (body["from"], body["to"], body["message"]) == (NUMBER, "AcmeShop", "Thanks!")
