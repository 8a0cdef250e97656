"""Routee keeps the providers' contract; and what is Routee's own.

The samples and answers here are made after Routee's documentation; none was recorded.
"""

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from domain.flow import Kind
from domain.status import Channel, Status, rises
from domain.steps import RequestStep
from providers.base import Content, Outgoing, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, CannotCarry
from providers.routee import STATUSES, UNKNOWN_NUMBER, Config, Routee
from tests.providers.contract import (
    REPORT_URL,
    SAMPLES,
    Case,
    ProviderContract,
    outgoing,
    recorded,
)
from tests.samples import request_step, sms, viber, viber_message, voice

SECRET = "routee-secret"
CONFIG = {"application_id": "64d0f2a1c9e77b0012ab34cd", "secret": SECRET}
ROUTEE = Routee(Config.model_validate(CONFIG))
TRACKING_ID = "e0c1a7de-0d52-4a53-8b0e-1f1c9c1b6a01"
ACCEPTED = {"trackingId": TRACKING_ID, "status": {"status": "QUEUED"}, "direction": "Outbound"}

NO_CREDIT = {"code": "400001009", "developerMessage": "Insufficient Balance"}
BAD_NUMBER = {
    "code": "400000000",
    "developerMessage": "Validation Error!",
    "properties": {"to": "Invalid mobile number"},
}
NOBODY = {
    "code": "400005000",
    "developerMessage": "SMS contains invalid data",
    "errors": [{"errorCode": "004", "developerMessage": "No recipients are set for the sms"}],
}
BAD_LAYOUT = {
    "code": "400019000",
    "developerMessage": "Invalid viber message",
    "errors": [{"errorCode": "007", "developerMessage": "Invalid viber message type combination"}],
}
REPORTED = {
    Channel.SMS: "report-Delivered-sms-part-2-of-3.json",
    Channel.VIBER: "report-Delivered-viber.json",
    Channel.VOICE: "report-Completed-voice.json",
}


def _sample(channel: Channel, **members: object) -> RawReport:
    told = orjson.loads((SAMPLES / "routee" / REPORTED[channel]).read_bytes())
    return RawReport({}, orjson.dumps({**told, **members}), REPORT_URL)


def _report(word: str, channel: Channel) -> RawReport:
    spelled = word.upper() if channel is Channel.VIBER else word.title()
    return _sample(channel, status={"name": spelled, "updatedDate": "2026-09-01T08:18:06.000Z"})


def _tracked(word: str, detail: str | None = None, **members: object) -> dict[str, object]:
    reason = {"detailedStatus": detail, "description": ""}
    status = {"status": word, "date": "2026-09-01T08:18:06.000Z", "reason": reason}
    return {"status": status, "messageId": "m1", **members}


def _queried(word: str, channel: Channel) -> bytes:
    told = _tracked(word)
    match channel:
        case Channel.SMS:
            return orjson.dumps([told])
        case Channel.VIBER:
            return orjson.dumps(told)
        case Channel.VOICE:
            return orjson.dumps({"content": [told], "totalElements": 1, "last": True})


def _validity(request: HttpRequest, content: Content) -> float | None:
    if content is Content.CALL:
        return None
    ttl = float(orjson.loads(request.body)["ttl"])
    return ttl * 60 if content is Content.SMS else ttl


def _text(request: HttpRequest, content: Content) -> str:
    body = orjson.loads(request.body)
    match content:
        case Content.SMS:
            return str(body["body"])
        case Content.TEMPLATE:
            return str(body["templateParams"]["customer_name"])
        case Content.CALL:
            return str(body["dialPlan"]["verbs"][0]["message"]["text"])
    return str(body["body"]["text"])


class TestRoutee(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Routee's."""
        return Case(
            provider=ROUTEE,
            accepted=dict.fromkeys(Channel, (200, orjson.dumps(ACCEPTED), TRACKING_ID)),
            refused=[
                (400, orjson.dumps(NO_CREDIT), REJECTED),
                (400, orjson.dumps(BAD_LAYOUT), REJECTED),
                (400, orjson.dumps(BAD_NUMBER), UNKNOWN_NUMBER),
                (400, orjson.dumps(NOBODY), UNKNOWN_NUMBER),
                (401, b'{"error":"invalid_token","error_description":"expired"}', REJECTED),
                (403, b'{"code":"403000000","developerMessage":"Access denied"}', REJECTED),
                (404, b'{"code":"404010002","developerMessage":"Application not found"}', REJECTED),
                (404, b'{"code":"404020000","developerMessage":"Unknown sender"}', REJECTED),
            ],
            words=STATUSES,
            report=_report,
            validity=_validity,
            text=_text,
            secrets=[SECRET],
            queried=_queried,
        )


def _body(step: RequestStep, validity: float = 90.0) -> tuple[str, Any]:
    """The path that takes the step, and the body."""
    request = ROUTEE.build_request(Outgoing("r.1", step, "AcmeShop", validity, REPORT_URL))
    return request.url.removeprefix("https://connect.routee.net"), orjson.loads(request.body)


def test_an_sms_goes_out_as_documented() -> None:
    """Its ttl in minutes, its number with a plus, its sender without one."""
    message = {"body": "Parcel 7731 is ready", "label": "pickup-7731", "flash": True}
    india = {"india": {"templateId": "1107", "entityId": "1101"}}
    shortener = {"urlValidity": 7200}
    step = request_step(sms(message=message, urlShortener=shortener, restrictions=india))
    assert _body(step, 7200) == (
        "/sms",
        {
            "from": "AcmeShop",
            "to": "+306900000101",
            "body": "Parcel 7731 is ready",
            "flash": True,
            "transcode": False,
            "label": "pickup-7731",
            "ttl": 120,
            "urlShortener": shortener,
            "restrictions": india,
            "callback": {"url": REPORT_URL, "strategy": "OnChange"},
        },
    )


def test_an_sms_is_transcoded_before_it_goes_out() -> None:
    """By our table, by which its parts were charged; Routee shall not do it by another."""
    message = {"body": "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" * 6, "transcode": True}
    _, body = _body(request_step(sms(message=message)))
    assert (body["body"], body["transcode"]) == ("ABEZHIKMNOPTYX" * 6, False)


def test_a_free_form_viber_message_goes_out_by_this_apis_names() -> None:
    """URL in capitals, the ttl in seconds, and nothing of expireOnDelivery or inboundUrl."""
    step = request_step(
        viber_message(
            message={
                "text": "Ready",
                "imageUrl": "https://cdn.acme.test/p.png",
                "action": {"caption": "Track", "targetUrl": "https://acme.test/t/7731"},
            },
            label="pickup-7731",
            expireOnDelivery=True,
            inboundUrl="https://hooks.acme.test/inbound",
        ),
        Kind.STANDARD,
    )
    assert _body(step) == (
        "/viber",
        {
            "senderInfoTrackingId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
            "to": "+306900000101",
            "body": {
                "text": "Ready",
                "imageURL": "https://cdn.acme.test/p.png",
                "action": {"caption": "Track", "targetUrl": "https://acme.test/t/7731"},
            },
            "label": "pickup-7731",
            "ttl": 90,
            "callbackUrl": REPORT_URL,
        },
    )


def test_a_viber_file_goes_out_by_this_apis_names() -> None:
    """The type without a dot, in small letters: the form of Routee's own list."""
    file = {"fileName": "bill", "fileType": " .PDF", "fileUrl": "https://cdn.acme.test/b.pdf"}
    step = request_step(viber_message(message={"viberFile": file}), Kind.STANDARD)
    _, body = _body(step)
    assert body["body"] == {
        "viberFile": {
            "fileName": "bill",
            "fileType": "pdf",
            "fileURL": "https://cdn.acme.test/b.pdf",
        }
    }


def test_a_viber_video_goes_out_by_this_apis_names() -> None:
    """Numbers stay numbers."""
    video = {
        "videoUrl": "https://cdn.acme.test/v.mp4",
        "videoThumbnail": "https://cdn.acme.test/v.jpg",
        "fileSize": 1.5,
        "duration": 30,
    }
    step = request_step(viber_message(message={"viberVideo": video}), Kind.STANDARD)
    _, body = _body(step)
    address = video.pop("videoUrl")
    assert body["body"] == {"viberVideo": {"videoURL": address, **video}}


def test_a_viber_template_goes_out_with_its_parameters() -> None:
    """Under the names that the client gave them, and with the scope and the number it chose."""
    step = request_step(viber(deliveryScope="ALL_DEVICES", seq=42, templateLang="el"))
    assert _body(step) == (
        "/viber/transactional/messages",
        {
            "senderInfoTrackingId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
            "to": "+306900000101",
            "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
            "templateLang": "el",
            "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
            "deliveryScope": "ALL_DEVICES",
            "seq": 42,
            "ttl": 90,
            "callbackUrl": REPORT_URL,
        },
    )


def test_a_call_goes_out_with_its_dial_plan() -> None:
    """Verb by verb, with what to do when a machine answers."""
    say = {"type": "say", "message": {"language": "el-GR", "text": "Καλημέρα"}, "repeat": 1}
    play = {"type": "PLAY", "fileURL": "http://cdn.acme.test/a.wav"}
    step = request_step(
        voice(dialPlan={"verbs": [say, play]}, machineDetection={"strategy": "Hangup"})
    )
    assert _body(step) == (
        "/voice/conversation",
        {
            "from": "AcmeShop",
            "to": {"phone": "+306900000101"},
            "dialPlan": {
                "verbs": [
                    {
                        "type": "SAY",
                        "message": {"text": "Καλημέρα", "language": "el-GR", "gender": "female"},
                        "repeat": 1,
                        "bargeIn": False,
                    },
                    {
                        "type": "PLAY",
                        "fileURL": "http://cdn.acme.test/a.wav",
                        "repeat": 0,
                        "bargeIn": False,
                    },
                ]
            },
            "machineDetection": {"strategy": "Hangup"},
            "callback": {"url": REPORT_URL, "strategy": "OnChange"},
        },
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"phone": "30 6900000101"}, {"phone": "+306900000101"}),
        ({"viber": "+306900000101"}, {"viber": "306900000101"}),
        ({"sip": "sip:1111@pbx.acme.test:5060"}, {"sip": "1111@pbx.acme.test:5060"}),
    ],
)
def test_a_call_goes_to_a_telephone_a_viber_app_or_a_sip_address(
    given: dict[str, str], sent: dict[str, str]
) -> None:
    """Routee's page writes the number of a Viber app without a plus."""
    _, body = _body(request_step({**voice(), "to": given}))
    assert body["to"] == sent


def test_a_kind_of_step_without_a_form_is_not_carried() -> None:
    """Another provider may have one for what is yet to come."""
    unheard_of: Any = object()
    with pytest.raises(CannotCarry):
        ROUTEE.build_request(Outgoing("r.1", unheard_of, "AcmeShop", 90.0, REPORT_URL))


@pytest.mark.parametrize(
    "told",
    [
        {"properties": {"to.phone": "Invalid mobile number"}},
        {"properties": {"flow[0].to": "Invalid mobile number"}},
        {"code": 400005000, "errors": [{"errorCode": "019"}, {"errorCode": "004"}]},
    ],
)
def test_the_recipient_is_blamed_where_the_error_names_it(told: object) -> None:
    """However deep; and by a code that is a number, as some clients read it."""
    answer = HttpAnswer(400, {}, orjson.dumps(told))
    assert ROUTEE.read_answer(answer, Channel.SMS) == UNKNOWN_NUMBER


@pytest.mark.parametrize(
    "told",
    [
        {"properties": {"from": "Invalid sender", "total": "?", "auto": "?"}},
        {"properties": ["to"], "errors": {"errorCode": "004"}},
        {"code": "400005000", "errors": [{"errorCode": "003"}, "004", None]},
        {"code": "400019000", "errors": [{"errorCode": "004"}]},
    ],
)
def test_whatever_else_is_wrong_is_not_the_recipients_fault(told: object) -> None:
    """Another provider may take the same step: its senders are others."""
    answer = HttpAnswer(400, {}, orjson.dumps(told))
    assert ROUTEE.read_answer(answer, Channel.SMS) == REJECTED


@pytest.mark.parametrize("channel", Channel)
def test_a_refused_number_ends_the_step_on_every_channel(channel: Channel) -> None:
    """A call cannot be Undelivered: its step would wait for its guard."""
    assert rises(channel, False, Status.QUEUED, UNKNOWN_NUMBER.status)
    assert not UNKNOWN_NUMBER.our_fault


def test_a_report_on_a_part_says_which_of_how_many() -> None:
    """A long Sms is delivered when its last part is."""
    told = recorded(SAMPLES / "routee" / REPORTED[Channel.SMS])
    assert ROUTEE.read_reports(told) == (
        StatusWord(
            Status.DELIVERED, "Delivered", "6a1a5c1e-3f0b-4c57-9d1c-2f6e1b7d4a10", part=2, parts=3
        ),
    )


def test_a_report_carries_the_conversations_id_and_the_calls_length() -> None:
    """The id is the one that the answer brought, not the single call's."""
    (told,) = ROUTEE.read_reports(_sample(Channel.VOICE))
    assert told.message_id == "3d9f1c44-7a2e-4e61-8f35-0b6c5d8e7f21"
    assert told.duration == 17


@pytest.mark.parametrize("part", [None, "2", -1, 1e300, True, [], 0])
def test_a_strange_part_is_the_only_one(part: object) -> None:
    """What cannot be counted does not keep a report from being heard."""
    (told,) = ROUTEE.read_reports(_sample(Channel.SMS, part=part, parts=part))
    assert (told.status, told.part, told.parts) == (Status.DELIVERED, 1, 1)


def test_a_reason_is_theirs_and_cut() -> None:
    """It ends in histories."""
    status = {"name": "UNDELIVERED", "reason": {"detailedStatus": "Opted Out" + "!" * 100}}
    (told,) = ROUTEE.read_reports(_sample(Channel.VIBER, status=status))
    assert told.reason == "Opted Out" + "!" * 55


@pytest.mark.parametrize("name", ["InProgress", "In Progress", "IN_PROGRESS", "in-progress"])
def test_a_status_is_known_in_every_spelling(name: str) -> None:
    """Their pages use several."""
    (told,) = ROUTEE.read_reports(_sample(Channel.VOICE, status={"name": name}))
    assert told.status is Status.IN_PROGRESS


@pytest.mark.parametrize("status", [None, "Delivered", {}, {"name": 1}, {"name": ""}, []])
def test_a_report_without_a_status_is_none(status: object) -> None:
    """400: an operator sees that something else is sent to the address."""
    with pytest.raises(ValueError, match="not a report"):
        ROUTEE.read_reports(_sample(Channel.VIBER, status=status))


def _asked(channel: Channel, told: object) -> list[StatusWord]:
    return list(ROUTEE.read_query(HttpAnswer(200, {}, orjson.dumps(told)), channel))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["Delivered", "Delivered", "Delivered"], Status.DELIVERED),
        (["Delivered", "Sent", "Delivered"], Status.SENT),
        (["Queued", "Sent", "Delivered"], Status.QUEUED),
        (["Delivered", "Undelivered", "Sent"], Status.UNDELIVERED),
        (["Delivered", "Teleported", "Failed"], Status.FAILED),
        (["Delivered", "Teleported", "Delivered"], None),
        (["Delivered", "Delivered"], None),
    ],
)
def test_an_sms_that_is_asked_about_is_judged_by_all_its_parts(
    words: list[str], status: Status | None
) -> None:
    """Failed with the first that failed, delivered with the last; a part not shown is not there."""
    parts = [_tracked(word, part=place, parts=3) for place, word in enumerate(words, start=1)]
    told = _asked(Channel.SMS, parts)
    assert [word.status for word in told] == ([status] if status else [])
    assert all((word.part, word.parts) == (1, 1) for word in told)


def test_the_failed_parts_reason_is_the_messages() -> None:
    """Not that of a part that arrived."""
    parts = [_tracked("Delivered", "Delivered"), _tracked("Undelivered", "Call Barred")]
    assert _asked(Channel.SMS, parts) == [StatusWord(Status.UNDELIVERED, "Call Barred")]


def test_a_call_that_is_asked_about_has_its_length() -> None:
    """From the conversation's page of calls."""
    page = {"content": [_tracked("Completed", duration=17)]}
    assert _asked(Channel.VOICE, page) == [StatusWord(Status.COMPLETED, "Completed", duration=17)]


@pytest.mark.parametrize("told", [{"content": []}, {"content": None}, [1, None], {"status": []}])
@pytest.mark.parametrize("channel", Channel)
def test_an_answer_that_says_nothing_is_no_news(channel: Channel, told: object) -> None:
    """Whatever its shape."""
    assert _asked(channel, told) == []


def test_an_id_cannot_lead_elsewhere() -> None:
    """It is Routee's word, and becomes part of an address."""
    query = ROUTEE.build_query("../a?b#c", "r.1", Channel.SMS)
    assert query.url == "https://connect.routee.net/sms/tracking/single/..%2Fa%3Fb%23c"


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "connect.routee.net"},
        {"token_url": "ftp://x"},
        {"rate": "fast"},
        {"user": "x"},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changed: dict[str, str]) -> None:
    """At the start, and without showing what was given."""
    with pytest.raises(ValidationError) as refused:
        Config.model_validate({**CONFIG, **changed})
    assert SECRET not in str(refused.value)


def test_a_message_is_never_sent_twice_for_an_answer() -> None:
    """Routee has no reference of ours to know a repetition by."""
    assert not ROUTEE.capabilities.deduplicates
    assert ROUTEE.build_request(outgoing(Content.SMS)).body.find(b"0f7a9c66") == -1
