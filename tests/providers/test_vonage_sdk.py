"""Vonage's official SDK is the oracle: what it makes of our requests, and what it would send.

It is no oracle of what Vonage answers; and it is never used to send: it repeats a POST whose
connection was lost.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from vonage_http_client import Auth, HttpClient  # type: ignore[import-untyped]
from vonage_messages import Messages  # type: ignore[import-untyped]
from vonage_messages.models import Sms, ViberText  # type: ignore[import-untyped]
from vonage_voice import Voice  # type: ignore[import-untyped]
from vonage_voice.models import CreateCallRequest, Stream, Talk  # type: ignore[import-untyped]

from domain.flow import Kind
from providers.base import Outgoing
from providers.http import ProviderClient
from providers.outcomes import Accepted
from providers.vonage import Config, Vonage
from tests.providers.contract import HOSTILE, REFERENCE, REPORT_URL
from tests.providers.test_vonage import CONFIG, GUARD, KEY, UUID, built
from tests.samples import request_step, sms, viber_message, voice

SAY = {"type": "SAY", "repeat": 1, "message": {"language": "en-GB", "text": HOSTILE}}
PLAY = {"type": "PLAY", "fileURL": "https://cdn.acme.test/a.wav"}
INDIA = {"india": {"templateId": "t1", "entityId": "e1"}}

SMSES = [
    sms(),
    sms(message={"body": "Έτοιμο 🎉"}, restrictions=INDIA),
    sms(message={"body": HOSTILE}, **{"from": "302310000222"}),
]
VIBERS = [viber_message(), viber_message(message={"text": HOSTILE}, ttl=1)]
CALLS = [
    voice(dialPlan={"verbs": [SAY, PLAY]}),
    voice(machineDetection=GUARD),
    {**voice(), "to": {"sip": "1111@sip.acme.test:5060"}},
]


def modelled(model: Any, body: dict[str, Any]) -> Any:
    """The body through a model of the SDK, whose `from` is written `from_`."""
    named = {"from_" if name == "from" else name: value for name, value in body.items()}
    return model(**named)


def actions(body: dict[str, Any]) -> list[Any]:
    """A call's script in the SDK's models."""
    return [{"talk": Talk, "stream": Stream}[each["action"]](**each) for each in body["ncco"]]


def dumped(model: Any) -> Any:
    """As the SDK writes it out."""
    return json.loads(model.model_dump_json(by_alias=True, exclude_none=True))


@pytest.mark.parametrize("step", SMSES)
def test_an_sms_is_the_sdks_sms(step: dict[str, Any]) -> None:
    """Nothing is lost, added or refused."""
    body = built(step)
    assert dumped(modelled(Sms, body)) == body


@pytest.mark.parametrize("step", VIBERS)
def test_a_viber_text_is_the_sdks_viber_text(step: dict[str, Any]) -> None:
    """Nothing is lost, added or refused."""
    body = built(step, sender="AcmeShop")
    assert dumped(modelled(ViberText, body)) == body


@pytest.mark.parametrize("step", CALLS)
def test_a_call_is_the_sdks_call(step: dict[str, Any]) -> None:
    """Its script too, action by action: the SDK's union of them takes a dict for any of them."""
    body = built(step)
    assert [dumped(action) for action in actions(body)] == body["ncco"]
    assert dumped(modelled(CreateCallRequest, {**body, "ncco": actions(body)})) == body


# On the wire


@dataclass(frozen=True)
class Written:
    """A request as it arrived."""

    line: str
    body: Any
    headers: dict[str, str]

    @property
    def claims(self) -> dict[str, Any]:
        """Of its token, which is the application's own."""
        token = self.headers["authorization"].removeprefix("Bearer ")
        assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}
        return jwt.decode(token, KEY.public_key(), ["RS256"])


@contextmanager
def vonage(answer: dict[str, Any], tls: ssl.SSLContext | None) -> Iterator[tuple[str, Any]]:
    """A place that answers so: its address, and what was written to it."""
    written: list[Written] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            written.append(Written(f"{self.command} {self.path}", body, headers))
            self.send_response(202)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", written
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of this machine, and its key: the SDK speaks TLS only."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, KEY.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "vonage.pem"
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    path.write_text(pem + str(CONFIG["private_key"]))
    return path


def theirs(step: dict[str, Any], body: dict[str, Any], certificate: Path) -> Written:
    """What the SDK writes, given the same message."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    answer = {"message_uuid": UUID, "uuid": UUID, "status": "started", "direction": "outbound"}
    with vonage({**answer, "conversation_uuid": "CON-1"}, tls) as (host, written):
        auth = Auth(application_id="7fd4", private_key=CONFIG["private_key"])
        http = HttpClient(auth, {"api_host": host, "max_retries": 0})
        http._session.trust_env, http._session.verify = False, str(certificate)
        try:
            match step["type"]:
                case "Sms":
                    Messages(http).send(modelled(Sms, body))
                case "Viber":
                    Messages(http).send(modelled(ViberText, body))
                case "Voice":
                    call = modelled(CreateCallRequest, {**body, "ncco": actions(body)})
                    Voice(http).create_call(call)
        finally:
            http._session.close()
    (only,) = written
    return only  # type: ignore[no-any-return]


async def ours(step: dict[str, Any]) -> Written:
    """What we write."""
    with vonage({"message_uuid": UUID, "uuid": UUID}, None) as (host, written):
        urls = {"messages_url": f"http://{host}", "voice_url": f"http://{host}"}
        outgoing = Outgoing(
            REFERENCE, request_step(step, Kind.STANDARD), "302310000222", 90.0, REPORT_URL
        )
        async with ProviderClient(Vonage(Config.model_validate({**CONFIG, **urls}))) as client:
            assert await client.send(outgoing) == Accepted(UUID)
    (only,) = written
    return only  # type: ignore[no-any-return]


@pytest.mark.parametrize("step", [*SMSES, *VIBERS, *CALLS])
async def test_we_write_what_the_sdk_writes(step: dict[str, Any], certificate: Path) -> None:
    """The same line and JSON; a token of the same claims, for no longer than theirs."""
    mine, its = await ours(step), theirs(step, built(step), certificate)
    assert (mine.line, mine.body) == (its.line, its.body)
    assert mine.headers["content-type"] == its.headers["content-type"] == "application/json"
    assert mine.claims.keys() == its.claims.keys()
    assert mine.claims["application_id"] == its.claims["application_id"] == "7fd4"
    assert mine.claims["exp"] - mine.claims["iat"] <= its.claims["exp"] - its.claims["iat"]
