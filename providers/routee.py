"""Routee's channel APIs: single Sms, Viber messages and calls (docs/providers/routee.md).

Routee has a failover of its own; here it is one provider among others, and the failover is ours.

Source: Routee's reference and guides, above all "Error codes", "Callbacks", "Voice conversation
callbacks" and the pages that `routee_bodies` names; the project's contract.md §1.2, §1.4, §7.3 and
§10. Nothing was measured against Routee itself.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr

from domain.status import SUCCESSES, UNDER_WAY, Channel, Status, ladder
from providers.base import BadReport, Capabilities, Content, Outgoing, Reply, StatusWord
from providers.configuration import BaseUrl, Configuration
from providers.credentials import ClientCredentials
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, MaybeSent, Refused, SendOutcome
from providers.routee_bodies import SPANS, addressed
from providers.routee_replies import replied
from providers.unknown import unknown

SMS: Mapping[str, StatusWord] = {
    "queued": StatusWord(Status.QUEUED, "Queued"),
    "sent": StatusWord(Status.SENT, "Sent"),
    "delivered": StatusWord(Status.DELIVERED, "Delivered"),
    "undelivered": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "failed": StatusWord(Status.FAILED, "Failed"),
    "unsent": StatusWord(Status.FAILED, "Failed"),
}
"""Their word in small letters, without spaces → our status. The reason is theirs, if they give one.

Unsent says that the installation's credit at Routee is gone. The client's money is not, so it is a
failure like any other, and the flow may go on.
"""

VIBER: Mapping[str, StatusWord] = {
    "queued": StatusWord(Status.QUEUED, "Queued"),
    "delivered": StatusWord(Status.DELIVERED, "Delivered"),
    "seen": StatusWord(Status.SEEN, "Seen"),
    "undelivered": StatusWord(Status.UNDELIVERED, "Undelivered"),
    "expired": StatusWord(Status.EXPIRED, "TTL Expired"),
    "failed": StatusWord(Status.FAILED, "Failed"),
    "unsent": StatusWord(Status.FAILED, "Failed"),
}

VOICE: Mapping[str, StatusWord] = {
    "queued": StatusWord(Status.QUEUED, "Queued"),
    "initiated": StatusWord(Status.INITIATED, "Initiated"),
    "ringing": StatusWord(Status.RINGING, "Ringing"),
    "inprogress": StatusWord(Status.IN_PROGRESS, "In Progress"),
    "completed": StatusWord(Status.COMPLETED, "Completed"),
    "busy": StatusWord(Status.BUSY, "Busy"),
    "noanswer": StatusWord(Status.NO_ANSWER, "No Answer"),
    "failed": StatusWord(Status.FAILED, "Failed"),
    "unsent": StatusWord(Status.FAILED, "Failed"),
    "terminated": StatusWord(Status.TERMINATED, "Terminated"),
}
"""Unknown stands in none of them: it may yet become something else."""

STATUSES: Mapping[Channel, Mapping[str, StatusWord]] = {
    Channel.SMS: SMS,
    Channel.VIBER: VIBER,
    Channel.VOICE: VOICE,
}

IDS: Mapping[str, Channel] = {
    "conversationTrackingId": Channel.VOICE,
    "trackingId": Channel.VIBER,
    "messageId": Channel.SMS,
}
"""The member by which a report names its message tells the channel; the first that is there."""

TRACKING: Mapping[Channel, str] = {
    Channel.SMS: "/sms/tracking/single/",
    Channel.VIBER: "/viber/tracking/",
    Channel.VOICE: "/voice/tracking/conversation/",
}

UNKNOWN_NUMBER = Refused(Status.FAILED, "Unknown Number")
"""The recipient's own refusal. Failed, not Undelivered, which a call cannot be."""

WITHOUT_RECIPIENT = ("400005000", "004")
"""A compound error of the Sms module, and the inner one that finds nobody to send to."""

# A member of `properties` that is about the recipient, however deep it stands.
_RECIPIENT = re.compile(r"(.*\.)?to(\.(phone|sip|viber))?")

MOST = 1_000_000
"""Of parts or seconds; a greater number is none."""

_BETWEEN_WORDS = re.compile(r"[\s_-]")


class Config(Configuration):
    """How to reach Routee, and who asks."""

    application_id: str = Field(description="of an application in Routee's portal")
    secret: SecretStr = Field(description="the application's secret")
    base_url: BaseUrl = Field(
        default="https://connect.routee.net", description="where messages are handed over"
    )
    token_url: BaseUrl = Field(
        default="https://auth.routee.net/oauth/token", description="where access tokens are issued"
    )


class Routee:
    """Talks to Routee's channel APIs."""

    name = "routee"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self.capabilities = Capabilities(
            frozenset(Content),
            asks=frozenset(TRACKING),
            seen=True,
            spans=SPANS,
            rate=config.rate,
        )
        self.credentials = ClientCredentials(
            config.token_url,
            config.application_id,
            config.secret.get_secret_value(),
            void=frozenset({401, 403}),
        )

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """A POST to the API of the step's channel."""
        path, body = addressed(outgoing)
        return HttpRequest.json(self._config.base_url + path, body)

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """200 carries a tracking id and means queued; of the 4xx few are the recipient's fault."""
        told = answer.json()
        if answer.status >= 400:
            return UNKNOWN_NUMBER if _blames_recipient(told) else REJECTED
        if tracking_id := _at(told, "trackingId"):
            return Accepted(str(tracking_id))
        return MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """The address's token is all the proof there is: Routee signs nothing."""
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """One status a report; of an Sms, one part's."""
        told = report.json()
        named_by = next((each for each in IDS if _at(told, each)), None)
        if named_by is None or not _name(told):
            raise BadReport("not a report of Routee")
        word = self._word(told, IDS[named_by])
        return (replace(word, message_id=str(told[named_by])[:64]),) if word else ()

    def verify_inbound(self, inbound: RawReport) -> bool:
        """Routee signs nothing, so that only the address of a message is believed."""
        return False

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """One a request."""
        return replied(inbound.json())

    def replied_to(self, sender: str) -> str:
        """By its own name."""
        return sender

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """GET its tracking, by the id that Routee gave it."""
        path = TRACKING[channel] + quote(message_id, safe="")
        return HttpRequest("GET", self._config.base_url + path)

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """An Sms is an array of parts, a Viber message an object, a conversation a page of calls.

        A conversation that only says and plays has one call, as an Sms may have one part.
        """
        told = answer.json()
        if channel is Channel.VOICE:
            told = _at(told, "content")
        parts = [told] if channel is Channel.VIBER else _list(told)
        return _whole([self._word(each, channel) for each in parts if _name(each)], channel)

    def _word(self, told: Any, channel: Channel) -> StatusWord | None:
        name = _name(told)
        word = STATUSES[channel].get(_BETWEEN_WORDS.sub("", name).lower())
        if word is None:
            unknown(self.name, name)
            return None
        part = _count(_at(told, "part")) or 1
        return replace(
            word,
            reason=_text(_at(told, "status", "reason", "detailedStatus"))[:64] or word.reason,
            duration=_count(_at(told, "duration")),
            part=part,
            parts=max(part, _count(_at(told, "parts")) or 1),
        )


def _whole(words: Sequence[StatusWord | None], channel: Channel) -> Sequence[StatusWord]:
    """What the parts are together: failed as soon as one is, delivered once all of them are."""
    known = [replace(word, part=1, parts=1) for word in words if word]
    failed = [word for word in known if word.status not in SUCCESSES | UNDER_WAY]
    parts = max((word.parts for word in words if word), default=1)
    if failed or len(known) < max(parts, len(words)):
        return failed[:1]
    rungs = ladder(channel)
    return (min(known, key=lambda word: rungs.index(word.status)),)


def _blames_recipient(told: Any) -> bool:
    """Whether a refusal is about whom the message is for (E2 and E3 of contract.md §1.4)."""
    properties, code = _at(told, "properties"), str(_at(told, "code"))
    inner = [(code, str(_at(each, "errorCode"))) for each in _list(_at(told, "errors"))]
    named = properties if isinstance(properties, Mapping) else {}
    return any(map(_RECIPIENT.fullmatch, named)) or WITHOUT_RECIPIENT in inner


def _name(told: Any) -> str:
    """A report has it as the status's `name`, tracking as its `status`."""
    return _text(_at(told, "status", "name")) or _text(_at(told, "status", "status"))


def _at(told: Any, *path: str) -> Any:
    """The member at that path; None where there is none."""
    for member in path:
        told = told.get(member) if isinstance(told, Mapping) else None
    return told


def _list(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list) else ()


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _count(told: Any) -> int | None:
    return int(told) if isinstance(told, int | float) and 0 <= told <= MOST else None
