"""Infobip keeps the providers' contract; and what is Infobip's own."""

import contextlib
import json
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.status import SUCCESSES, UNDER_WAY, Channel, Status, ladder
from providers.base import BadReport, Content, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.infobip_statuses import FOR_THE_RECIPIENT, SEEN, STATUSES
from providers.outcomes import REJECTED, Accepted, MaybeSent, Refused
from tests.providers.contract import (
    REFERENCE,
    REPORT_URL,
    SAMPLES,
    Case,
    ProviderContract,
    recorded,
)
from tests.providers.infobip import INFOBIP, SECRET, body_of, message_of


def _words(channel: Channel) -> Mapping[str, StatusWord]:
    """By `group:status:error`; a message that was read has a word of its own."""
    table = STATUSES[channel]
    seen = {"seen": SEEN} if channel is Channel.VIBER else {}
    return {
        **{f"0:{each}:0": word for each, word in table.statuses.items()},
        **{f"{each}:999:0": word for each, word in table.groups.items()},
        **{f"2:9:{each}": word for each, word in table.errors.items()},
        **seen,
    }


def _told(word: str, channel: Channel) -> bytes:
    result: dict[str, Any] = {"messageId": REFERENCE, "callbackData": str(channel)}
    if word == "seen":
        result = {"messageId": REFERENCE, "seenAt": "2026-11-24T18:31:10.251+0000"}
    elif word == "teleported":
        result["status"] = {"groupId": 9, "groupName": "BEAMED", "id": 999, "name": word}
    else:
        group, status, error = map(int, word.split(":"))
        result |= {"status": {"groupId": group, "id": status}, "error": {"id": error}}
    return json.dumps({"results": [result]}).encode()


def _validity(request: HttpRequest, content: Content) -> float:
    message = message_of(body_of(request))
    if content is Content.CALL:
        return 60.0 * int(message["validityPeriod"])
    assert message["options"]["validityPeriod"]["timeUnit"] == "SECONDS"
    return float(message["options"]["validityPeriod"]["amount"])


def _text(request: HttpRequest, content: Content) -> str:
    message = message_of(body_of(request))
    if content is Content.CALL:
        return _heard(message["text"])
    if content is Content.TEMPLATE:
        return str(message["content"]["parameters"]["customer_name"])
    return str(message["content"]["text"])


def _heard(text: str) -> str:
    """What a reader of SSML reads out: it must be text alone."""
    if not text.startswith("<speak>"):
        assert "<" not in text
        assert "&" not in text
        return text
    inner = text.removeprefix("<speak>").removesuffix("</speak>")
    assert "<" not in inner
    return unescape(inner)


def _answer(group: int, status: int, name: str = "") -> bytes:
    told = {"groupId": group, "groupName": "", "id": status, "name": name, "description": ""}
    return json.dumps({"messages": [{"messageId": REFERENCE, "status": told}]}).encode()


def _read(body: bytes, channel: Channel = Channel.SMS) -> object:
    return INFOBIP.read_answer(HttpAnswer(200, {}, body), channel)


class TestInfobip(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Infobip's."""
        accepted = (200, _answer(1, 26, "PENDING_ACCEPTED"), REFERENCE)
        blocked = Refused(Status.FAILED, "Message Rejected")
        return Case(
            provider=INFOBIP,
            accepted=dict.fromkeys(Channel, accepted),
            refused=[
                (
                    401,
                    b'{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED"}}}',
                    REJECTED,
                ),
                (
                    400,
                    b'{"errorCode":"E400","description":"Request cannot be processed."}',
                    REJECTED,
                ),
                (200, _answer(5, 6, "REJECTED_NETWORK"), REJECTED),
                (200, _answer(5, 12, "REJECTED_NOT_ENOUGH_CREDITS"), REJECTED),
                (200, _answer(5, 19, "REJECTED_ROUTE_NOT_AVAILABLE"), REJECTED),
                (200, _answer(5, 100, "UNDELIVERABLE_REJECTED_PLATFORM"), REJECTED),
                (200, _answer(5, 14, "REJECTED_DESTINATION_BLOCKLISTED"), blocked),
                (200, _answer(5, 87, "SIGNALS_BLOCKED"), blocked),
            ],
            words={channel: _words(channel) for channel in Channel},
            report=lambda word, channel: RawReport({}, _told(word, channel), REPORT_URL),
            validity=_validity,
            text=_text,
            secrets=[SECRET],
            queried=_told,
        )


def test_an_id_that_was_there_already_means_that_the_first_was_accepted() -> None:
    """Infobip refuses the repetition; to us it is the message's accept."""
    for channel in Channel:
        assert _read(_answer(5, 23, "REJECTED_DUPLICATE_MESSAGE_ID"), channel) == Accepted(
            REFERENCE
        )


def test_a_refused_repetition_is_no_news_of_the_message() -> None:
    """Its report bears the id of the message that was accepted."""
    for channel in Channel:
        report = RawReport({}, _told("5:23:0", channel), REPORT_URL)
        assert list(INFOBIP.read_reports(report)) == []
        assert not INFOBIP.read_query(HttpAnswer(200, {}, report.body), channel)


@pytest.mark.parametrize("status", sorted(FOR_THE_RECIPIENT))
def test_a_refusal_for_the_numbers_sake_is_no_fault_of_ours(status: int) -> None:
    """Another provider would come to the same number."""
    for channel in Channel:
        refusal = _read(_answer(5, status), channel)
        assert isinstance(refusal, Refused)
        assert not refusal.our_fault


def test_a_status_of_no_known_group_may_have_been_taken() -> None:
    """It is noted, and nothing is concluded from it."""
    assert _read(_answer(9, 999, "BEAMED")) == MaybeSent("unknown status")
    assert _read(_answer(9, 5, "DELIVERED_TO_HANDSET")) == MaybeSent("unknown status")


def test_the_operator_having_it_is_not_yet_delivery() -> None:
    """DELIVERED_TO_OPERATOR is of the group DELIVERED, and not final."""
    told = INFOBIP.read_reports(recorded(SAMPLES / "infobip" / "report-Sent-operator.json"))
    assert [word.status for word in told] == [Status.SENT]


def test_an_unknown_status_of_the_group_delivered_is_no_delivery() -> None:
    """The group's two statuses mean two things; a third could mean either."""
    for channel in Channel:
        report = RawReport({}, _told("3:999:0", channel), REPORT_URL)
        assert list(INFOBIP.read_reports(report)) == []


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (Channel.SMS, StatusWord(Status.UNDELIVERED, "Expired", REFERENCE)),
        (Channel.VIBER, StatusWord(Status.EXPIRED, "TTL Expired", REFERENCE)),
        (Channel.VOICE, StatusWord(Status.FAILED, "Timed Out", REFERENCE)),
    ],
)
def test_what_expired_is_told_in_the_channels_own_words(
    channel: Channel, expected: StatusWord
) -> None:
    """An Sms has no status Expired; the report says its channel by what we gave it to carry."""
    report = RawReport({}, _told("4:15:0", channel), REPORT_URL)
    assert list(INFOBIP.read_reports(report)) == [expected]


def test_a_voicemail_has_not_answered() -> None:
    """Machine detection says who did; hung up on, the call is delivered for Infobip."""
    for sample in ("machine", "detected"):
        path = SAMPLES / "infobip" / f"report-NoAnswer-{sample}.json"
        told = INFOBIP.read_reports(recorded(path))
        assert told == (StatusWord(Status.NO_ANSWER, "Answering Machine", REFERENCE, duration=5),)


def test_a_call_says_how_long_it_lasted() -> None:
    """In its report and, elsewhere, in its log."""
    (told,) = INFOBIP.read_reports(recorded(SAMPLES / "infobip" / "report-Completed-human.json"))
    assert told.duration == 14
    log = {"status": {"groupId": 3, "id": 5}, "error": {"id": 5000}, "duration": 14}
    answer = HttpAnswer(200, {}, json.dumps({"results": [log]}).encode())
    assert [word.duration for word in INFOBIP.read_query(answer, Channel.VOICE)] == [14]


def test_a_report_that_lost_its_channel_is_read_as_one_of_an_sms() -> None:
    """Its words stand on every ladder but the calls', whose reports tell themselves apart."""
    bare = b'{"results":[{"status":{"groupId":2,"id":9}}]}'
    (told,) = INFOBIP.read_reports(RawReport({}, bare, REPORT_URL))
    assert told.status is Status.UNDELIVERED
    call = b'{"results":[{"status":{"groupId":2,"id":97},"voiceCall":null}]}'
    (told,) = INFOBIP.read_reports(RawReport({}, call, REPORT_URL))
    assert told.status is Status.BUSY


def test_many_reports_in_one_request_are_all_read() -> None:
    """An unknown one among them hides no other."""
    results = [
        {"messageId": "a", "status": {"groupId": 9, "id": 999}},
        {"messageId": "b", "status": {"groupId": 3, "id": 5}},
        {"messageId": "c", "seenAt": "2026-11-24T18:31:10.251+0000"},
    ]
    report = RawReport({}, json.dumps({"results": results}).encode(), REPORT_URL)
    told = [(word.message_id, word.status) for word in INFOBIP.read_reports(report)]
    assert told == [("b", Status.DELIVERED), ("c", Status.SEEN)]


def test_every_failures_word_is_final_and_of_its_channel() -> None:
    """No error makes a failure something that the step would go on waiting with."""
    for table in STATUSES.values():
        assert not {word.status for word in table.errors.values()} & (UNDER_WAY | SUCCESSES)


def test_it_is_asked_by_our_reference() -> None:
    """In the logs: reports are told once only, and not at all where they were posted."""
    paths = {
        Channel.SMS: "/sms/3/logs",
        Channel.VIBER: "/viber/2/logs",
        Channel.VOICE: "/tts/3/logs",
    }
    for channel, path in paths.items():
        url = urlsplit(INFOBIP.build_query("theirs", REFERENCE, channel).url)
        assert (url.path, parse_qs(url.query)) == (path, {"messageId": [REFERENCE]})


VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 3, 5, 23, 2**63]) | st.sampled_from(["Viber"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id"]), inner),
    max_leaves=3,
)
CODED = st.fixed_dictionaries({}, optional={"groupId": VALUES, "id": VALUES, "name": VALUES})
MESSAGE = st.fixed_dictionaries(
    {"status": CODED | VALUES},
    optional={
        "messageId": VALUES,
        "error": CODED | VALUES,
        "voiceCall": VALUES
        | st.fixed_dictionaries({}, optional={"answeredBy": VALUES, "duration": VALUES}),
        "callbackData": VALUES,
        "seenAt": VALUES,
    },
)


@example([{"status": {"groupId": {}, "id": 5}}])
@given(st.lists(MESSAGE | VALUES, min_size=1, max_size=2))
def test_whatever_is_said_is_read_or_said_to_be_unreadable(told: list[Any]) -> None:
    """Each member may be missing, or of any kind; what is read is of some channel's ladder."""
    body = json.dumps({"results": told, "messages": told}).encode()
    with contextlib.suppress(BadReport):
        for word in INFOBIP.read_reports(RawReport({}, body, REPORT_URL)):
            assert any(word.status in ladder(channel) for channel in Channel)
    for channel in Channel:
        answer = INFOBIP.read_answer(HttpAnswer(200, {}, body), channel)
        assert isinstance(answer, Accepted | Refused | MaybeSent)
        assert INFOBIP.read_query(HttpAnswer(200, {}, body), channel) is not None
