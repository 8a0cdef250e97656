"""What every provider must do; each provider's test module hands over its case.

A provider's raw samples stand in `samples/<name>/`: what it answers and reports, as it arrives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from domain.status import Channel, Status
from domain.steps import RequestStep
from providers.base import (
    Accepted,
    BadReport,
    HttpAnswer,
    MaybeSent,
    Outgoing,
    Provider,
    RawReport,
    Refused,
)
from providers.http import _judged
from tests.samples import request_step, sms, viber, voice

REFERENCE = "0f7a9c66-6f0d-4e2a-b3a1-2f6b7f0e9a77.1"
REPORT_URL = "https://failover.example.com/reports/x/v1.k1.payload.mac"
STEPS: Mapping[Channel, RequestStep] = {
    Channel.SMS: request_step(sms()),
    Channel.VIBER: request_step(viber()),
    Channel.VOICE: request_step(voice()),
}


@dataclass(frozen=True)
class Case:
    """A provider, its table, and how it says things. `report` makes a raw report of a word."""

    provider: Provider
    statuses: Mapping[str, Status]
    samples: Path
    accepted: bytes
    message_id: str
    unreadable: tuple[bytes, ...] = field(default=(b"", b"{", b"[]", b"null", b'"x"', b"\xff"))

    def report(self, word: str) -> RawReport:
        """As the provider would send it."""
        sample = orjson.loads((self.samples / "report.json").read_bytes())
        return RawReport({}, orjson.dumps({**sample, "status": word}))


class ProviderContract:
    """Inherit, and give `case` as a fixture."""

    def test_the_request_is_the_same_on_every_attempt(self, case: Case) -> None:
        """Building it has no clock and no chance in it."""
        for channel in case.provider.capabilities.channels:
            outgoing = _outgoing(channel)
            assert case.provider.build_request(outgoing) == case.provider.build_request(outgoing)

    def test_the_reference_and_the_report_address_go_out(self, case: Case) -> None:
        """By them a report finds its step, and a repetition its message."""
        for channel in case.provider.capabilities.channels:
            request = case.provider.build_request(_outgoing(channel))
            sent = orjson.dumps([request.url, request.body, dict(request.headers)]).decode()
            assert REPORT_URL in sent
            assert REFERENCE in sent or not case.provider.capabilities.deduplicates

    def test_the_validity_never_exceeds_what_is_left(self, case: Case) -> None:
        """The provider must not deliver after our own clock ran out."""
        for channel in case.provider.capabilities.channels:
            body = case.provider.build_request(_outgoing(channel, validity=42.5)).body
            assert body.get("validity", 0) <= 42.5

    def test_an_accept_brings_the_providers_id(self, case: Case) -> None:
        """For ops to ask the provider by."""
        answer = case.provider.read_answer(HttpAnswer(202, {}, case.accepted))
        assert answer == Accepted(case.message_id)

    def test_a_4xx_is_a_refusal(self, case: Case) -> None:
        """A status, not an exception."""
        answer = case.provider.read_answer(HttpAnswer(400, {}, b'{"error":"no"}'))
        assert isinstance(answer, Refused)

    def test_an_unreadable_2xx_is_maybe_sent(self, case: Case) -> None:
        """It may well have been taken."""
        for body in case.unreadable:
            assert isinstance(case.provider.read_answer(HttpAnswer(200, {}, body)), MaybeSent)

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 301, 302])
    def test_what_the_status_leaves_open_is_maybe_sent(self, case: Case, status: int) -> None:
        """One rule for every provider."""
        assert isinstance(_judged(HttpAnswer(status, {}, b"")), MaybeSent)

    def test_every_word_of_the_table_is_read(self, case: Case) -> None:
        """And only into statuses of ours."""
        for word, status in case.statuses.items():
            (told,) = case.provider.read_reports(case.report(word))
            assert told.status is status

    def test_unknown_words_are_no_news(self, case: Case) -> None:
        """Not final, not an error."""
        assert list(case.provider.read_reports(case.report("teleported"))) == []
        assert list(case.provider.read_reports(case.report("teleported"))) == []

    def test_what_is_no_report_is_said_so(self, case: Case) -> None:
        """400, once and for all."""
        for body in case.unreadable:
            with pytest.raises(BadReport):
                case.provider.read_reports(RawReport({}, body))

    def test_the_whole_ladder_can_be_climbed(self, case: Case) -> None:
        """Each channel it serves has a word for success."""
        reached = set(case.statuses.values())
        wanted = {Channel.VOICE: Status.COMPLETED}
        for channel in case.provider.capabilities.channels:
            assert wanted.get(channel, Status.DELIVERED) in reached


def _outgoing(channel: Channel, validity: float = 90.0) -> Outgoing:
    return Outgoing(REFERENCE, STEPS[channel], "AcmeShop", validity, REPORT_URL)
