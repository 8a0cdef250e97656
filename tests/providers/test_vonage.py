"""Vonage keeps the providers' contract; and what is Vonage's own."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from vonage_jwt import VonageVerifyJwtError, verify_signature  # type: ignore[import-untyped]

from domain.flow import Kind
from domain.status import Channel, Status, ladder
from providers.base import BadReport, Content, Outgoing, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, CannotCarry, Refused
from providers.vonage import (
    CALLS,
    ERRORS,
    MESSAGES,
    RECIPIENTS,
    VIBER_ERRORS,
    Config,
    Vonage,
)
from providers.vonage_requests import GUARDED, LONGEST_TALK, spoken
from tests.providers.contract import (
    HOSTILE,
    REFERENCE,
    REPORT_URL,
    SAMPLES,
    Case,
    ProviderContract,
    recorded,
)
from tests.samples import request_step, sms, viber_message, voice

SECRET = "vonage-signature-secret-of-forty-eight-characters"
UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(*_PEM).decode()

CONFIG = {"application_id": "7fd4", "private_key": PEM, "signature_secret": SECRET}
VONAGE = Vonage(Config.model_validate(CONFIG))
UNSIGNED = Vonage(Config.model_validate({**CONFIG, "signature_secret": None}))

PROBLEM = "https://developer.vonage.com/api-errors/messages#"
CHANNELS = {Channel.SMS: "sms", Channel.VIBER: "viber_service"}
GUARD = {"strategy": "Hangup"}


def signed(body: bytes, url: str = REPORT_URL, secret: str = SECRET, **changed: Any) -> RawReport:
    """A webhook as Vonage signs it, with other claims than its own if any are given."""
    claims = {
        "iat": int(time.time()),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "abcd1234",
        "application_id": "7fd4",
        **changed,
    }
    return bearing(jwt.encode(claims, secret, "HS256"), body, url)


def bearing(token: str, body: bytes, url: str = REPORT_URL) -> RawReport:
    """A webhook with that token."""
    return RawReport({"authorization": f"Bearer {token}"}, body, url)


def event(status: str, **members: Any) -> bytes:
    """A call's event."""
    return json.dumps({"uuid": UUID, "status": status, "direction": "outbound", **members}).encode()


def told(word: str, channel: Channel) -> bytes:
    """A report of that word; after a blank, its error's code."""
    if channel is Channel.VOICE:
        return event(word)
    status, _, code = word.partition(" ")
    error = {"error": {"type": f"{PROBLEM}{code}", "title": code}} if code else {}
    about = {"message_uuid": UUID, "channel": CHANNELS[channel], "status": status}
    return json.dumps({**about, **error}).encode()


def words(errors: Mapping[str, StatusWord]) -> Mapping[str, StatusWord]:
    """Every status of a message, and every code with either of those that have one."""
    coded = {
        f"{status} {code}": word
        for code, word in errors.items()
        for status in ("rejected", "undeliverable")
    }
    return {**MESSAGES, **coded}


def body_of(request: HttpRequest) -> Any:
    """What the request says."""
    return json.loads(request.body)


def read_out(text: str) -> str:
    """What is heard of a talk action's text, by what Vonage documents of SSML."""
    if not text.startswith("<speak>"):
        assert "<" not in text
        return text
    return "".join(ElementTree.fromstring(text).itertext())  # noqa: S314  of our own making


def _text(request: HttpRequest, content: Content) -> str:
    body = body_of(request)
    return read_out(body["ncco"][0]["text"]) if content is Content.CALL else str(body["text"])


def _validity(request: HttpRequest, content: Content) -> float | None:
    body = body_of(request)
    ttl: float | None = body.get("viber_service", body).get("ttl")
    return ttl


def built(step: dict[str, Any], kind: Kind = Kind.STANDARD, sender: str = "302310000222") -> Any:
    """The body of the request for a step, as a client sends it."""
    out = Outgoing(REFERENCE, request_step(step, kind), sender, 90.0, REPORT_URL)
    return body_of(VONAGE.build_request(out))


class TestVonage(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Vonage's."""
        message = json.dumps({"message_uuid": UUID}).encode()
        call = event("started", conversation_uuid="CON-1")
        wrong = [{"name": "from", "reason": "invalid"}]
        return Case(
            provider=VONAGE,
            accepted={
                Channel.SMS: (202, message, UUID),
                Channel.VIBER: (202, message, UUID),
                Channel.VOICE: (201, call, UUID),
            },
            refused=[
                (401, b'{"type":"https://developer.vonage.com/api-errors#unauthorized"}', REJECTED),
                (402, b'{"type":"https://developer.vonage.com/api-errors#low-balance"}', REJECTED),
                (422, f'{{"type":"{PROBLEM}1070","title":"1070"}}'.encode(), REJECTED),
                (422, f'{{"type":"{PROBLEM}1120","title":"Invalid sender"}}'.encode(), REJECTED),
                (422, f'{{"type":"{PROBLEM}1320","title":"1320"}}'.encode(), REJECTED),
                (400, json.dumps({"type": 400, "invalid_parameters": wrong}).encode(), REJECTED),
            ],
            words={
                Channel.SMS: words(ERRORS),
                Channel.VIBER: words(VIBER_ERRORS),
                Channel.VOICE: CALLS,
            },
            report=lambda word, channel: signed(told(word, channel)),
            validity=_validity,
            text=_text,
            secrets=[SECRET, PEM.splitlines()[3], PEM.splitlines()[3][:20]],
            signs=True,
            unreadable=(b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{}", b'{"status":"read"}'),
        )


# Requests


def test_an_sms_goes_out_as_its_parts_were_counted() -> None:
    """Every member of it; a text in the GSM alphabet."""
    assert built(sms(), sender="+302310000222") == {
        "channel": "sms",
        "message_type": "text",
        "to": "306900000101",
        "from": "302310000222",
        "text": "Parcel 7731 is ready",
        "client_ref": REFERENCE,
        "webhook_url": REPORT_URL,
        "webhook_version": "v1",
        "ttl": 90,
        "sms": {"encoding_type": "text"},
    }


def test_a_text_beyond_the_gsm_alphabet_goes_as_unicode() -> None:
    """It was counted so."""
    assert built(sms(message={"body": "Έτοιμο"}))["sms"] == {"encoding_type": "unicode"}


def test_what_the_indian_regulator_wants_goes_along() -> None:
    """Under Vonage's names."""
    india = {"templateId": "t1", "entityId": "e1"}
    body = built(sms(restrictions={"india": india}))
    assert (body["sms"]["content_id"], body["sms"]["entity_id"]) == ("t1", "e1")


@pytest.mark.parametrize("message", [{"body": "x" * 3201}, {"body": "x", "flash": True}])
def test_an_sms_that_the_messages_api_has_no_form_for_is_not_carried(
    message: dict[str, Any],
) -> None:
    """Too long, or flash."""
    built(sms(message={"body": "x" * 3200}))
    with pytest.raises(CannotCarry):
        built(sms(message=message))


def test_a_viber_text_is_a_transaction_that_ends_in_time() -> None:
    """A text alone is no promotion (contract.md §2.4)."""
    body = built(viber_message(), sender="AcmeShop")
    assert body["viber_service"] == {"category": "transaction", "ttl": 90}
    assert (body["channel"], body["from"]) == ("viber_service", "AcmeShop")


def test_a_sender_that_viber_cannot_know_is_not_carried() -> None:
    """More than fifty characters."""
    built(viber_message(), sender="x" * 50)
    with pytest.raises(CannotCarry):
        built(viber_message(), sender="x" * 51)


def test_a_call_says_and_plays_in_order() -> None:
    """As often as the dial plan wants; its events come to the report address."""
    verbs = [
        {"type": "SAY", "repeat": 2, "message": {"language": "el-GR", "text": "Έτοιμο"}},
        {"type": "PLAY", "fileURL": "http://cdn.acme.test/a.wav"},
    ]
    assert built(voice(dialPlan={"verbs": verbs}), sender="+302310000222") == {
        "to": [{"type": "phone", "number": "306900000101"}],
        "from": {"type": "phone", "number": "302310000222"},
        "ncco": [
            {"action": "talk", "text": "Έτοιμο", "language": "el-GR", "loop": 3},
            {"action": "stream", "streamUrl": ["http://cdn.acme.test/a.wav"], "loop": 1},
        ],
        "event_url": [REPORT_URL],
        "event_method": "POST",
    }


def test_a_sip_address_is_called() -> None:
    """As an endpoint of its own kind."""
    body = built({**voice(), "to": {"sip": "1111@sip.acme.test:5060"}})
    assert body["to"] == [{"type": "sip", "uri": "sip:1111@sip.acme.test:5060"}]


def test_a_language_that_vonage_lacks_is_the_nearest_it_has() -> None:
    """There is no es-LA in BCP 47."""
    say = {"type": "SAY", "message": {"language": "es-LA", "text": "Listo"}}
    assert built(voice(dialPlan={"verbs": [say]}))["ncco"][0]["language"] == "es-MX"


@pytest.mark.parametrize(
    "members",
    [
        {"to": {"viber": "+306900000101"}},
        {"machineDetection": {"strategy": "Continue", "eventUrl": "https://acme.test/plan"}},
    ],
)
def test_a_call_that_the_voice_api_has_no_form_for_is_not_carried(members: dict[str, Any]) -> None:
    """A Viber app, and a dial plan that is fetched later."""
    with pytest.raises(CannotCarry):
        built({**voice(), **members})


@pytest.mark.parametrize("text", ["x" * (LONGEST_TALK + 1), "<" * 400])
def test_a_talk_that_is_too_long_is_not_carried(text: str) -> None:
    """Its mark-up counts."""
    say = {"type": "SAY", "message": {"language": "en-GB", "text": "x" * LONGEST_TALK}}
    built(voice(dialPlan={"verbs": [say]}))
    say["message"] = {"language": "en-GB", "text": text}
    with pytest.raises(CannotCarry):
        built(voice(dialPlan={"verbs": [say]}))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn"))))
def test_every_text_is_read_out_literally(text: str) -> None:
    """An XML parser is the judge."""
    assert read_out(spoken(text)) == text


@given(st.text())
@example("\r\n\x00")
def test_no_text_breaks_its_own_mark_up(text: str) -> None:
    """Characters that XML has no form for are heard as a pause at most."""
    marked = f"<speak>{text}</speak>"
    assert len(read_out(spoken(marked))) == len(marked)


def test_a_text_without_mark_up_needs_no_ssml() -> None:
    """Some voices have none."""
    assert spoken("Bill & Co > 5") == "Bill & Co > 5"
    assert spoken(HOSTILE).startswith("<speak>")


# Calls that end when a machine answers


def test_a_guarded_calls_events_come_to_an_address_that_says_so() -> None:
    """Nothing in the events themselves does."""
    body = built(voice(machineDetection=GUARD))
    assert body["machine_detection"] == "hangup"
    assert body["event_url"] == [f"{REPORT_URL}?{GUARDED}"]


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        (["answered", "machine", "completed"], Status.NO_ANSWER),
        (["answered", "human", "completed"], Status.COMPLETED),
        (["answered", "completed", "human"], Status.COMPLETED),
        (["answered", "completed", "machine"], Status.NO_ANSWER),
        (["answered", "completed"], Status.NO_ANSWER),
        (["busy"], Status.BUSY),
    ],
)
def test_a_guarded_call_is_completed_only_if_a_person_answered(
    events: list[str], ends: Status
) -> None:
    """Vonage says «completed» of the one that it hung up on, too."""
    reached = [
        word.status
        for each in events
        for word in VONAGE.read_reports(RawReport({}, event(each), f"{REPORT_URL}?{GUARDED}"))
    ]
    assert Status.COMPLETED not in reached or "human" in events
    highest = max(reached, key=ladder(Channel.VOICE).index)
    assert highest is ends


# Answers


@pytest.mark.parametrize("code", sorted(RECIPIENTS))
@pytest.mark.parametrize("host", ["vonage.com/api-errors/messages", "nexmo.com/messages-olympus"])
def test_a_refusal_for_the_recipients_sake_ends_the_step(code: str, host: str) -> None:
    """Another provider would say the same; the words are those of reports."""
    problem = {"type": f"https://developer.{host}#{code}", "title": "…", "detail": "…"}
    for channel, errors in ((Channel.SMS, ERRORS), (Channel.VIBER, VIBER_ERRORS)):
        answer = HttpAnswer(422, {}, json.dumps(problem).encode())
        refused = VONAGE.read_answer(answer, channel)
        assert refused == Refused(errors[code].status, errors[code].reason)


@pytest.mark.parametrize("name", ["to", "to.number", "to[0].uri"])
@pytest.mark.parametrize(
    ("channel", "status"),
    [(Channel.SMS, Status.UNDELIVERED), (Channel.VOICE, Status.FAILED)],
)
def test_a_recipient_named_as_invalid_is_unknown(
    name: str, channel: Channel, status: Status
) -> None:
    """On each channel by a word of its ladder."""
    wrong = {"title": "Bad Request", "invalid_parameters": [{"name": name, "reason": "invalid"}]}
    answer = HttpAnswer(400, {}, json.dumps(wrong).encode())
    assert VONAGE.read_answer(answer, channel) == Refused(status, "Unknown Number")


def test_a_recipient_named_beside_something_of_ours_proves_nothing() -> None:
    """The request was wrong anyway."""
    wrong = {"invalid_parameters": [{"name": "to"}, {"name": "ncco"}, 7]}
    answer = HttpAnswer(400, {}, json.dumps(wrong).encode())
    assert VONAGE.read_answer(answer, Channel.VOICE) == REJECTED


# Reports


@pytest.mark.parametrize(
    "error",
    [
        {"type": f"{PROBLEM}1300", "title": "Not part of the provider network"},
        {"type": "about:blank", "title": 1300},
        {"error": {"type": f"{PROBLEM}1300", "title": "1300"}},
    ],
)
def test_an_errors_code_is_found_wherever_vonage_puts_it(error: Mapping[str, Any]) -> None:
    """In its type, in its title, as a number, in another error."""
    report = {
        "message_uuid": UUID,
        "status": "rejected",
        "channel": "viber_service",
        "error": error,
    }
    (word,) = VONAGE.read_reports(RawReport({}, json.dumps(report).encode(), REPORT_URL))
    assert word == StatusWord(Status.UNDELIVERED, "Not Viber User", UUID)


def test_an_error_beside_another_status_changes_nothing() -> None:
    """«submitted» with «Handset Busy» is tried again by the network."""
    (word,) = VONAGE.read_reports(RawReport({}, told("submitted 1220", Channel.SMS), REPORT_URL))
    assert word.status is Status.SENT


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("12", 12), (12, 12), ("", None), (None, None), ("long", None), (-1, 0), (10**15, 86400)],
)
def test_a_calls_duration_is_read(duration: Any, seconds: int | None) -> None:
    """It comes as a text."""
    report = RawReport({}, event("completed", duration=duration), REPORT_URL)
    (word,) = VONAGE.read_reports(report)
    assert word == StatusWord(Status.COMPLETED, "Completed", UUID, seconds)


@pytest.mark.parametrize(
    "told_of",
    [
        {"uuid": UUID, "type": "transfer", "conversation_uuid_to": "CON-1"},
        {"conversation_uuid": "CON-1", "reason": "Syntax error in NCCO."},
        {"uuid": UUID, "status": None},
    ],
)
def test_an_event_without_a_status_is_no_news(told_of: Mapping[str, Any]) -> None:
    """They come to the same address, and are no errors."""
    report = RawReport({}, json.dumps(told_of).encode(), REPORT_URL)
    assert list(VONAGE.read_reports(report)) == []


def test_a_reply_is_no_report() -> None:
    """Inbound messages have an address of their own in Vonage's application."""
    reply = {"message_uuid": UUID, "message_type": "text", "text": "Hi", "channel": "sms"}
    with pytest.raises(BadReport):
        VONAGE.read_reports(RawReport({}, json.dumps(reply).encode(), REPORT_URL))


# Signatures

BODY = (SAMPLES / "vonage" / "report-Delivered-sms.json").read_bytes()


def believed(report: RawReport) -> bool:
    """What we say of it."""
    return VONAGE.verify_report(report)


def officially(report: RawReport) -> bool:
    """What Vonage's own function says of its token."""
    token = report.headers["authorization"].removeprefix("Bearer ")
    try:
        return bool(verify_signature(token, SECRET))
    except VonageVerifyJwtError:
        return False


def test_a_genuine_signature_is_believed_here_and_there() -> None:
    """For each recorded report."""
    for path in sorted((SAMPLES / "vonage").glob("report-*")):
        report = signed(recorded(path).body)
        assert believed(report)
        assert officially(report)


@pytest.mark.parametrize("age", [301, 30 * 86400, -301])
def test_an_old_signature_is_not_believed(age: int) -> None:
    """The official function believes one of last month."""
    report = signed(BODY, iat=int(time.time()) - age)
    assert not believed(report)
    assert officially(report) is (age > 0)


@pytest.mark.parametrize("age", [290, -5])
def test_a_signature_of_these_minutes_is_believed(age: int) -> None:
    """Clocks differ."""
    assert believed(signed(BODY, iat=int(time.time()) - age))


def test_the_signature_of_another_body_is_not_believed() -> None:
    """The official function does not look at it."""
    other = signed(BODY)
    report = RawReport(other.headers, BODY.replace(b"delivered", b"rejected"), REPORT_URL)
    assert not believed(report)
    assert officially(report)


@pytest.mark.parametrize("missing", [{"payload_hash": None}, {"iat": None}, {"iat": "now"}])
def test_a_signature_without_what_is_checked_is_not_believed(missing: Mapping[str, Any]) -> None:
    """The hash and the time belong to it."""
    assert not believed(signed(BODY, **missing))


def test_a_forged_signature_is_believed_neither_here_nor_there() -> None:
    """By another secret, by no algorithm at all, by our own public key."""
    claims = {"iat": int(time.time()), "payload_hash": hashlib.sha256(BODY).hexdigest()}
    forged = [
        signed(BODY, secret="another-secret-that-is-as-long-as-it-should-be-x"),
        bearing(jwt.encode(claims, "", "none"), BODY),
        bearing(jwt.encode(claims, KEY, "RS256"), BODY),
        bearing("a.b.c", BODY),
        bearing("", BODY),
    ]
    for report in forged:
        assert not believed(report)
        assert not officially(report)


def test_a_signature_of_another_scheme_is_not_believed() -> None:
    """It is a bearer's."""
    token = signed(BODY).headers["authorization"].removeprefix("Bearer ")
    assert not believed(RawReport({"authorization": f"Basic {token}"}, BODY, REPORT_URL))
    assert not believed(RawReport({"authorization": token}, BODY, REPORT_URL))


def test_without_a_secret_the_address_is_the_proof() -> None:
    """Its token names the step, provably of our making."""
    assert UNSIGNED.verify_report(RawReport({}, BODY, REPORT_URL))


# Settings


def test_a_key_on_one_line_is_a_key() -> None:
    """As an environment file holds it."""
    one_line = PEM.replace("\n", "\\n")
    config = Config.model_validate({**CONFIG, "private_key": one_line})
    assert config.private_key.get_secret_value() == PEM


def test_what_is_no_rsa_key_is_said_at_the_start() -> None:
    """Without showing it."""
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(*_PEM).decode()
    locked = KEY.private_bytes(*_PEM[:2], serialization.BestAvailableEncryption(b"x")).decode()
    for wrong in ("", "-----BEGIN PRIVATE KEY-----", elliptic, locked):
        with pytest.raises(ValidationError, match="RSA private key") as refused:
            Config.model_validate({**CONFIG, "private_key": wrong})
        assert not wrong or wrong not in str(refused.value)


def test_an_empty_signature_secret_is_none_at_all() -> None:
    """Anybody could sign with it."""
    with pytest.raises(ValidationError):
        Config.model_validate({**CONFIG, "signature_secret": ""})
