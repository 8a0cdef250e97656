"""Vonage hands on replies as every provider must; and what is Vonage's own."""

import json
import time
from typing import Any

import pytest

from domain.flow import Kind
from providers.base import BadReport, Outgoing, Reply
from providers.exchange import RawReport
from tests.counting import counting
from tests.providers.contract import REFERENCE, REPORT_URL, SAMPLES
from tests.providers.replying import INBOUND_URL, Replies, ReplyingContract
from tests.providers.test_vonage import UNSIGNED, VONAGE, body_of, signed
from tests.samples import request_step, viber_message

FILE = "https://api-us.nexmo.com/v3/media/7732"


def told(**members: object) -> bytes:
    """A reply with those members."""
    sample = json.loads((SAMPLES / "vonage" / "reply-text.json").read_bytes())
    return json.dumps({**sample, **members}).encode()


def read(**members: object) -> list[Reply]:
    """What we read of it."""
    return list(VONAGE.read_replies(signed(told(**members), INBOUND_URL)))


class TestVonageReplies(ReplyingContract):
    """Every case of the contract."""

    @pytest.fixture
    def replies(self) -> Replies:
        """Vonage's."""
        return Replies(
            brand="vonage",
            provider=VONAGE,
            arriving=lambda body: signed(body, INBOUND_URL),
            told=lambda text: told(text=text),
        )


def test_without_a_secret_nothing_is_believed() -> None:
    """One address for all replies proves nothing, other than a report's."""
    assert UNSIGNED.verify_report(RawReport({}, told(), REPORT_URL))
    assert not UNSIGNED.verify_inbound(RawReport({}, told(), INBOUND_URL))
    assert not UNSIGNED.verify_inbound(signed(told(), INBOUND_URL))


@pytest.mark.parametrize("claims", [{"iat": int(time.time()) - 3600}, {"payload_hash": "0" * 64}])
def test_an_old_signature_or_one_of_another_body_is_not_believed(claims: dict[str, Any]) -> None:
    """A reply that was overheard cannot be handed on again later."""
    assert not VONAGE.verify_inbound(signed(told(), INBOUND_URL, **claims))


def test_a_forged_signature_is_not_believed() -> None:
    """Made with another secret."""
    assert not VONAGE.verify_inbound(signed(told(), INBOUND_URL, secret="x" * 48))


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file"])
def test_a_file_is_handed_on_with_its_text_and_name(kind: str) -> None:
    """As far as there is one."""
    (reply,) = read(message_type=kind, text="Look", **{kind: {"url": FILE, "name": "a.pdf"}})
    assert (reply.text, reply.media, reply.filename) == ("Look", FILE, "a.pdf")
    (reply,) = read(message_type=kind, text=None, **{kind: {"url": FILE, "caption": "Here"}})
    assert (reply.text, reply.media, reply.filename) == ("Here", FILE, None)


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "messenger", "rcs"])
def test_what_came_by_another_channel_is_no_reply_of_ours(channel: str) -> None:
    """One address serves the whole application."""
    assert read(channel=channel) == []


def test_a_kind_that_we_do_not_know_is_counted() -> None:
    """Taken, since nobody could do better by trying again."""
    with counting("failover_unknown_statuses_total", provider="vonage") as counted:
        assert read(message_type="sticker", sticker={"url": FILE}) == []
    assert counted() == 1


@pytest.mark.parametrize(
    "members",
    [{"text": None}, {"message_type": "image"}, {"from": None}, {"to": {"id": "AcmeShop"}}],
    ids=["no text", "no image", "from nobody", "the form of version 0.1"],
)
def test_what_lacks_a_part_is_no_reply(members: dict[str, Any]) -> None:
    """It is refused, not guessed at."""
    with pytest.raises(BadReport):
        read(**members)


@pytest.mark.parametrize("sender", ["AcmeShop", "+302310000222", "16273"])
def test_the_sender_is_named_as_it_went_out(sender: str) -> None:
    """So that a reply to it finds the step."""
    step = request_step(viber_message(message={"text": "Ready"}), Kind.STANDARD)
    request = VONAGE.build_request(Outgoing(REFERENCE, step, sender, 90.0, REPORT_URL))
    assert VONAGE.replied_to(sender) == body_of(request)["from"]
