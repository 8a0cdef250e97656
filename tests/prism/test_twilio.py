"""What the adapter sends, sent to Twilio's own OpenAPI document; `make test-twilio` runs it."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.status import Channel, Status
from providers.base import Content, Outgoing
from providers.credentials import Fixed
from providers.exchange import HttpRequest
from providers.http import ProviderClient
from providers.outcomes import REJECTED, Accepted
from providers.twilio import CALLS, MESSAGES, Config, Twilio
from providers.twiml import VOICES
from tests.prism.conftest import MODULES
from tests.providers.contract import HOSTILE, outgoing
from tests.providers.test_twilio import CALL, CONFIG, MESSAGE, a_call, an_sms

SERVICE = "MG0123456789abcdef0123456789abcdef"

PLAY = {"type": "PLAY", "fileURL": "https://cdn.acme.test/a.wav?a=1&b=2", "repeat": 2}


def say(text: str, language: str = "en-GB", **members: Any) -> dict[str, Any]:
    """A SAY verb, as a client sends it."""
    return {"type": "SAY", "message": {"language": language, "text": text}, **members}


SENT: Mapping[str, Outgoing] = {
    "Sms": outgoing(Content.SMS),
    "Sms, unicode": an_sms(body="Το δέμα σας είναι έτοιμο 📦"),
    "Sms, hostile": an_sms(body=HOSTILE),
    "Sms, several lines": an_sms(body="One\nTwo\r\nThree & four = 50%+"),
    "Sms, long": an_sms(body="x" * 1600),
    "Sms, transcoded": an_sms(body="«Έτοιμο»", transcode=True),
    "Sms from a number": an_sms("302310000222"),
    "Sms from a short code": an_sms("54321"),
    "Sms, shortest validity": an_sms(validity=1.0),
    "Sms, longest validity": an_sms(validity=86400.0),
    "call": a_call(),
    "call, hostile": outgoing(Content.CALL, text=HOSTILE),
    "call, PLAY": a_call(dialPlan={"verbs": [PLAY]}),
    "call, several verbs": a_call(dialPlan={"verbs": [say("One", repeat=10), PLAY, say("Two")]}),
    "call, Greek": a_call(dialPlan={"verbs": [say("Καλημέρα", "el-GR")]}),
    "call, long": a_call(dialPlan={"verbs": [say("x" * 3000)]}),
    "call to SIP": a_call(to={"sip": "1111@pbx.acme.test:5061"}),
    "call to SIP from a name": a_call("AcmeShop", to={"sip": "1111@pbx.acme.test"}),
    "call, machine detection": a_call(machineDetection={"strategy": "Hangup"}),
}


def twilio(prism: str, **changed: str) -> Twilio:
    """Twilio, at Prism's address."""
    return Twilio(Config.model_validate({**CONFIG, "base_url": prism, **changed}))


@pytest.fixture(scope="session")
async def client(prism: str) -> AsyncIterator[ProviderClient]:
    """The adapter, as the worker uses it."""
    async with ProviderClient(twilio(prism)) as client:
        yield client


def accepted(outcome: object, channel: Channel) -> bool:
    """Whether it was accepted, with an id of Twilio's form."""
    prefix = "CA" if channel is Channel.VOICE else "SM"
    return isinstance(outcome, Accepted) and bool(
        re.fullmatch(f"{prefix}[0-9a-f]{{32}}", outcome.message_id)
    )


@pytest.mark.parametrize("sent", SENT.values(), ids=list(SENT))
async def test_what_we_send_is_accepted(client: ProviderClient, sent: Outgoing) -> None:
    """By the document's own rules, credentials included."""
    assert accepted(await client.send(sent), sent.content.channel)


@pytest.mark.parametrize(
    "changed", [{"messaging_service_sid": SERVICE}, {"api_key_sid": None, "api_key_secret": None}]
)
@pytest.mark.parametrize("sent", [SENT["Sms"], SENT["call"]], ids=["Sms", "call"])
async def test_so_it_is_however_twilio_is_set_up(
    prism: str, changed: dict[str, str], sent: Outgoing
) -> None:
    """By a messaging service; as the account itself."""
    async with ProviderClient(twilio(prism, **changed)) as client:
        assert accepted(await client.send(sent), sent.content.channel)


CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"])
TEXTS = st.text(CHARACTERS, min_size=1, max_size=300).filter(str.strip)


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.floats(1, 86400))
async def test_whatever_a_message_says_is_accepted(
    client: ProviderClient, text: str, validity: float
) -> None:
    """And however long it may take."""
    sent = an_sms(body=text, validity=validity)
    assert accepted(await client.send(sent), Channel.SMS)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(sorted(VOICES)))
async def test_whatever_a_call_says_is_accepted(
    client: ProviderClient, texts: list[str], language: str
) -> None:
    """In every language."""
    sent = a_call(dialPlan={"verbs": [say(text[:100], language) for text in texts]})
    assert accepted(await client.send(sent), Channel.VOICE)


@pytest.mark.parametrize("sent", SENT.values(), ids=list(SENT))
def test_every_field_stands_in_the_document(document: Mapping[str, Any], sent: Outgoing) -> None:
    """Prism would let one pass that does not."""
    request = twilio("https://api.twilio.com").build_request(sent)
    resource = request.url.rpartition("/")[2]
    post = document["paths"][f"/2010-04-01/Accounts/{{AccountSid}}/{resource}"]["post"]
    schema = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert dict(fields(request)).keys() <= schema["properties"].keys()


# --- what Prism answers when asked ---


@pytest.mark.parametrize(
    ("sid", "channel", "status"),
    [(MESSAGE, Channel.SMS, Status.SENT), (CALL, Channel.VOICE, Status.NO_ANSWER)],
    ids=["Sms", "call"],
)
async def test_what_the_document_tells_of_a_message_is_read(
    client: ProviderClient, sid: str, channel: Channel, status: Status
) -> None:
    """Its example of a message was sent; its example of a call was answered by a machine."""
    (told,) = await client.ask(sid, "", channel)
    assert told.status is status


def test_every_status_of_the_document_is_in_our_tables(document: Mapping[str, Any]) -> None:
    """But those of messages that come in."""
    schemas = document["components"]["schemas"]
    assert set(schemas["message_enum_status"]["enum"]) - {"receiving", "received"} == set(MESSAGES)
    assert set(schemas["call_enum_status"]["enum"]) | {"initiated"} == set(CALLS)


# --- Prism does refuse: what is broken on purpose ---


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    """The request's form."""
    return parse_qsl(request.body.decode(), keep_blank_values=True)


class Broken(Twilio):
    """Sends a form with a field changed, or none of that name."""

    changed: tuple[str, str | None] = ("", None)

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """The request, broken."""
        request = super().build_request(outgoing)
        name, value = self.changed
        form = {key: given for key, given in fields(request) if key != name}
        if value is not None:
            form[name] = value
        return replace(request, body=urlencode(form).encode())


@pytest.mark.parametrize(
    ("sent", "name", "value"),
    [
        ("Sms", "To", None),
        ("Sms", "ValidityPeriod", "soon"),
        ("Sms", "SmartEncoded", "perhaps"),
        ("Sms", "MessagingServiceSid", "MG123"),
        ("call", "To", None),
        ("call", "From", None),
    ],
)
async def test_a_broken_request_is_refused(
    prism: str, sent: str, name: str, value: str | None
) -> None:
    """With 422, which the adapter reads as our own fault."""
    broken = Broken(Config.model_validate({**CONFIG, "base_url": prism}))
    broken.changed = (name, value)
    async with ProviderClient(broken) as client:
        assert await client.send(SENT[sent]) == REJECTED
    assert await answered(broken.build_request(SENT[sent])) == 422


@pytest.mark.parametrize("sent", ["Sms", "call"])
async def test_who_does_not_sign_in_is_refused(prism: str, sent: str) -> None:
    """With 401."""
    stranger = twilio(prism)
    stranger.credentials = Fixed()
    async with ProviderClient(stranger) as client:
        assert await client.send(SENT[sent]) == REJECTED
    request = stranger.build_request(SENT[sent])
    assert await answered(request, signed_in=False) == 401


@pytest.mark.parametrize("sid", ["AC123", "SM0123456789abcdef0123456789abcdef"])
async def test_another_account_than_an_account_is_refused(prism: str, sid: str) -> None:
    """The path has it."""
    request = twilio(prism).build_request(SENT["Sms"])
    changed = replace(request, url=request.url.replace(str(CONFIG["account_sid"]), sid))
    assert await answered(changed) == 422


async def answered(request: HttpRequest, signed_in: bool = True) -> int:
    """The status that Prism answers with."""
    login = httpx.BasicAuth("user", "password") if signed_in else None
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.request(
            request.method,
            request.url,
            content=request.body,
            headers=dict(request.headers),
            auth=login,
        )
        return response.status_code


# --- voices, by the list in Twilio's SDK ---


def test_every_voice_and_language_is_in_twilios_sdk() -> None:
    """A name that Twilio does not know would be silence."""
    declared = (MODULES / "twilio/lib/twiml/VoiceResponse.d.ts").read_text("utf-8")
    languages, voices = (_declared(name, declared) for name in ("SayLanguage", "SayVoice"))
    for each in VOICES.values():
        assert each.language in languages
        assert {each.female, each.male or each.female} <= voices


def _declared(name: str, declarations: str) -> set[str]:
    found = re.search(rf"type {name} = ([^;]*);", declarations)
    assert found is not None
    return set(re.findall(r'"([^"]+)"', found[1]))
