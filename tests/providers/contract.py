"""What every provider must do; each provider's test module hands over its case.

A provider's raw samples stand in `samples/<name>/`: what it answers and reports, as it arrives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_plus

import pytest

from domain.flow import Kind
from domain.status import SUCCESSES, UNDER_WAY, Channel, Status
from domain.steps import RequestStep
from providers.base import BadReport, Content, Outgoing, Provider, Replying, StatusWord
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.http import _judged
from providers.outcomes import Accepted, CannotCarry, MaybeSent, NotSent, Refused
from tests.counting import counting
from tests.providers.abilities import Ability, needed, needs, skip_without
from tests.samples import request_step, sms, viber, viber_message, voice

REFERENCE = "0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77.1"
REPORT_URL = "https://failover.example.com/reports/x/v1.k1.payload-_x.mac"

NOW = 1_795_000_000.0
"""When the contract's steps go out, in seconds since the epoch."""

SAMPLES = Path(__file__).parent / "samples"

HOSTILE = """Bill & Co <b>"7731"</b></Say><Dial>+881</Dial>'%0a%d &amp; </speak>"""
"""What breaks out of a text that was not escaped."""


def step_of(content: Content, text: str = "Parcel 7731 is ready", **members: Any) -> RequestStep:
    """A request step with that kind of content, its text where it has one."""
    match content:
        case Content.SMS:
            return request_step(sms(message={"body": text}, **members))
        case Content.TEMPLATE:
            params = {"customer_name": text, "order_id": "7731"}
            return request_step(viber(templateParams=params, **members))
        case Content.TEXT:
            return request_step(viber_message(message={"text": text}, **members), Kind.STANDARD)
        case Content.RICH:
            image = "https://cdn.acme.test/p.png"
            button = {"caption": "Track", "targetUrl": "https://acme.test/t/7731"}
            message = {"text": text, "imageUrl": image, "action": button}
            return request_step(viber_message(message=message, **members), Kind.STANDARD)
        case Content.CALL:
            say = {"type": "SAY", "message": {"language": "en-GB", "text": text}}
            return request_step(voice(dialPlan={"verbs": [say]}, **members))


def outgoing(content: Content, validity: float = 90.0, text: str = "Parcel 7731") -> Outgoing:
    """A step with that content on its way out; telephones are called from numbers."""
    step = step_of(content, text)
    sender = "302310000222" if content is Content.CALL else "AcmeShop"
    return Outgoing(REFERENCE, step, sender, validity, REPORT_URL, NOW + validity)


@dataclass(frozen=True)
class Case:
    """A provider, and how it says things.

    `accepted`: for each channel the status and body of an accept, and the id in it. `refused`:
    answers that refuse, and what each means. `words`: for each channel every status word, and what
    it means; `report` makes a report of such a word as it arrives, genuinely signed where the
    provider signs. `validity` finds in a request the seconds that its message may take, `text` what
    the recipient will read or hear. `secrets`: what must be seen nowhere.
    """

    provider: Provider
    accepted: Mapping[Channel, tuple[int, bytes, str]]
    refused: Sequence[tuple[int, bytes, Refused]]
    words: Mapping[Channel, Mapping[str, StatusWord]]
    report: Callable[[str, Channel], RawReport]
    validity: Callable[[HttpRequest, Content], float | None]
    text: Callable[[HttpRequest, Content], str]
    secrets: Sequence[str] = ()
    signs: bool = False
    queried: Callable[[str, Channel], bytes] | None = None
    unreadable: Sequence[bytes] = field(default=(b"", b"{", b"[]", b"null", b'"x"', b"\xff"))

    @property
    def contents(self) -> Sequence[Content]:
        """What the provider carries, in one order."""
        return [each for each in Content if each in self.provider.capabilities.contents]

    @property
    def channels(self) -> Sequence[Channel]:
        """The channels that it serves, in one order."""
        return [each for each in Channel if each in self.provider.capabilities.channels]

    def request(self, content: Content, **changed: object) -> HttpRequest:
        """The request for that content."""
        return self.provider.build_request(outgoing(content, **changed))  # type: ignore[arg-type]


def recorded(path: Path) -> RawReport:
    """A report of the samples: what arrived as a body, or as the query of a GET."""
    if path.suffix == ".query":
        return RawReport({}, b"", f"{REPORT_URL}?{path.read_text('ascii')}", method="GET")
    return RawReport({}, path.read_bytes(), REPORT_URL)


class ProviderContract:
    """Inherit, and give `case` as a fixture; a case is skipped for what it `needs` alone."""

    @pytest.fixture(autouse=True)
    def _able(self, request: pytest.FixtureRequest, case: Case) -> None:
        skip_without(needed(request.function), case.provider.capabilities)

    def test_the_request_is_the_same_on_every_attempt(self, case: Case) -> None:
        """Building it has no clock and no chance in it."""
        for content in case.contents:
            assert case.request(content) == case.request(content)

    def test_the_report_address_goes_out(self, case: Case) -> None:
        """By it a report finds its step."""
        for content in case.contents:
            assert REPORT_URL in _written(case.request(content))

    @needs(Ability.DEDUPLICATES)
    def test_the_reference_goes_out(self, case: Case) -> None:
        """By it a repetition finds its message."""
        for content in case.contents:
            assert REFERENCE in _written(case.request(content))

    def test_the_recipient_reads_what_was_written(self, case: Case) -> None:
        """Nothing in a text becomes markup, an instruction, or another text."""
        for content in case.contents:
            assert case.text(case.request(content, text=HOSTILE), content) == HOSTILE

    @needs(Ability.TEMPLATES)
    def test_a_number_of_fifty_digits_goes_out(self, case: Case) -> None:
        """A template's parameter may be one, and what reads JSON need not hold one."""
        digits = "7" * 50
        step = request_step(viber(templateParams={"customer_name": "Nadia", "pin": int(digits)}))
        going = Outgoing(REFERENCE, step, "AcmeShop", 90.0, REPORT_URL)
        assert digits in _written(case.provider.build_request(going))

    @pytest.mark.parametrize("left", [86400.0, 3600.4, 90.0, 61.5])
    def test_the_validity_never_exceeds_what_is_left(self, case: Case, left: float) -> None:
        """The provider must not deliver after our own clock ran out; a second is rounding."""
        for content in case.contents:
            validity = case.validity(case.request(content, validity=left), content)
            span = case.provider.capabilities.spans.get(content.channel)
            assert (validity is None) is (span is None)
            assert validity is None or validity <= left + 1
            assert validity is None or validity > left - 61 or validity >= 36000

    @needs(Ability.SPANS)
    def test_what_has_too_little_time_is_not_carried(self, case: Case) -> None:
        """It would arrive when the next channel has begun."""
        for content in case.contents:
            span = case.provider.capabilities.spans.get(content.channel)
            if span and span.shortest > 2:
                with pytest.raises(CannotCarry):
                    case.request(content, validity=span.shortest - 2.0)

    def test_what_it_has_no_form_for_is_not_carried(self, case: Case) -> None:
        """Another provider may have one."""
        for content in set(Content) - set(case.contents):
            with pytest.raises(CannotCarry):
                case.request(content)

    def test_an_accept_brings_the_providers_id(self, case: Case) -> None:
        """For ops to ask the provider by."""
        for channel in case.channels:
            status, body, message_id = case.accepted[channel]
            answer = case.provider.read_answer(HttpAnswer(status, {}, body), channel)
            assert answer == Accepted(message_id)

    def test_a_refusal_says_whose_fault_it_is(self, case: Case) -> None:
        """The recipient's ends the step; the provider's own is another provider's chance."""
        for status, body, refusal in case.refused:
            for channel in case.channels:
                answer = case.provider.read_answer(HttpAnswer(status, {}, body), channel)
                assert answer == refusal

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
    def test_a_4xx_without_a_word_is_no_fault_of_the_recipient(
        self, case: Case, status: int
    ) -> None:
        """Credentials, credit, addresses: all of them ours or the provider's."""
        for channel in case.channels:
            for body in case.unreadable:
                answer = case.provider.read_answer(HttpAnswer(status, {}, body), channel)
                assert isinstance(answer, NotSent) or (
                    isinstance(answer, Refused) and answer.our_fault
                )

    def test_an_unreadable_2xx_is_maybe_sent(self, case: Case) -> None:
        """It may well have been taken."""
        for channel in case.channels:
            for body in case.unreadable:
                answer = case.provider.read_answer(HttpAnswer(200, {}, body), channel)
                assert isinstance(answer, MaybeSent)

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 301, 302])
    def test_what_the_status_leaves_open_is_maybe_sent(self, case: Case, status: int) -> None:
        """One rule for every provider."""
        assert isinstance(_judged(HttpAnswer(status, {}, b"")), MaybeSent)

    def test_every_word_is_read(self, case: Case) -> None:
        """In reports, each into what the table says."""
        for channel in case.channels:
            for word, meaning in case.words[channel].items():
                (told,) = case.provider.read_reports(case.report(word, channel))
                assert (told.status, told.reason) == (meaning.status, meaning.reason), word

    def test_recorded_reports_are_read(self, case: Case) -> None:
        """Each says what its file's name says: report-<our status>-<what is special>."""
        found = sorted((SAMPLES / case.provider.name).glob("report-*"))
        assert found
        for path in found:
            told = case.provider.read_reports(recorded(path))
            assert {str(each.status) for each in told} == {path.stem.split("-")[1]}, path

    def test_unknown_words_are_no_news(self, case: Case) -> None:
        """Not final, not an error; counted."""
        for channel in case.channels:
            report = case.report("teleported", channel)
            name = case.provider.name
            with counting("failover_unknown_statuses_total", provider=name) as counted:
                assert list(case.provider.read_reports(report)) == []
            assert counted() == 1

    def test_what_is_no_report_is_said_so(self, case: Case) -> None:
        """400, once and for all."""
        for body in case.unreadable:
            with pytest.raises(BadReport):
                case.provider.read_reports(RawReport({}, body, REPORT_URL))

    def test_the_whole_ladder_can_be_climbed(self, case: Case) -> None:
        """Each channel it serves has words for success and for failure."""
        for channel in case.channels:
            reached = {meaning.status for meaning in case.words[channel].values()}
            wanted = Status.COMPLETED if channel is Channel.VOICE else Status.DELIVERED
            assert wanted in reached
            assert reached - SUCCESSES - UNDER_WAY
            assert (Status.SEEN in reached) <= case.provider.capabilities.seen

    def test_only_what_the_provider_signed_is_believed(self, case: Case) -> None:
        """A signature of another body, and none at all, are as good as a forgery."""
        for channel in case.channels:
            word = next(iter(case.words[channel]))
            genuine = case.report(word, channel)
            assert case.provider.verify_report(genuine)
            if case.signs:
                changed = RawReport(genuine.headers, genuine.body + b" ", genuine.url)
                unsigned = RawReport({}, genuine.body, genuine.url)
                assert not case.provider.verify_report(changed)
                assert not case.provider.verify_report(unsigned)

    def test_who_says_that_it_can_be_asked_has_an_answer(self, case: Case) -> None:
        """And nobody else."""
        assert (case.queried is not None) is bool(case.provider.capabilities.asks)

    @needs(Ability.ASKS)
    def test_what_it_answers_when_asked_is_read(self, case: Case) -> None:
        """As its reports are; what it does not know is no news."""
        assert case.queried
        for channel in case.provider.capabilities.asks:
            query = case.provider.build_query("m1", REFERENCE, channel)
            assert query.method in ("GET", "POST")
            assert "m1" in _written(query) or REFERENCE in _written(query)
            for word, meaning in case.words[channel].items():
                answer = HttpAnswer(200, {}, case.queried(word, channel))
                (told,) = case.provider.read_query(answer, channel)
                assert (told.status, told.reason) == (meaning.status, meaning.reason), word
            for body in case.unreadable:
                assert not case.provider.read_query(HttpAnswer(200, {}, body), channel)

    def test_who_hands_on_replies_has_samples_of_them(self, case: Case) -> None:
        """And keeps the contract that reads them (`replying.py`)."""
        recorded_replies = list((SAMPLES / case.provider.name).glob("reply-*"))
        assert isinstance(case.provider, Replying) is bool(recorded_replies)

    def test_no_secret_is_seen(self, case: Case) -> None:
        """Neither in an address, which is logged, nor where the provider is printed."""
        for content in case.contents:
            request = case.request(content)
            for secret in case.secrets:
                assert secret not in unquote(request.url)
                assert secret not in repr(case.provider.credentials)
                assert secret not in repr(vars(case.provider))

    def test_no_text_or_number_is_in_an_address(self, case: Case) -> None:
        """Addresses end in the logs of every machine on the way."""
        for content in case.contents:
            address = unquote_plus(case.request(content, text="one-time-4711").url)
            assert "4711" not in address
            assert "306900000101" not in address


def _written(request: HttpRequest) -> str:
    """All of it, as whoever receives it reads it."""
    body = request.body.decode()
    headers = "\n".join(request.headers.values())
    return "\n".join((request.url, body, unquote_plus(body), headers, unquote(headers)))
