"""Infobip's official Python client, 6.0.0, as the judge of what we send and read."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from infobip_api_client import ApiClient, Configuration
from infobip_api_client.api.sms_api import SmsApi
from infobip_api_client.api.viber_api import ViberApi
from infobip_api_client.api.voice_api import VoiceApi
from infobip_api_client.models.calls_advanced_body import CallsAdvancedBody
from infobip_api_client.models.calls_language import CallsLanguage
from infobip_api_client.models.calls_report_response import CallsReportResponse
from infobip_api_client.models.sms_delivery_result import SmsDeliveryResult
from infobip_api_client.models.sms_request import SmsRequest
from infobip_api_client.models.viber_request import ViberRequest
from infobip_api_client.models.viber_seen_reports import ViberSeenReports
from infobip_api_client.models.viber_webhook_reports_response import ViberWebhookReportsResponse

from domain.flow import Kind
from domain.status import Channel
from providers.base import Content
from providers.http import ProviderClient
from providers.infobip import Config, Infobip
from providers.infobip_bodies import LANGUAGES
from providers.outcomes import Accepted
from tests.providers.contract import REFERENCE, SAMPLES, outgoing
from tests.providers.infobip import CONFIG, LAYOUTS, PLAY, SECRET, say, sent
from tests.samples import sms, viber, viber_message, voice

SMS_BODIES = [
    sms(),
    sms(message={"body": "Έτοιμο", "flash": True}),
    sms(restrictions={"india": {"templateId": "t1", "entityId": "e1"}}),
]

VOICE_BODIES = [
    voice(),
    voice(dialPlan={"verbs": [PLAY]}),
    voice(
        dialPlan={"verbs": [say("One & two", repeat=2)]}, machineDetection={"strategy": "Hangup"}
    ),
]


@pytest.mark.parametrize("step", SMS_BODIES)
def test_an_sms_goes_through_the_client_unchanged(step: dict[str, Any]) -> None:
    """Every member is one of the client's, and of its kind."""
    body = sent(step)
    assert _plain(SmsRequest.from_dict(body)) == body


def test_short_links_go_through_the_client_with_its_defaults() -> None:
    """It writes out what we leave to Infobip."""
    body = sent(sms(urlShortener={"urlValidity": 3600}))
    written = _plain(SmsRequest.from_dict(body))
    options = written.pop("options")
    assert options.pop("includeSmsCountInResponse") is False
    assert options["tracking"].pop("removeProtocol") is False
    assert {**written, "options": options} == body


@pytest.mark.parametrize("message", [message for message, _, _ in LAYOUTS])
def test_a_viber_message_goes_through_the_client_unchanged(message: dict[str, Any]) -> None:
    """Every layout."""
    body = sent(viber_message(message=message), Kind.STANDARD)
    assert _plain(ViberRequest.from_dict(body)) == body


def test_a_template_goes_through_the_client_but_for_its_content() -> None:
    """6.0.0 knows the OTP templates of old only; when it knows TEMPLATE this test says so."""
    body = sent(viber())
    with pytest.raises(ValueError, match="discriminator"):
        ViberRequest.from_dict(body)
    body["messages"][0]["content"] = {"type": "TEXT", "text": "Hi"}
    assert _plain(ViberRequest.from_dict(body)) == body


@pytest.mark.parametrize("step", VOICE_BODIES)
def test_a_call_goes_through_the_client_unchanged(step: dict[str, Any]) -> None:
    """A text, a file, and what machines are to hear."""
    body = sent(step)
    assert _plain(CallsAdvancedBody.from_dict(body)) == body


def test_every_language_is_one_of_the_clients() -> None:
    """It lists what Infobip can read out."""
    assert set(LANGUAGES.values()) <= {language.value for language in CallsLanguage}


@pytest.mark.parametrize(
    "path", sorted((SAMPLES / "infobip").glob("report-*")), ids=lambda path: path.stem
)
def test_the_samples_go_through_the_client_unchanged(path: Path) -> None:
    """What our tests read as a report is one to the client as well."""
    told = json.loads(path.read_bytes())
    assert _plain(_report_model(told["results"][0]).from_dict(told)) == told


def _report_model(result: Mapping[str, Any]) -> Any:
    if "seenAt" in result:
        return ViberSeenReports
    return {
        "Sms": SmsDeliveryResult,
        "Viber": ViberWebhookReportsResponse,
        "Voice": CallsReportResponse,
    }[result["callbackData"]]


def _plain(model: Any) -> Any:
    """What the client would write, moments as Infobip writes them."""
    written = json.dumps(model.to_dict(), default=_moment)
    return json.loads(written)


def _moment(value: object) -> str:
    assert isinstance(value, datetime)
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}{value:%z}"


class Listener:
    """Infobip's place on the wire: keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.take(self)

            def do_GET(self) -> None:
                listener.take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Keep it, and answer as Infobip does."""
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        target = urlsplit(request.path)
        self.asked.append(
            {
                "method": request.command,
                "path": target.path,
                "query": parse_qs(target.query),
                "authorization": request.headers["authorization"],
                "accept": request.headers["accept"],
                "content-type": request.headers["content-type"],
                "body": json.loads(body) if body else None,
            }
        )
        status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
        accepted = {"messages": [{"messageId": REFERENCE, "status": status}]}
        answer = json.dumps(accepted if body else {"results": []}).encode()
        request.send_response(200)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """One for a test."""
    listening = Listener()
    yield listening
    listening.close()


Call = Callable[[ApiClient, dict[str, Any]], object]


def _sms(api: ApiClient, body: dict[str, Any]) -> object:
    request = SmsRequest.from_dict(body)
    assert request
    return SmsApi(api).send_sms_messages(request)


def _viber(api: ApiClient, body: dict[str, Any]) -> object:
    request = ViberRequest.from_dict(body)
    assert request
    return ViberApi(api).send_viber_messages(request)


def _call(api: ApiClient, body: dict[str, Any]) -> object:
    request = CallsAdvancedBody.from_dict(body)
    assert request
    return VoiceApi(api).send_advanced_voice_tts(request)


SENDS: Mapping[Content, Call] = {
    Content.SMS: _sms,
    Content.TEXT: _viber,
    Content.RICH: _viber,
    Content.CALL: _call,
}
"""How the client sends what we would; it has no templates."""

ASKS: Mapping[Channel, Call] = {
    Channel.SMS: lambda api, _: SmsApi(api).get_outbound_sms_message_logs(message_id=[REFERENCE]),
    Channel.VIBER: lambda api, _: ViberApi(api).get_outbound_viber_message_logs(
        message_id=[REFERENCE]
    ),
    Channel.VOICE: lambda api, _: VoiceApi(api).get_sent_voice_logs(message_id=[REFERENCE]),
}


def _by_the_client(listener: Listener, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    with ApiClient(Configuration(host=listener.url, api_key=SECRET)) as api:
        call(api, body)
        api.rest_client.pool_manager.clear()
    return listener.asked.pop()


@pytest.mark.parametrize("content", SENDS)
async def test_on_the_wire_we_are_the_client(listener: Listener, content: Content) -> None:
    """Method, path, credentials, types and body: Infobip could not tell us apart by them."""
    infobip = Infobip(Config.model_validate({**CONFIG, "base_url": listener.url}))
    async with ProviderClient(infobip) as client:
        assert await client.send(outgoing(content)) == Accepted(REFERENCE)
    ours = listener.asked.pop()
    theirs = await asyncio.to_thread(_by_the_client, listener, SENDS[content], ours["body"])
    assert ours == theirs


@pytest.mark.parametrize("channel", ASKS)
async def test_on_the_wire_we_ask_as_the_client_does(listener: Listener, channel: Channel) -> None:
    """What became of one message."""
    infobip = Infobip(Config.model_validate({**CONFIG, "base_url": listener.url}))
    async with ProviderClient(infobip) as client:
        assert not await client.ask(REFERENCE, REFERENCE, channel)
    ours = listener.asked.pop()
    theirs = await asyncio.to_thread(_by_the_client, listener, ASKS[channel], {})
    assert ours == theirs
