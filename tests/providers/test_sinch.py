"""Sinch keeps the providers' contract; and what is Sinch's own."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.status import Channel, Status
from providers.base import Content, Outgoing, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, CannotCarry
from providers.sinch import Config, Sinch
from providers.sinch_words import REASONS, SMS, VIBER, VOICE
from tests.providers.contract import NOW, REPORT_URL, Case, ProviderContract, outgoing, step_of
from tests.samples import request_step, sms, voice

KEY, SMS_SECRET, APP_SECRET = "project-key-secret", "sms-secret", "app-secret"
VOICE_SECRET = base64.b64encode(b"voice-secret-16b").decode()
SERVICE = "b7430a33-38c8-4fba-9fb7-c66eae501d11"
CONFIG = {
    "project_id": "c36f3d3d-1513-4edd-ae42-11995557ff61",
    "key_id": "key",
    "key_secret": KEY,
    "sms_secret": SMS_SECRET,
    "app_id": "01EB37HMH1M6SV18BSNS3G135H",
    "conversation_secret": APP_SECRET,
    "voice_service_id": SERVICE,
    "voice_secret": VOICE_SECRET,
}
SINCH = Sinch(Config.model_validate(CONFIG))
FAILED = StatusWord(Status.FAILED, "System Failure")
NONCE, TIMESTAMP = "01FJA8B4A7BM43YGWSG9GBV067", "1795000000"


def told(word: str, channel: Channel, **call: Any) -> dict[str, Any]:
    """A report of that word, as little of it as Sinch is read by."""
    match channel:
        case Channel.SMS:
            return {"type": "recipient_delivery_report_sms", "batch_id": "b1", "status": word}
        case Channel.VIBER:
            status, _, code = word.partition(" ")
            reason = {"reason": {"code": code}} if code else {}
            return {"message_delivery_report": {"message_id": "m1", "status": status, **reason}}
        case Channel.VOICE:
            state = {"sessionId": "s1", "callResult": word, **call}
            return {"event": "call.webhook.HANGUP", "call": state}


def signed(said: dict[str, Any], channel: Channel) -> RawReport:
    """The report as it arrives."""
    body = json.dumps(said).encode()
    if channel is Channel.VOICE:
        return RawReport(_service_signature(body), body, REPORT_URL)
    secret = SMS_SECRET if channel is Channel.SMS else APP_SECRET
    made = hmac.digest(
        secret.encode(), b".".join((body, NONCE.encode(), TIMESTAMP.encode())), "sha256"
    )
    headers = {
        "x-sinch-webhook-signature": base64.b64encode(made).decode(),
        "x-sinch-webhook-signature-nonce": NONCE,
        "x-sinch-webhook-signature-timestamp": TIMESTAMP,
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
    }
    return RawReport(headers, body, REPORT_URL)


def _service_signature(body: bytes) -> dict[str, str]:
    at = "2026-11-24T18:30:26Z"
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    path = REPORT_URL.removeprefix("https://failover.example.com")
    text = f"POST\n{digest}\napplication/json\nx-timestamp:{at}\n{path}"
    made = hmac.digest(base64.b64decode(VOICE_SECRET), text.encode(), "sha256")
    return {
        "authorization": f"service {SERVICE}:{base64.b64encode(made).decode()}",
        "content-type": "application/json",
        "x-timestamp": at,
    }


def body_of(request: HttpRequest) -> Any:
    """The JSON that goes out."""
    return json.loads(request.body)


def dialled(request: HttpRequest) -> Any:
    """The one command of a call."""
    (command,) = body_of(request)["commands"]
    return command


def called(**members: Any) -> HttpRequest:
    """The request of a call with those members."""
    step = request_step({**voice(), **members})
    return SINCH.build_request(replace(outgoing(Content.CALL), content=step))


def speech(**members: Any) -> dict[str, Any]:
    """A SAY verb."""
    message = {"language": "el-GR", "text": "Έτοιμο"}
    return {"type": "SAY", "message": message, **members}


def _validity(request: HttpRequest, content: Content) -> float | None:
    body = body_of(request)
    if content is Content.SMS:
        return datetime.fromisoformat(body["expire_at"]).timestamp() - NOW
    return float(body["ttl"].removesuffix("s")) if content is Content.TEMPLATE else None


def _text(request: HttpRequest, content: Content) -> str:
    body = body_of(request)
    if content is Content.SMS:
        return str(body["body"])
    if content is Content.TEMPLATE:
        template = body["message"]["template_message"]["channel_template"]["VIBERBM"]
        return str(template["parameters"]["customer_name"])
    (message,) = dialled(request)["events"]["onAnswer"][0]["messages"]
    return str(message["say"]["text"])


def _queried(word: str, channel: Channel) -> bytes:
    if channel is Channel.SMS:
        status = {"code": 0, "count": 1, "status": word}
        return json.dumps({"batch_id": "m1", "statuses": [status]}).encode()
    return json.dumps({"sessionId": "m1", "calls": [{"callResult": word}]}).encode()


class TestSinch(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Sinch's."""
        reasons = {f"FAILED {code}": word for code, word in REASONS.items()}
        return Case(
            provider=SINCH,
            accepted={
                Channel.SMS: (201, b'{"id":"01FC","to":["306900000101"]}', "01FC"),
                Channel.VIBER: (200, b'{"message_id":"01EQ","accepted_time":"x"}', "01EQ"),
                Channel.VOICE: (201, b'{"projectId":"p","sessionId":"01KA"}', "01KA"),
            },
            refused=[
                (401, b"", REJECTED),
                (402, b'{"code":"402","error":"Payment required"}', REJECTED),
                (403, b'{"code":"unauthorized","text":"no"}', REJECTED),
                (400, b'{"code":"syntax_invalid_parameter_format","text":"from"}', REJECTED),
                (400, b'{"error":{"code":400,"status":"INVALID_ARGUMENT"}}', REJECTED),
                (422, b'{"type":"about:blank","title":"t","detail":"d"}', REJECTED),
            ],
            words={
                Channel.SMS: SMS,
                Channel.VIBER: {**VIBER, **reasons, "FAILED": FAILED, "FAILED NEW": FAILED},
                Channel.VOICE: VOICE,
            },
            report=lambda word, channel: signed(told(word, channel), channel),
            validity=_validity,
            text=_text,
            secrets=[KEY, SMS_SECRET, APP_SECRET, VOICE_SECRET],
            signs=True,
            queried=_queried,
        )


def test_without_an_app_or_a_voice_service_only_sms_is_carried() -> None:
    """A project has what was bought; the rest is another provider's."""
    bare = {name: CONFIG[name] for name in ("project_id", "key_id", "key_secret")}
    sinch = Sinch(Config.model_validate(bare))
    assert sinch.capabilities.contents == {Content.SMS}
    assert sinch.capabilities.asks == {Channel.SMS}
    assert not sinch.capabilities.seen
    for content in (Content.TEMPLATE, Content.CALL):
        with pytest.raises(CannotCarry):
            sinch.build_request(outgoing(content))


def test_without_secrets_the_address_is_the_proof() -> None:
    """Its token is; most accounts sign no Sms reports."""
    unset = {"sms_secret": None, "conversation_secret": None, "voice_secret": None}
    sinch = Sinch(Config.model_validate({**CONFIG, **unset}))
    for channel in Channel:
        body = json.dumps(told("DELIVERED", channel)).encode()
        assert sinch.verify_report(RawReport({}, body, REPORT_URL))


def test_a_voice_secret_that_is_not_base64_is_refused() -> None:
    """At the start rather than at the first call; the message does not repeat it."""
    with pytest.raises(ValidationError, match="Base64") as refused:
        Config.model_validate({**CONFIG, "voice_secret": "not base64!"})
    assert "not base64!" not in str(refused.value)


def test_an_sms_has_as_many_characters_as_sinch_takes() -> None:
    """It refuses more."""
    request = SINCH.build_request(outgoing(Content.SMS, text="x" * 2000))
    assert _text(request, Content.SMS) == "x" * 2000
    with pytest.raises(CannotCarry):
        SINCH.build_request(outgoing(Content.SMS, text="x" * 2001))


def test_a_flash_sms_is_one() -> None:
    """And no other."""
    flash = request_step(sms(message={"body": "Ready", "flash": True}))
    sent = SINCH.build_request(replace(outgoing(Content.SMS), content=flash))
    assert body_of(sent)["flash_message"] is True
    assert body_of(SINCH.build_request(outgoing(Content.SMS)))["flash_message"] is False


@pytest.mark.parametrize(
    ("scope", "devices"), [("ALL_DEVICES", "ALL"), ("PRIMARY_DEVICE", "PRIMARY_ONLY")]
)
def test_a_template_goes_to_the_devices_that_were_asked_for(scope: str, devices: str) -> None:
    """The client's deliveryScope."""
    step = step_of(Content.TEMPLATE, deliveryScope=scope)
    body = body_of(SINCH.build_request(replace(outgoing(Content.TEMPLATE), content=step)))
    assert body["channel_properties"] == {"VIBERBM_TEMPLATE_MESSAGE_DEVICES": devices}


def test_template_parameters_go_out_as_text() -> None:
    """Sinch takes no others; numbers are written as the client's JSON has them."""
    step = step_of(Content.TEMPLATE)
    params = {"pin": "0042", "n": 10**30, "price": 2.5, "member": True}
    changed = step.model_copy(update={"template_params": params})
    body = body_of(SINCH.build_request(replace(outgoing(Content.TEMPLATE), content=changed)))
    template = body["message"]["template_message"]["channel_template"]["VIBERBM"]
    written = {"pin": "0042", "n": str(10**30), "price": "2.5", "member": "true"}
    assert template["parameters"] == written


@pytest.mark.parametrize(("gender", "voice"), [("female", "Athina"), ("male", "Nestoras")])
def test_a_call_speaks_with_the_voice_that_was_asked_for(gender: str, voice: str) -> None:
    """The language's, the gender's."""
    say = speech(message={"language": "el-GR", "text": "Έτοιμο", "gender": gender})
    (answered,) = dialled(called(dialPlan={"verbs": [say]}))["events"]["onAnswer"]
    (message,) = answered["messages"]
    assert message["say"] == {"text": "Έτοιμο", "voiceName": voice, "format": "TEXT"}


def test_a_call_plays_every_verb_as_often_as_it_repeats() -> None:
    """In order; then Sinch hangs up."""
    play = {"type": "PLAY", "fileURL": "https://cdn.acme.test/a.wav", "repeat": 1}
    (answered,) = dialled(called(dialPlan={"verbs": [speech(), play]}))["events"]["onAnswer"]
    assert [message["type"] for message in answered["messages"]] == ["SAY", "PLAY", "PLAY"]
    assert answered["messages"][1]["play"] == {"url": "https://cdn.acme.test/a.wav"}
    assert answered["events"] == {"onFinish": [{"command": "hangup"}]}


def test_a_sip_address_is_called() -> None:
    """As an address of that scheme."""
    to = dialled(called(to={"sip": "1111@pbx.acme.test:5060"}))["to"]
    assert to == {"type": "SIP", "sip": {"endpoint": "sip:1111@pbx.acme.test:5060"}}


@pytest.mark.parametrize(
    "members",
    [
        {"to": {"viber": "306900000101"}},
        {"from": "AcmeShop"},
        {"machineDetection": {"strategy": "Continue", "eventUrl": "https://acme.test/plan"}},
        {"dialPlan": {"verbs": [speech(repeat=10)]}},
        {"dialPlan": {"verbs": [speech(message={"language": "en-GB", "text": "x" * 601})]}},
    ],
    ids=["the Viber app", "a name as caller", "another plan", "11 messages", "601 characters"],
)
def test_a_call_that_sinch_has_no_form_for_is_not_carried(members: dict[str, Any]) -> None:
    """Half of it would be another call."""
    with pytest.raises(CannotCarry):
        called(**members)


def test_every_end_of_a_call_is_reported() -> None:
    """Sinch repeats an event only by its second address."""
    events = dialled(called())["events"]
    assert set(events) == {"onAnswer", "onBusy", "onReject", "onTimeout", "onHangup", "onFailure"}
    for name in set(events) - {"onAnswer"}:
        (event,) = events[name]
        assert event["url"] == event["fallbackUrl"] == REPORT_URL
        assert event["webhookName"] in {*VOICE, "HANGUP"}


def test_a_machine_hears_nothing() -> None:
    """It is hung up on; only what is not one hears the messages, and then we are told so."""
    dial = dialled(called(machineDetection={"strategy": "Hangup"}))
    (detection,) = dial["events"]["onAnswer"]
    hangup = {"command": "hangup"}
    assert detection["events"]["onMachine"] == detection["events"]["onBeep"] == [hangup]
    assert detection["events"]["onUnknown"] == detection["events"]["onHuman"]
    (played,) = detection["events"]["onHuman"]
    event, last = played["events"]["onFinish"]
    assert (event["webhookName"], last) == ("COMPLETED", hangup)


@pytest.mark.parametrize(
    ("event", "status"), [("HANGUP", Status.NO_ANSWER), ("COMPLETED", Status.COMPLETED)]
)
def test_a_screened_call_is_completed_by_having_been_heard(event: str, status: Status) -> None:
    """Its end alone is a voicemail's as well, in a report and when asked."""
    said = told("COMPLETED", Channel.VOICE, callName="screened", callDurationSeconds=4)
    said["event"] = f"call.webhook.{event}"
    (word,) = SINCH.read_reports(signed(said, Channel.VOICE))
    assert word == StatusWord(status, message_id="s1", duration=4)

    session = json.dumps({"sessionId": "s1", "calls": [said["call"]]}).encode()
    (word,) = SINCH.read_query(HttpAnswer(200, {}, session), Channel.VOICE)
    assert word.status is Status.NO_ANSWER


def test_a_busy_call_is_busy_whatever_its_result_says_yet() -> None:
    """The event is its own; the state may follow."""
    said = {**told("INITIATED", Channel.VOICE), "event": "call.webhook.BUSY"}
    (word,) = SINCH.read_reports(signed(said, Channel.VOICE))
    assert word.status is Status.BUSY


def test_sms_statuses_are_read_in_both_spellings() -> None:
    """The reference has capitals, the reports of many accounts have not."""
    (word,) = SINCH.read_reports(signed(told("Delivered", Channel.SMS), Channel.SMS))
    assert word == StatusWord(Status.DELIVERED, "Delivered", "b1")


def test_a_switch_of_channels_is_the_failure_of_the_only_one() -> None:
    """The reason stands there; a FAILED without any may follow."""
    said = told("SWITCHING_CHANNEL RECIPIENT_NOT_REACHABLE", Channel.VIBER)
    (word,) = SINCH.read_reports(signed(said, Channel.VIBER))
    assert (word.status, word.reason) == (Status.UNDELIVERED, "Not Viber User")


def test_a_report_in_two_forms_is_read_in_the_one_it_was_verified_in() -> None:
    """Else the signature of the one would vouch for the other."""
    both = {**told("COMPLETED", Channel.VOICE), **told("DELIVERED", Channel.SMS)}
    assert SINCH.verify_report(signed(both, Channel.SMS))
    assert not SINCH.verify_report(signed(both, Channel.VOICE))
    (word,) = SINCH.read_reports(signed(both, Channel.SMS))
    assert word.status is Status.DELIVERED


def test_a_message_id_cannot_lead_elsewhere() -> None:
    """It is Sinch's, but still a part of an address."""
    query = SINCH.build_query("../../x?y", "r.1", Channel.VOICE)
    assert query.url.endswith("/sessions/..%2F..%2Fx%3Fy")


def test_the_time_is_the_steps_own() -> None:
    """Three days at most, as Sinch allows."""
    long = Outgoing("r.1", step_of(Content.SMS), "Acme", 9e5, REPORT_URL, NOW + 9e5)
    assert _validity(SINCH.build_request(long), Content.SMS) == 3 * 86400
