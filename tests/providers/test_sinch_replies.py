"""Sinch hands on replies as every provider must; and what is Sinch's own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.status import Channel
from providers.base import BadReport, Content, Reply
from providers.exchange import RawReport
from providers.sinch import Config, Sinch
from tests.counting import counting
from tests.providers.contract import REPORT_URL, SAMPLES, outgoing
from tests.providers.replying import INBOUND_URL, Replies, ReplyingContract
from tests.providers.test_sinch import CONFIG, SINCH, body_of, signed

FILE = "https://media.sinch.example/7731.pdf"


def told(said: Any = None, **members: object) -> dict[str, Any]:
    """A reply that says that, its message having those members."""
    sample: dict[str, Any] = json.loads((SAMPLES / "sinch" / "reply-text.json").read_bytes())
    content = {} if said is None else {"contact_message": said}
    return {**sample, "message": {**sample["message"], **content, **members}}


def read(said: Any = None, **members: object) -> list[Reply]:
    """What we read of it."""
    return list(SINCH.read_replies(signed(told(said, **members), Channel.VIBER)))


def _arriving(body: bytes) -> RawReport:
    try:
        said = json.loads(body)
    except ValueError:
        return RawReport({}, body, INBOUND_URL)
    return replace(signed(said, Channel.VIBER), url=INBOUND_URL)


class TestSinchReplies(ReplyingContract):
    """Every case of the contract."""

    @pytest.fixture
    def replies(self) -> Replies:
        """Sinch's."""
        return Replies(
            brand="sinch",
            provider=SINCH,
            arriving=_arriving,
            told=lambda text: json.dumps(told({"text_message": {"text": text}})).encode(),
        )


def test_without_a_secret_nothing_is_believed() -> None:
    """One address for all replies proves nothing, other than a report's."""
    unsigned = Sinch(Config.model_validate({**CONFIG, "conversation_secret": None}))
    report = {"message_delivery_report": {"message_id": "m1", "status": "DELIVERED"}}
    assert unsigned.verify_report(RawReport({}, json.dumps(report).encode(), REPORT_URL))
    assert not unsigned.verify_inbound(signed(told(), Channel.VIBER))


def test_the_secret_of_another_api_is_not_believed() -> None:
    """What signs Sms reports signs no reply."""
    assert not SINCH.verify_inbound(signed(told(), Channel.SMS))


def test_a_file_is_handed_on_with_its_text_and_name() -> None:
    """As far as there is one."""
    (reply,) = read({"media_message": {"url": FILE, "filename_override": "receipt.pdf"}})
    assert (reply.text, reply.media, reply.filename) == ("", FILE, "receipt.pdf")
    (reply,) = read({"media_card_message": {"url": FILE, "caption": "As you asked"}})
    assert (reply.text, reply.media, reply.filename) == ("As you asked", FILE, None)


@pytest.mark.parametrize("channel", ["SMS", "WHATSAPP", "VIBER", "RCS"])
def test_what_came_by_another_channel_is_no_reply_of_ours(channel: str) -> None:
    """Viber's bots among them."""
    assert read(channel_identity={"channel": channel, "identity": "306900000101"}) == []


def test_what_else_a_webhook_tells_is_no_reply() -> None:
    """It may be subscribed to more than it is needed for."""
    report = json.loads((SAMPLES / "sinch" / "report-Delivered-viber.json").read_bytes())
    assert list(SINCH.read_replies(signed(report, Channel.VIBER))) == []


def test_a_kind_that_we_do_not_know_is_counted() -> None:
    """Taken, since nobody could do better by trying again."""
    with counting("failover_unknown_statuses_total", provider="sinch") as counted:
        assert read({"reply_to": {"message_id": "m"}, "location_message": {"title": "Home"}}) == []
    assert counted() == 1


@pytest.mark.parametrize(
    "members",
    [
        {"id": None},
        {"contact_message": None},
        {"contact_message": {"text_message": {}}},
        {"contact_message": {"media_message": {"url": 7}}},
        {"channel_identity": {"channel": "VIBERBM"}},
    ],
    ids=["no id", "no message", "no text", "no file", "from nobody"],
)
def test_what_lacks_a_part_is_no_reply(members: dict[str, Any]) -> None:
    """It is refused, not guessed at."""
    with pytest.raises(BadReport):
        read(**members)


def test_every_sender_is_the_apps() -> None:
    """The request names the app, and so does the reply: neither names a sender."""
    sent = body_of(SINCH.build_request(outgoing(Content.TEMPLATE)))
    (reply,) = read()
    for sender in ("AcmeShop", "Another"):
        assert SINCH.replied_to(sender) == sent["app_id"] == reply.sender
