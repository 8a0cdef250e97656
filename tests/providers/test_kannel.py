"""Kannel keeps the providers' contract; and what is Kannel's own."""

from urllib.parse import unquote

import pytest

from domain.status import Channel, Status
from providers.base import Content, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.kannel import STATUSES, UNDELIVERED, Config, Kannel
from providers.outcomes import REJECTED, Accepted, CannotCarry
from tests.providers.contract import REPORT_URL, Case, ProviderContract, outgoing

SECRET = "kannel-secret"
CONFIG = {"url": "http://127.0.0.1:13013/", "username": "failover", "password": SECRET}
KANNEL = Kannel(Config.model_validate(CONFIG))

ANSWERED = "id:0 sub:001 dlvrd:000 submit date:2611241830 done date:2611241831 stat:{} err:000"
"""What an SMSC says in a receipt, as Kannel hands it on in %A."""


def _report(word: str, channel: Channel) -> RawReport:
    code, _, said = word.partition(" ")
    answer = ANSWERED.format(said).replace(" ", "%20") if said else ""
    query = f"?status={code}&answer={answer}"
    return RawReport({}, b"", REPORT_URL + query, method="GET")


def _validity(request: HttpRequest, content: Content) -> float:
    return 60.0 * int(request.headers["x-kannel-validity"])


class TestKannel(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """Kannel's."""
        undelivered = {f"2 {said}".strip(): word for said, word in UNDELIVERED.items()}
        return Case(
            provider=KANNEL,
            accepted={Channel.SMS: (202, b"0: Accepted for delivery", "")},
            refused=[
                (403, b"Authorization failed for sendsms", REJECTED),
                (400, b"Invalid dlr-mask or dlr-url", REJECTED),
            ],
            words={Channel.SMS: {**STATUSES, **undelivered}},
            report=_report,
            validity=_validity,
            text=lambda request, _: request.body.decode(),
            secrets=[SECRET],
            unreadable=(b"", b"{", b"null", b"\xff", b"1: Something else"),
        )


def test_what_waits_for_an_smsc_is_accepted() -> None:
    """«Queued for later delivery»: Kannel has it."""
    answer = HttpAnswer(202, {}, b"3: Queued for later delivery")
    assert KANNEL.read_answer(answer, Channel.SMS) == Accepted()


def test_the_report_address_has_nothing_that_kannel_would_fill_in() -> None:
    """But what it is meant to."""
    address = outgoing(Content.SMS)
    url = KANNEL.build_request(address).headers["x-kannel-dlr-url"]
    assert url == f"{REPORT_URL}?status=%d&answer=%A"
    assert unquote(url).startswith(REPORT_URL)


@pytest.mark.parametrize(("text", "coding"), [("Ready €5", "0"), ("Έτοιμο", "2")])
def test_the_coding_is_what_the_parts_were_counted_by(text: str, coding: str) -> None:
    """Else Kannel would replace what its default alphabet lacks."""
    request = KANNEL.build_request(outgoing(Content.SMS, text=text))
    assert request.headers["x-kannel-coding"] == coding
    assert request.headers["content-type"] == "text/plain; charset=UTF-8"
    assert request.body.decode() == text


def test_more_parts_than_kannel_sends_are_not_carried() -> None:
    """It would cut the text, and say 202."""
    config = Config.model_validate({**CONFIG, "longest": 2})
    Kannel(config).build_request(outgoing(Content.SMS, text="x" * 306))
    with pytest.raises(CannotCarry):
        Kannel(config).build_request(outgoing(Content.SMS, text="x" * 307))


def test_a_refusal_of_the_smsc_is_told_apart_by_its_code() -> None:
    """16: it never took the message."""
    report = RawReport({}, b"", f"{REPORT_URL}?status=16&answer=NACK%2F0x0000000b", method="GET")
    assert KANNEL.read_reports(report) == (StatusWord(Status.FAILED, "Message Rejected"),)


@pytest.mark.parametrize("why", ["no+SMSC", "receiver+in+black-list"])
def test_what_kannel_would_not_route_is_no_news(why: str) -> None:
    """The request was answered 403, so that the next provider has the step."""
    report = RawReport({}, b"", f"{REPORT_URL}?status=16&answer=NACK%2F{why}", method="GET")
    assert KANNEL.read_reports(report) == ()


def test_what_waited_too_long_for_its_smsc_has_expired() -> None:
    """Kannel took it, and gave it up when its validity was over."""
    query = "?status=16&answer=NACK%2Fvalidity+expired"
    report = RawReport({}, b"", REPORT_URL + query, method="GET")
    assert KANNEL.read_reports(report) == (UNDELIVERED["EXPIRED"],)
