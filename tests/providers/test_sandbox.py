"""The sandbox keeps the providers' contract."""

from pathlib import Path

import orjson
import pytest

from domain.status import Channel, Status
from providers.base import Content, StatusWord
from providers.exchange import HttpRequest, RawReport
from providers.outcomes import REJECTED
from providers.sandbox import REASONS, STATUSES, Sandbox
from sandbox.scripts import ROWS
from tests.providers.contract import REPORT_URL, Case, ProviderContract
from tests.providers.replying import INBOUND_URL, Replies, ReplyingContract

SAMPLES = Path(__file__).parent / "samples"


def _report(word: str, channel: Channel, **members: object) -> RawReport:
    sample = orjson.loads((SAMPLES / "sandbox" / "report-Delivered.json").read_bytes())
    return RawReport({}, orjson.dumps({**sample, "status": word, **members}), REPORT_URL)


def _text(request: HttpRequest, content: Content) -> str:
    sent = orjson.loads(request.body)["content"]
    match content:
        case Content.SMS:
            return str(sent["message"]["body"])
        case Content.TEMPLATE:
            return str(sent["templateParams"]["customer_name"])
        case Content.CALL:
            return str(sent["dialPlans"][0]["verbs"][0]["message"]["text"])
    return str(sent["message"]["text"])


class TestSandbox(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """The sandbox's."""
        words = {word: StatusWord(status) for word, status in STATUSES.items()}
        return Case(
            provider=Sandbox("http://127.0.0.1:8090/"),
            accepted=dict.fromkeys(
                Channel, (202, b'{"messageId": "m1", "status": "queued"}', "m1")
            ),
            refused=[(400, b'{"error": "no"}', REJECTED)],
            words=dict.fromkeys(Channel, words),
            report=_report,
            validity=lambda request, _: None,
            text=_text,
            queried=lambda word, channel: _report(word, channel).body,
        )

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_a_report_carries_its_reason_and_id(self, case: Case, reason: str) -> None:
        """They end in histories."""
        raw = _report("undelivered", Channel.VIBER, reason=reason)

        (told,) = case.provider.read_reports(raw)

        assert told.status is Status.UNDELIVERED
        assert told.reason == reason
        assert told.message_id == "5a0d1a70-6f1d-4b8e-a0a9-3c7f1ad1f210"

    def test_a_reason_in_other_words_is_not_kept(self, case: Case) -> None:
        """It may repeat the message: in a history it would stand in clear."""
        raw = _report("undelivered", Channel.VIBER, reason="Your pin is 4711")

        (told,) = case.provider.read_reports(raw)

        assert (told.status, told.reason) == (Status.UNDELIVERED, "")


def test_every_reason_that_the_sandbox_gives_is_known() -> None:
    """Its table is somebody else's: whoever adds one there learns here that it is not kept."""
    scripts = [script for row in ROWS.values() for script in row.scripts.values()]
    assert {line.reason for script in scripts for line in script.lines} - {None} == REASONS


class TestSandboxReplies(ReplyingContract):
    """Every case of the contract."""

    @pytest.fixture
    def replies(self) -> Replies:
        """The sandbox's, which signs nothing."""
        return Replies(
            brand="sandbox",
            provider=Sandbox("http://127.0.0.1:8090/"),
            arriving=lambda body: RawReport({}, body, INBOUND_URL),
            told=lambda text: orjson.dumps({"replyId": "r-1", "text": text}),
            signs=False,
        )
