"""Sinch's own Python SDK as a judge: our requests, its reports and its signatures are the same."""

import base64
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.status import Channel
from providers.base import Content
from providers.exchange import RawReport
from providers.http import ProviderClient
from providers.outcomes import Accepted
from providers.sinch import Config, Sinch
from providers.sinch_bodies import VOICES
from providers.sinch_replies import replied
from providers.sinch_signatures import call_signed, message_signed
from tests.providers.contract import NOW, REFERENCE, REPORT_URL, SAMPLES, outgoing, step_of
from tests.providers.test_sinch import CONFIG, SERVICE, SINCH, body_of, called

with warnings.catch_warnings():
    # Its docstrings have escapes that are none, which Python says when it first compiles them.
    warnings.filterwarnings("ignore", "invalid escape sequence", DeprecationWarning)
    from sinch import SinchClient  # type: ignore[import-untyped]
    from sinch.core.internal.sinch_events.authorization_helpers import (  # type: ignore[import-untyped]
        validate_authentication_header,
    )
    from sinch.core.internal.sinch_events.utils import (  # type: ignore[import-untyped]
        build_string_to_sign,
        compute_content_md5,
        compute_signature,
    )
    from sinch.domains.authentication.sinch_events.v1.authentication_validation import (  # type: ignore[import-untyped]
        calculate_sinch_event_signature,
        compute_signed_data,
        validate_sinch_event_signature_with_nonce,
    )
    from sinch.domains.conversation.models.v1.messages.internal.request import (  # type: ignore[import-untyped]
        SendMessageRequest,
    )
    from sinch.domains.conversation.models.v1.sinch_events.events.message_inbound_event import (  # type: ignore[import-untyped]
        MessageInboundEvent,
    )
    from sinch.domains.conversation.sinch_events.v1.conversation_sinch_event import (  # type: ignore[import-untyped]
        ConversationSinchEvent,
    )
    from sinch.domains.sms.models.v1.shared.text_request import (  # type: ignore[import-untyped]
        TextRequest,
    )
    from sinch.domains.sms.sinch_events.v1.sms_sinch_event import (  # type: ignore[import-untyped]
        SmsSinchEvent,
    )
    from sinch.domains.voice.api.v2.sinch_events import (  # type: ignore[import-untyped]
        SinchEvents,
    )
    from sinch.domains.voice.models.v2.calls.internal.request.start_call_request import (  # type: ignore[import-untyped]
        StartCallRequest,
    )
    from sinch.domains.voice.models.v2.types.voice_name_by_language_enum import (  # type: ignore[import-untyped]
        VoiceNameByLanguageEnum,
    )

PROJECT = CONFIG["project_id"]
LANGUAGES = {
    "en-US": "ENGLISH_UNITED_STATES",
    "de-DE": "GERMAN_GERMANY",
    "fr-FR": "FRENCH_FRANCE",
    "it-IT": "ITALIAN_ITALY",
    "pt-BR": "PORTUGUESE_BRAZIL",
    "es-ES": "SPANISH_SPAIN",
    "es-LA": "SPANISH_MEXICO",
    "en-GB": "ENGLISH_UNITED_KINGDOM",
    "el-GR": "GREEK_GREECE",
    "bg-BG": "BULGARIAN_BULGARIA",
    "pl-PL": "POLISH_POLAND",
    "hu-HU": "HUNGARIAN_HUNGARY",
    "sv-SE": "SWEDISH_SWEDEN",
    "ru-RU": "RUSSIAN_RUSSIA",
}
"""Our language → the SDK's class of its voices."""


def test_a_batch_is_one_to_the_sdk() -> None:
    """It reads ours, and writes it again unchanged."""
    body = body_of(SINCH.build_request(outgoing(Content.SMS)))
    read = TextRequest.model_validate(body)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == body
    assert set(body) <= {f.alias or name for name, f in TextRequest.model_fields.items()}


def test_a_template_is_one_to_the_sdk() -> None:
    """It reads ours, and writes it again unchanged."""
    body = body_of(SINCH.build_request(outgoing(Content.TEMPLATE)))
    read = SendMessageRequest.model_validate(body)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == body
    assert set(body) <= {f.alias or name for name, f in SendMessageRequest.model_fields.items()}


@pytest.mark.parametrize(
    "members",
    [{}, {"machineDetection": {"strategy": "Hangup"}}, {"to": {"sip": "1111@pbx.acme.test"}}],
    ids=["plain", "screened", "SIP"],
)
def test_a_call_is_one_to_the_sdk(members: dict[str, Any]) -> None:
    """It reads ours, and writes it again unchanged: its «customEvent» is «webhook» on the wire."""
    body = body_of(called(**members))
    renamed = json.dumps(body).replace('"webhook"', '"customEvent"')
    read = StartCallRequest.model_validate_json(renamed)
    header = {"idempotency_key"}
    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=header) == body


@pytest.mark.parametrize("language", VOICES)
def test_a_voice_speaks_its_language(language: str) -> None:
    """By the SDK's list."""
    known = {voice.value for voice in getattr(VoiceNameByLanguageEnum, LANGUAGES[language])}
    assert set(VOICES[language]) <= known


def test_our_samples_are_reports_to_the_sdk() -> None:
    """What we read in them stands where the SDK reads it."""
    for path in sorted((SAMPLES / "sinch").glob("report-*")):
        told = json.loads(path.read_bytes())
        if "call" in told:
            event = SinchEvents().parse_event(path.read_bytes())
            assert event.call.call_result == told["call"]["callResult"]
        elif "message_delivery_report" in told:
            event = ConversationSinchEvent().parse_event(path.read_bytes())
            assert event.message_delivery_report.status == told["message_delivery_report"]["status"]
        else:
            event = SmsSinchEvent().parse_event(path.read_bytes())
            assert (event.status, event.batch_id) == (told["status"], told["batch_id"])


def test_our_samples_are_replies_to_the_sdk() -> None:
    """Text, file and number stand where the SDK reads them."""
    for path in sorted((SAMPLES / "sinch").glob("reply-*")):
        (reply,) = replied(json.loads(path.read_bytes()))
        event = ConversationSinchEvent().parse_event(path.read_bytes())
        said = event.message.contact_message
        assert isinstance(event, MessageInboundEvent)
        assert (event.app_id, event.message.id) == (reply.sender, reply.reply_id)
        assert event.message.channel_identity.identity == reply.recipient
        if reply.media is None:
            assert said.text_message.text == reply.text
        else:
            assert said.media_message.url == reply.media
            assert said.media_message.filename_override == reply.filename


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(bodies, secrets, words, words, st.booleans(), st.data())
def test_a_messages_signature_is_judged_alike(
    body: str, secret: str, nonce: str, timestamp: str, forged: bool, data: st.DataObject
) -> None:
    """Made by the SDK, or by nobody: we say what its validator says."""
    genuine = calculate_sinch_event_signature(compute_signed_data(body, nonce, timestamp), secret)
    headers = {
        "x-sinch-webhook-signature": data.draw(words) if forged else genuine,
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-timestamp": timestamp,
    }
    for absent in data.draw(st.sets(st.sampled_from(sorted(headers)), max_size=1)):
        del headers[absent]
    report = RawReport(headers, body.encode(), REPORT_URL)
    theirs = validate_sinch_event_signature_with_nonce(secret, headers, body)
    assert message_signed(secret, report) is theirs
    assert theirs is (len(headers) == 3 and headers["x-sinch-webhook-signature"] == genuine)


@given(bodies, st.binary(min_size=1, max_size=32), words, st.booleans(), st.data())
def test_a_calls_signature_is_judged_alike(
    body: str, key: bytes, timestamp: str, forged: bool, data: st.DataObject
) -> None:
    """Made by the SDK, or by nobody, or for another service."""
    secret = base64.b64encode(key).decode()
    path = REPORT_URL.removeprefix("https://failover.example.com")
    digest = compute_content_md5(body)
    text = build_string_to_sign("POST", digest, "application/json", timestamp, path)
    signature = data.draw(words) if forged else compute_signature(text, secret)
    named = data.draw(st.sampled_from([SERVICE, "another"]))
    scheme = data.draw(st.sampled_from(["service", "Service", "Bearer"]))
    headers = {
        "authorization": f"{scheme} {named}:{signature}",
        "content-type": "application/json",
        "x-timestamp": timestamp,
    }
    for absent in data.draw(st.sets(st.sampled_from(sorted(headers)), max_size=1)):
        del headers[absent]
    report = RawReport(headers, body.encode(), REPORT_URL)
    theirs = validate_authentication_header(
        SERVICE, secret, headers, body.encode(), path=path, method="POST"
    )
    assert call_signed(SERVICE, secret, report) is theirs


@dataclass
class Wire:
    """What arrived at a server on loopback: method, path with query, authorization, body."""

    origin: str = ""
    seen: list[tuple[str, str, str, Any]] = field(default_factory=list)


ANSWERS: dict[str, dict[str, Any]] = {
    "/oauth2/token": {
        "access_token": "t1", "expires_in": 3599, "scope": "", "token_type": "bearer",
    },
    f"/xms/v1/{PROJECT}/batches": {"id": "b1", "type": "mt_text"},
    f"/xms/v1/{PROJECT}/batches/b1/delivery_report": {
        "batch_id": "b1",
        "statuses": [{"code": 0, "count": 1, "status": "DELIVERED"}],
        "total_message_count": 1,
        "type": "delivery_report_sms",
    },
    f"/v1/projects/{PROJECT}/messages:send": {"message_id": "m1"},
    f"/v2/projects/{PROJECT}/calls": {
        "projectId": PROJECT, "serviceId": SERVICE, "sessionId": "s1",
    },
    f"/v2/projects/{PROJECT}/sessions/s1": {
        "sessionId": "s1",
        "projectId": PROJECT,
        "serviceId": SERVICE,
        "calls": [json.loads((SAMPLES / "sinch" / "report-Busy-voice.json").read_bytes())["call"]],
        "createTime": "2026-11-24T18:30:00Z",
        "state": "COMPLETED",
    },
}  # fmt: skip


@contextmanager
def _wire() -> Iterator[Wire]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = urlsplit(self.path).path
            body = sent.decode() if path == "/oauth2/token" else json.loads(sent or b"null")
            wire.seen.append((self.command, self.path, self.headers["authorization"], body))
            answer = json.dumps(ANSWERS[path]).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        wire.origin = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _sdk(origin: str) -> Iterator[Any]:
    client = SinchClient(CONFIG["key_id"], CONFIG["key_secret"], PROJECT)
    configuration = client.configuration
    configuration.auth_origin = configuration.sms_origin = origin
    configuration.conversation_origin = configuration.voice_v2_origin = origin
    with configuration.transport.http_session as session:
        session.trust_env = False
        yield client


def _sinch(origin: str) -> Sinch:
    urls = ("auth_url", "sms_url", "conversation_url", "voice_url")
    return Sinch(Config.model_validate({**CONFIG, **dict.fromkeys(urls, origin)}))


def _send_sms(client: Any) -> None:
    client.sms.batches.send_sms(
        to=["+306900000101"],
        from_="AcmeShop",
        body="Parcel 7731",
        delivery_report="per_recipient",
        expire_at=datetime.fromtimestamp(NOW + 90, UTC),
        event_destination_target=REPORT_URL,
        client_reference=REFERENCE,
        flash_message=False,
    )


def _send_template(client: Any) -> None:
    step: Any = step_of(Content.TEMPLATE, "Parcel 7731")
    template = {
        "template_id": step.template_id,
        "language_code": "en",
        "parameters": {"customer_name": "Parcel 7731", "order_id": "7731"},
    }
    client.conversation.messages.send_template_message(
        app_id=CONFIG["app_id"],
        template_message={"channel_template": {"VIBERBM": template}},
        recipient_identities=[{"channel": "VIBERBM", "identity": "306900000101"}],
        ttl=90,
        event_destination_target=REPORT_URL,
        channel_priority_order=["VIBERBM"],
        channel_properties={"VIBERBM_TEMPLATE_MESSAGE_DEVICES": "PRIMARY_ONLY"},
        message_metadata=REFERENCE,
        processing_strategy="DISPATCH_ONLY",
        correlation_id=REFERENCE,
    )


def _start_call(client: Any) -> None:
    def told(name: str) -> dict[str, str]:
        event = {"command": "customEvent", "custom_event_name": name}
        return {**event, "url": REPORT_URL, "fallback_url": REPORT_URL}

    say = {"text": "Parcel 7731", "voice_name": "Libby", "format": "TEXT"}
    messages = {
        "command": "messages",
        "messages": [{"type": "SAY", "say": say}],
        "events": {"on_finish": [{"command": "hangup"}]},
    }
    dial = {
        "command": "dial",
        "from_": {"type": "PHONE", "phone": {"number": "+302310000222"}},
        "to": {"type": "PHONE", "phone": {"number": "+306900000101"}},
        "dial_timeout_duration_seconds": 60,
        "max_call_duration_seconds": 900,
        "events": {
            "on_answer": [messages],
            "on_busy": [told("BUSY")],
            "on_reject": [told("REJECTED")],
            "on_timeout": [told("NO_ANSWER")],
            "on_hangup": [told("HANGUP")],
            "on_failure": [told("FAILED")],
        },
    }
    client.voice.v2.calls.start(commands=[dial], service_id=SERVICE)


@pytest.mark.parametrize(
    ("content", "send", "message_id"),
    [
        (Content.SMS, _send_sms, "b1"),
        (Content.TEMPLATE, _send_template, "m1"),
        (Content.CALL, _start_call, "s1"),
    ],
    ids=["Sms", "Viber", "Voice"],
)
async def test_on_the_wire_we_say_what_the_sdk_says(
    content: Content, send: Any, message_id: str
) -> None:
    """For the same message: the token's request, then address, authorization and JSON."""
    with _wire() as theirs, _sdk(theirs.origin) as client:
        send(client)
    with _wire() as ours:
        async with ProviderClient(_sinch(ours.origin)) as provider:
            assert await provider.send(outgoing(content)) == Accepted(message_id)
    assert len(theirs.seen) == 2
    assert ours.seen == theirs.seen


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
async def test_we_ask_where_the_sdk_asks(channel: Channel) -> None:
    """And read what it is answered. The SDK says a batch's id in the query once more."""
    with _wire() as theirs, _sdk(theirs.origin) as client:
        if channel is Channel.SMS:
            client.sms.delivery_reports.get(batch_id="b1")
        else:
            client.voice.v2.sessions.get("s1")
    with _wire() as ours:
        async with ProviderClient(_sinch(ours.origin)) as provider:
            name = "b1" if channel is Channel.SMS else "s1"
            (word,) = await provider.ask(name, REFERENCE, channel)
    assert word.status.value == ("Delivered" if channel is Channel.SMS else "Busy")
    asked = [
        (method, path.removesuffix("?batch_id=b1"), *rest) for method, path, *rest in theirs.seen
    ]
    assert [list(each) for each in ours.seen] == [list(each) for each in asked]
