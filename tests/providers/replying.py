"""What every provider must do that hands on what recipients reply.

Its raw samples stand in `samples/<name>/reply-*`: what it hands on, as it arrives.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from providers.base import BadReport, Replying
from providers.exchange import RawReport
from tests.providers.contract import HOSTILE, SAMPLES
from tests.samples import NUMBER

INBOUND_URL = "https://failover.example.com/inbound/x"
UNREADABLE = (b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{}")
TEXTS = ("Thanks!", HOSTILE, "  Ευχαριστώ 🙏\r\n", "+1", "0", "")
OTHERS: tuple[Any, ...] = (None, 7731, [], {}, "x")


@dataclass(frozen=True)
class Replies:
    """A provider, and how replies reach us from it.

    `arriving` is a body as it arrives, genuinely signed where the provider `signs`; `told` the body
    of a reply with that text.
    """

    brand: str
    provider: Replying
    arriving: Callable[[bytes], RawReport]
    told: Callable[[str], bytes]
    signs: bool = True

    @property
    def recorded(self) -> list[bytes]:
        """The samples."""
        return [path.read_bytes() for path in sorted((SAMPLES / self.brand).glob("reply-*"))]


class ReplyingContract:
    """Inherit, and give `replies` as a fixture."""

    def test_recorded_replies_are_read(self, replies: Replies) -> None:
        """Who answered whom is said where the address does not say it."""
        assert replies.recorded
        for body in replies.recorded:
            (reply,) = replies.provider.read_replies(replies.arriving(body))
            assert reply.reply_id
            assert reply.text or reply.media
            if replies.signs:
                assert reply.recipient.lstrip("+") == NUMBER.lstrip("+")
                assert reply.sender == replies.provider.replied_to("AcmeShop")

    def test_the_text_is_the_recipients_own(self, replies: Replies) -> None:
        """Nothing is trimmed, escaped or guessed."""
        for text in TEXTS:
            (reply,) = replies.provider.read_replies(replies.arriving(replies.told(text)))
            assert reply.text == text
            assert reply.media is None

    def test_a_repeated_reply_is_the_same(self, replies: Replies) -> None:
        """By its id it is delivered once, however often it is handed on."""
        for body in replies.recorded:
            first = replies.provider.read_replies(replies.arriving(body))
            assert replies.provider.read_replies(replies.arriving(body)) == first

    def test_two_replies_are_two(self, replies: Replies) -> None:
        """One must not be taken for a repetition of the other."""
        bodies = replies.recorded
        told = [replies.provider.read_replies(replies.arriving(body))[0] for body in bodies]
        assert len({reply.reply_id for reply in told}) == len(bodies)

    def test_only_what_the_provider_signed_is_believed(self, replies: Replies) -> None:
        """Where it signs nothing, nothing that comes to the account's one address is."""
        for body in replies.recorded:
            genuine = replies.arriving(body)
            assert replies.provider.verify_inbound(genuine) is replies.signs
            changed = RawReport(genuine.headers, genuine.body + b" ", genuine.url)
            assert not replies.provider.verify_inbound(changed)
            assert not replies.provider.verify_inbound(RawReport({}, body, genuine.url))

    def test_what_is_no_reply_is_said_so(self, replies: Replies) -> None:
        """400, once and for all."""
        for body in UNREADABLE:
            with pytest.raises(BadReport):
                replies.provider.read_replies(replies.arriving(body))

    def test_a_reply_of_another_form_is_read_or_refused(self, replies: Replies) -> None:
        """Whatever stands in a member's place: no other exception, and nothing but texts."""
        for body in replies.recorded:
            for changed in _changed(json.loads(body)):
                raw = replies.arriving(json.dumps(changed).encode())
                try:
                    told = replies.provider.read_replies(raw)
                except BadReport:
                    continue
                for reply in told:
                    texts = (reply.text, reply.reply_id, reply.recipient, reply.sender)
                    assert all(isinstance(each, str) for each in texts)
                    assert isinstance(reply.media, str | None)
                    assert isinstance(reply.filename, str | None)


def _changed(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same with one member gone or another, at any depth."""
    for name, value in told.items():
        yield {each: kept for each, kept in told.items() if each != name}
        for other in OTHERS:
            yield {**copy.deepcopy(told), name: other}
        if isinstance(value, dict):
            for inner in _changed(value):
                yield {**told, name: inner}
