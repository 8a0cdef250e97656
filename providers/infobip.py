"""Infobip: Sms, Viber templates and free-form messages, calls (docs/providers/infobip.md).

Source: Infobip's OpenAPI document 3.210 (July 2026), its official Python client 6.0.0, which the
tests hold our bodies against, and its page of status and error codes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from domain.channels import Sms, ViberMessage, ViberTemplate, Voice
from domain.status import SUCCESSES, UNDER_WAY, Channel
from providers import infobip_bodies as bodies
from providers.base import BadReport, Capabilities, Content, Outgoing, Span, StatusWord
from providers.configuration import BaseUrl, Configuration
from providers.credentials import Fixed
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.infobip_statuses import (
    DUPLICATE,
    FOR_THE_RECIPIENT,
    SEEN,
    TAKEN,
    Code,
    meaning,
)
from providers.outcomes import REJECTED, Accepted, CannotCarry, MaybeSent, Refused, SendOutcome
from providers.unknown import unknown

TWO_DAYS = 172800

SPANS: Mapping[Channel, Span] = {
    Channel.SMS: Span(1, TWO_DAYS),
    Channel.VIBER: Span(30, TWO_DAYS),  # Viber itself takes no less
    Channel.VOICE: Span(60, TWO_DAYS, unit=60),
}

SENDS: Mapping[Channel, str] = {
    Channel.SMS: "/sms/3/messages",
    Channel.VIBER: "/viber/2/messages",
    Channel.VOICE: "/tts/3/advanced",
}

# Not their /reports, which tell each report once only, and none that was posted.
LOGS: Mapping[Channel, str] = {
    Channel.SMS: "/sms/3/logs",
    Channel.VIBER: "/viber/2/logs",
    Channel.VOICE: "/tts/3/logs",
}

ACCEPT = {"accept": "application/json"}

NO_CODE = -1
"""What is no number is none of their codes."""

MALFORMED = (KeyError, IndexError, TypeError, AttributeError)
"""What reading JSON of another form raises."""


class Config(Configuration):
    """How to reach Infobip."""

    base_url: BaseUrl = Field(
        description="the account's own address, such as https://xyz123.api.infobip.com"
    )
    api_key: SecretStr = Field(description="a key that may send and read logs")
    text_label: Literal["TRANSACTIONAL", "PROMOTIONAL"] = Field(
        default="TRANSACTIONAL", description="the label of Viber texts that are no templates"
    )


class Infobip:
    """Talks to Infobip's API."""

    name = "infobip"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self.capabilities = Capabilities(
            frozenset(Content),
            deduplicates=True,
            asks=frozenset(Channel),
            seen=True,
            spans=SPANS,
            rate=config.rate,
        )
        self.credentials = Fixed({"authorization": f"App {config.api_key.get_secret_value()}"})

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """A POST of one message. Its id is our reference: Infobip takes no id twice."""
        url = self._config.base_url + SENDS[outgoing.content.channel]
        return HttpRequest.json(url, self._body(outgoing), ACCEPT)

    def _body(self, outgoing: Outgoing) -> bodies.Body:
        validity = SPANS[outgoing.content.channel].fit(outgoing.validity)
        match outgoing.content:
            case Sms() as content:
                return bodies.sms(outgoing, content, validity)
            case ViberTemplate() as content:
                return bodies.template(outgoing, content, validity)
            case ViberMessage() as content:
                return bodies.free_form(outgoing, content, validity, self._config.text_label)
            case Voice() as content:
                return bodies.call(outgoing, content, validity)
        raise CannotCarry("a step of an unknown kind")

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """A 2xx may refuse: the message's own status tells. A 4xx is our mistake.

        That its id was there already means that an attempt before this one was accepted.
        """
        if answer.status >= 400:
            return REJECTED
        try:
            message = answer.json()["messages"][0]
            code, message_id = _code(message), _message_id(message)
            word = meaning(channel, code)
        except MALFORMED:
            return MaybeSent("unreadable answer")
        if code.status == DUPLICATE or code.group in TAKEN:
            return Accepted(message_id)
        if word is None or word.status in SUCCESSES | UNDER_WAY:
            unknown(self.name, _named(message))
            return MaybeSent("unknown status")
        return Refused(word.status, word.reason, our_fault=code.status not in FOR_THE_RECIPIENT)

    def verify_report(self, report: RawReport) -> bool:
        """The address's token is all the proof there is: such reports bear no signature."""
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """One request may hold many; that a Viber message was read has a form of its own."""
        try:
            return tuple(self._words(report.json()["results"]))
        except MALFORMED:
            raise BadReport("not a report of Infobip") from None

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """GET of the logs by our reference, which is known even where no answer came."""
        query = urlencode({"messageId": reference})
        url = f"{self._config.base_url}{LOGS[channel]}?{query}"
        return HttpRequest("GET", url, headers=ACCEPT)

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """Logs read as reports do, but for the channel, which they do not name."""
        try:
            return tuple(self._words(answer.json()["results"], channel))
        except MALFORMED:
            return ()

    def _words(
        self, results: Sequence[Any], channel: Channel | None = None
    ) -> Iterator[StatusWord]:
        for result in results:
            word = self._word(result, channel or _channel(result))
            if word is not None:
                yield word

    def _word(self, result: Mapping[str, Any], channel: Channel) -> StatusWord | None:
        if result.get("seenAt"):
            return replace(SEEN, message_id=_message_id(result))
        code = _code(result)
        if code.status == DUPLICATE:
            return None
        call = result.get("voiceCall") or {}
        word = meaning(channel, code, machine=call.get("answeredBy") == "MACHINE")
        if word is None:
            unknown(self.name, _named(result))
            return None
        duration = call.get("duration", result.get("duration"))
        return replace(
            word,
            message_id=_message_id(result),
            duration=duration if isinstance(duration, int) else None,
        )


def _channel(result: Mapping[str, Any]) -> Channel:
    """The channel that we gave its message to carry; an Sms where that was lost."""
    if "voiceCall" in result:
        return Channel.VOICE
    return next((each for each in Channel if each == result.get("callbackData")), Channel.SMS)


def _code(told: Mapping[str, Any]) -> Code:
    status = told["status"]
    error: Mapping[str, Any] = told.get("error") or {}
    return Code(_number(status.get("groupId")), _number(status.get("id")), _number(error.get("id")))


def _number(told: object) -> int:
    return told if isinstance(told, int) else NO_CODE


def _named(told: Mapping[str, Any]) -> str:
    status = told["status"]
    return str(status.get("name") or status.get("id"))


def _message_id(told: Mapping[str, Any]) -> str:
    return str(told.get("messageId") or "")[:64]
