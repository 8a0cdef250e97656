"""Routee hands on replies as every provider must; and what is Routee's own."""

from typing import Any

import orjson
import pytest

from domain.channels import Sms, Voice
from providers.base import Content, Outgoing, Reply
from providers.exchange import RawReport
from tests.providers.contract import REPORT_URL, SAMPLES, step_of
from tests.providers.replying import INBOUND_URL, Replies, ReplyingContract
from tests.providers.test_routee import ROUTEE


def told(**members: object) -> bytes:
    """A reply with those members."""
    sample = orjson.loads((SAMPLES / "routee" / "reply-text.json").read_bytes())
    return orjson.dumps({**sample, **members})


def read(**members: object) -> Reply:
    """What we read of it."""
    (reply,) = ROUTEE.read_replies(RawReport({}, told(**members), INBOUND_URL))
    return reply


class TestRouteeReplies(ReplyingContract):
    """Every case of the contract."""

    @pytest.fixture
    def replies(self) -> Replies:
        """Routee's, which signs nothing."""
        return Replies(
            brand="routee",
            provider=ROUTEE,
            arriving=lambda body: RawReport({}, body, INBOUND_URL),
            told=lambda text: told(message=text),
            signs=False,
        )


@pytest.mark.parametrize("content", Content)
def test_a_viber_message_names_where_replies_go(content: Content) -> None:
    """Free-form or a template, and only where they are wanted; nothing else has replies."""

    def sent(inbound_url: str) -> Any:
        step = step_of(content)
        sender = "302310000222" if isinstance(step, Voice) else "AcmeShop"
        outgoing = Outgoing("r.1", step, sender, 90.0, REPORT_URL, inbound_url=inbound_url)
        return orjson.loads(ROUTEE.build_request(outgoing).body)

    is_viber = not isinstance(step_of(content), Sms | Voice)
    assert sent(INBOUND_URL).get("inboundUrl") == (INBOUND_URL if is_viber else None)
    assert "inboundUrl" not in sent("")


def test_who_answered_whom_is_read() -> None:
    """As Routee writes it, though the message's own address says it already."""
    reply = read()
    assert (reply.recipient, reply.sender) == ("+306900000101", "AcmeShop")


@pytest.mark.parametrize("name", ["filename", "fileName"])
def test_a_file_is_named_by_either_spelling(name: str) -> None:
    """The guide's example has one, its table the other."""
    reply = read(**{"message": None, "media": "https://m.example/1", name: "a.pdf"})
    assert (reply.text, reply.media, reply.filename) == ("", "https://m.example/1", "a.pdf")


@pytest.mark.parametrize(
    "members",
    [
        {"message": "Thanks"},
        {"sentDate": "2026-09-01T08:17:13.004Z"},
        {"referenceTrackingId": "e0c1a7de-0d52-4a53-8b0e-1f1c9c1b6a02"},
        {"media": "https://m.example/1"},
    ],
)
def test_what_tells_a_reply_from_another_is_in_its_id(members: dict[str, object]) -> None:
    """Its text, its time, the message that it answers, its file."""
    assert read(**members).reply_id != read().reply_id


def test_what_may_change_in_a_repetition_is_not_in_its_id() -> None:
    """Names and labels of Routee's."""
    assert read(label="x", campaignName="y", direction="INBOUND").reply_id == read().reply_id


def test_the_parts_of_an_id_do_not_run_together() -> None:
    """An end of one is not the beginning of the next."""
    apart = read(message="a", media="b"), read(message="ab", media=None)
    assert apart[0].reply_id != apart[1].reply_id
