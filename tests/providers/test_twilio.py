"""Twilio keeps the providers' contract; and what is Twilio's own."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from domain.status import Channel, Status
from providers.base import BadReport, Content, Outgoing, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, CannotCarry, MaybeSent, Refused
from providers.twilio import CALLS, ERRORS, MESSAGES, NOBODY, REFUSALS, Config, Twilio
from tests.providers.contract import REPORT_URL, Case, ProviderContract, outgoing
from tests.providers.test_twiml import read
from tests.samples import request_step, sms, voice

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
MESSAGE = "SM0123456789abcdef0123456789abcdef"
CALL = "CA0123456789abcdef0123456789abcdef"
TOKEN = "auth-token-of-a-test"
SECRET = "api-key-secret-of-a-test"
CONFIG = {
    "account_sid": ACCOUNT,
    "api_key_sid": "SK0123456789abcdef0123456789abcdef",
    "api_key_secret": SECRET,
    "auth_token": TOKEN,
}
VALIDATOR = RequestValidator(TOKEN)


def twilio(**changed: str | None) -> Twilio:
    """Twilio, set up that way."""
    return Twilio(Config.model_validate({**CONFIG, **changed}))


TWILIO = twilio()


def form(request: HttpRequest) -> dict[str, str]:
    """The request's form."""
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def signed(fields: dict[str, str], url: str = REPORT_URL) -> RawReport:
    """A report as it arrives, signed by Twilio's own SDK."""
    signature = VALIDATOR.compute_signature(url, fields)
    return RawReport({"x-twilio-signature": signature}, urlencode(fields).encode(), url)


def _report(word: str, channel: Channel) -> RawReport:
    status, _, detail = word.partition(" ")
    if channel is Channel.VOICE:
        answered = {"AnsweredBy": detail} if detail else {}
        return signed({"CallSid": CALL, "CallStatus": status, "CallDuration": "12", **answered})
    error = {"ErrorCode": detail} if detail else {}
    return signed({"MessageSid": MESSAGE, "MessageStatus": status, **error})


def _queried(word: str, channel: Channel) -> bytes:
    status, _, detail = word.partition(" ")
    if channel is Channel.VOICE:
        call = {"sid": CALL, "status": status, "answered_by": detail or None, "duration": "12"}
        return json.dumps(call).encode()
    error = int(detail) if detail else None
    return json.dumps({"sid": MESSAGE, "status": status, "error_code": error}).encode()


def _validity(request: HttpRequest, content: Content) -> float | None:
    return float(form(request)["ValidityPeriod"]) if content is Content.SMS else None


def _text(request: HttpRequest, content: Content) -> str:
    if content is Content.SMS:
        return form(request)["Body"]
    (say,) = read(form(request)["Twiml"])
    assert say.tag == "Say"
    return say.text or ""


def _refusal(code: int, status: int = 400) -> bytes:
    page = f"https://www.twilio.com/docs/errors/{code}"
    return json.dumps({"code": code, "message": "", "more_info": page, "status": status}).encode()


class TestTwilio(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Twilio's."""
        failed = {
            f"{word} {code}": meaning
            for word in ("undelivered", "failed")
            for code, meaning in ERRORS.items()
        }
        machines = ("machine_start", "machine_end_beep", "machine", "fax")
        answered = {f"completed {machine}": NOBODY for machine in machines}
        people = {f"completed {other}": CALLS["completed"] for other in ("human", "unknown")}
        return Case(
            provider=TWILIO,
            accepted={
                Channel.SMS: (201, json.dumps({"sid": MESSAGE}).encode(), MESSAGE),
                Channel.VOICE: (201, json.dumps({"sid": CALL}).encode(), CALL),
            },
            refused=[(400, _refusal(int(code)), meaning) for code, meaning in REFUSALS.items()]
            + [
                (401, _refusal(20003, 401), REJECTED),
                (403, _refusal(21408, 403), REJECTED),
                (400, _refusal(21606), REJECTED),
                (400, _refusal(21612), REJECTED),
                (400, _refusal(21215), REJECTED),
            ],
            words={
                Channel.SMS: {**MESSAGES, **failed, "undelivered 30006": MESSAGES["undelivered"]},
                Channel.VOICE: {**CALLS, **answered, **people},
            },
            report=_report,
            validity=_validity,
            text=_text,
            secrets=[SECRET, TOKEN],
            signs=True,
            queried=_queried,
        )


# --- requests ---


def test_a_message_says_what_twilio_needs_to_know_and_nothing_else() -> None:
    """The fields' names and forms are Twilio's."""
    request = TWILIO.build_request(outgoing(Content.SMS, validity=90.7))
    assert request.url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert form(request) == {
        "To": "+306900000101",
        "From": "AcmeShop",
        "Body": "Parcel 7731",
        "SmartEncoded": "false",
        "ValidityPeriod": "90",
        "StatusCallback": REPORT_URL,
    }


def test_a_call_says_what_twilio_needs_to_know_and_nothing_else() -> None:
    """Without StatusCallbackEvent: the default reports every end, and no more."""
    request = TWILIO.build_request(a_call())
    assert request.url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    say = '<Say language="en-GB" voice="Polly.Amy" loop="1">Your parcel is ready</Say>'
    assert form(request) == {
        "To": "+306900000101",
        "From": "+302310000222",
        "Twiml": f"<Response>{say}</Response>",
        "StatusCallback": REPORT_URL,
    }


def a_call(sender: str = "302310000222", **members: Any) -> Outgoing:
    """A call on its way out."""
    return Outgoing("r.1", request_step({**voice(), **members}), sender, 900.0, REPORT_URL)


def an_sms(sender: str = "AcmeShop", validity: float = 90.0, **message: Any) -> Outgoing:
    """An Sms on its way out."""
    step = request_step(sms(message={"body": "Hello", **message}))
    return Outgoing("r.1", step, sender, validity, REPORT_URL)


@pytest.mark.parametrize(
    ("sender", "written"),
    [("302310000222", "+302310000222"), ("54321", "54321"), ("Acme Shop", "Acme Shop")],
)
def test_a_number_is_written_as_e164_and_a_name_or_short_code_as_it_is(
    sender: str, written: str
) -> None:
    """Our clients write numbers without their plus."""
    assert form(TWILIO.build_request(an_sms(sender)))["From"] == written


def test_a_messaging_service_picks_the_sender() -> None:
    """That is what it is for; so `From` is left out."""
    service = "MG0123456789abcdef0123456789abcdef"
    fields = form(twilio(messaging_service_sid=service).build_request(an_sms()))
    assert fields["MessagingServiceSid"] == service
    assert "From" not in fields


@pytest.mark.parametrize(("left", "told"), [(1.0, "1"), (36000.9, "36000"), (86400.0, "36000")])
def test_the_validity_is_what_twilio_can_be_told(left: float, told: str) -> None:
    """1 to 36000 seconds."""
    assert form(TWILIO.build_request(an_sms(validity=left)))["ValidityPeriod"] == told


def test_a_text_longer_than_twilio_sends_is_not_carried() -> None:
    """1600 characters, of which an emoji is two."""
    TWILIO.build_request(an_sms(body="x" * 1600))
    TWILIO.build_request(an_sms(body="😀" * 800))
    for text in ("x" * 1601, "😀" * 801):
        with pytest.raises(CannotCarry):
            TWILIO.build_request(an_sms(body=text))


def test_a_flash_message_is_not_carried() -> None:
    """Twilio would store it in the telephone: that is another message."""
    with pytest.raises(CannotCarry):
        TWILIO.build_request(an_sms(flash=True))


def test_a_sip_address_is_called() -> None:
    """By its scheme, and from a name if need be."""
    target = {"sip": "1111@pbx.acme.test:5061"}
    fields = form(TWILIO.build_request(a_call("AcmeShop", to=target)))
    assert (fields["To"], fields["From"]) == ("sip:1111@pbx.acme.test:5061", "AcmeShop")


@pytest.mark.parametrize(
    "call",
    [
        a_call(to={"viber": "306900000101"}),
        a_call("AcmeShop"),
        a_call(machineDetection={"strategy": "Continue", "eventUrl": "https://acme.test/continue"}),
    ],
    ids=["Viber's app", "from a name", "another dial plan"],
)
def test_a_call_that_twilio_does_not_make_is_not_carried(call: Outgoing) -> None:
    """Another provider may."""
    with pytest.raises(CannotCarry):
        TWILIO.build_request(call)


def test_machines_are_detected_where_a_machine_ends_the_call() -> None:
    """Its answer is read from the report."""
    fields = form(TWILIO.build_request(a_call(machineDetection={"strategy": "Hangup"})))
    assert fields["MachineDetection"] == "Enable"


# --- answers ---


def test_a_country_that_the_account_may_not_reach_is_no_fault_of_the_recipient() -> None:
    """Another provider's account may well reach it."""
    answer = TWILIO.read_answer(HttpAnswer(403, {}, _refusal(21408, 403)), Channel.SMS)
    assert isinstance(answer, Refused)
    assert answer.our_fault


def test_who_opted_out_is_not_tried_by_another_provider() -> None:
    """STOP means us, not Twilio."""
    answer = TWILIO.read_answer(HttpAnswer(400, {}, _refusal(21610)), Channel.SMS)
    assert isinstance(answer, Refused)
    assert not answer.our_fault


@pytest.mark.parametrize("body", [b"{}", b'{"sid": null}', b'{"sid": ""}', b'{"sid": 7}'])
def test_an_accept_without_an_id_is_maybe_sent(body: bytes) -> None:
    """Something was taken; who knows what."""
    assert isinstance(TWILIO.read_answer(HttpAnswer(201, {}, body), Channel.SMS), MaybeSent)


# --- reports ---


def test_a_call_report_tells_seconds_not_minutes() -> None:
    """`Duration` is in minutes, `CallDuration` in seconds."""
    fields = {"CallSid": CALL, "CallStatus": "completed", "Duration": "1", "CallDuration": "42"}
    (told,) = TWILIO.read_reports(signed(fields))
    assert told == StatusWord(Status.COMPLETED, "Completed", CALL, duration=42)


@pytest.mark.parametrize("duration", ["", "-1", "4.2", "9" * 12, "four"])
def test_a_duration_that_is_none_is_left_out(duration: str) -> None:
    """The status counts all the same."""
    fields = {"CallSid": CALL, "CallStatus": "completed", "CallDuration": duration}
    (told,) = TWILIO.read_reports(signed(fields))
    assert told == StatusWord(Status.COMPLETED, "Completed", CALL)


def test_a_form_of_endless_fields_is_no_report() -> None:
    """Neither believed nor read."""
    body = b"MessageStatus=sent" + b"&a=b" * 1000
    report = RawReport({"x-twilio-signature": "x"}, body, REPORT_URL)
    assert not TWILIO.verify_report(report)
    with pytest.raises(BadReport):
        TWILIO.read_reports(report)


# --- signatures: Twilio's SDK is the oracle ---

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
FORMS = st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=40), max_size=8)
PATHS = st.text("abcXYZ019-._~/", max_size=30)
QUERIES = st.sampled_from(["", "?a=1", "?b=%20x&a=&a=2", "?q=%CE%B1"])
PORTS = st.sampled_from(["", ":80", ":443", ":8443"])
HOSTS = st.sampled_from(["failover.example.com", "localhost", "10.0.0.7"])
URLS = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{path}{query}",
    st.sampled_from(["https", "http"]), HOSTS, PORTS, PATHS, QUERIES,
)  # fmt: skip


@given(URLS, FORMS, st.sampled_from(["as it is", "bare", "with a port"]))
def test_what_twilios_sdk_signs_is_believed(url: str, fields: dict[str, str], how: str) -> None:
    """Whether Twilio signed the address as it was given, without a port or with one."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    bare, _, port = host.partition(":")
    port = port or {"https": "443", "http": "80"}[scheme]
    netloc = {"as it is": host, "bare": bare, "with a port": f"{bare}:{port}"}[how]
    report = signed(fields, f"{scheme}://{netloc}/{path}")
    assert TWILIO.verify_report(replace(report, url=url))
    assert VALIDATOR.validate(url, fields, report.headers["x-twilio-signature"])


@given(URLS, FORMS, URLS, FORMS)
def test_what_twilios_sdk_does_not_believe_we_do_not(
    url: str, fields: dict[str, str], called: str, received: dict[str, str]
) -> None:
    """Another address, another field: the SDK and we say the same of both."""
    signature = VALIDATOR.compute_signature(url, fields)
    header = {"x-twilio-signature": signature}
    ours = TWILIO.verify_report(RawReport(header, urlencode(received).encode(), called))
    assert ours is VALIDATOR.validate(called, received, signature)


@given(URLS, FORMS, NAMES)
def test_a_changed_report_is_not_believed(url: str, fields: dict[str, str], extra: str) -> None:
    """Neither an added field, nor a changed one, nor another address, nor another key."""
    report = signed(fields, url)
    added = {**fields, f"{extra}x": "delivered"}
    changed = {name: value + "x" for name, value in fields.items()}
    for forged in [added] + ([changed] if fields else []):
        body = urlencode(forged).encode()
        assert not TWILIO.verify_report(replace(report, body=body))
    assert not TWILIO.verify_report(replace(report, url=f"{url}x"))
    assert not twilio(auth_token="another").verify_report(report)


def test_a_field_that_comes_twice_is_signed_as_twilio_does() -> None:
    """Each of its values once, in their order."""

    class Several(dict[str, list[str]]):
        def getall(self, name: str) -> list[str]:
            return self[name]

    signature = VALIDATOR.compute_signature(REPORT_URL, Several(a=["2", "1", "2"], b=["3"]))
    report = RawReport({"x-twilio-signature": signature}, b"b=3&a=2&a=1&a=2", REPORT_URL)
    assert TWILIO.verify_report(report)


@pytest.mark.parametrize("given_signature", ["", "ÿ", "=" * 28])
def test_a_signature_that_is_none_is_not_believed(given_signature: str) -> None:
    """Whatever its characters."""
    report = replace(signed({"a": "b"}), headers={"x-twilio-signature": given_signature})
    assert not TWILIO.verify_report(report)


def test_without_an_auth_token_the_address_is_the_proof() -> None:
    """Its token is ours, and nobody else's."""
    assert twilio(auth_token=None).verify_report(RawReport({}, b"", REPORT_URL))


# --- settings ---


async def _nobody(_: object) -> dict[str, Any]:
    raise AssertionError("a login needs no token")


@pytest.mark.parametrize(
    ("changed", "login"),
    [
        ({}, (CONFIG["api_key_sid"], SECRET)),
        ({"api_key_sid": None, "api_key_secret": None}, (ACCOUNT, TOKEN)),
    ],
    ids=["API key", "auth token"],
)
async def test_an_api_key_signs_in_and_else_the_account_itself(
    changed: dict[str, None], login: tuple[str, str]
) -> None:
    """Twilio takes both."""
    assert Config.model_validate({**CONFIG, **changed}).login == login
    headers = await twilio(**changed).credentials.headers(_nobody)
    assert headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "changed",
    [
        {"account_sid": "AC123"},
        {"api_key_secret": None},
        {"api_key_sid": None},
        {"api_key_sid": None, "api_key_secret": None, "auth_token": None},
        {"base_url": "api.twilio.com"},
        {"messaging_service_sid": "SM0123456789abcdef0123456789abcdef"},
    ],
)
def test_settings_that_cannot_work_are_refused(changed: dict[str, str | None]) -> None:
    """At the start, not at the first message."""
    with pytest.raises(ValidationError) as refused:
        Config.model_validate({**CONFIG, **changed})
    assert TOKEN not in str(refused.value)


def test_settings_hide_their_secrets() -> None:
    """Where they are printed."""
    config = Config.model_validate(CONFIG)
    assert isinstance(config.auth_token, SecretStr)
    assert SECRET not in repr(config)
