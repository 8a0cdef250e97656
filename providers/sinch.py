"""Sinch: Sms by its SMS API, Viber templates by its Conversation API, calls by its Voice API 2.0.

One key of a project opens all three (docs/providers/sinch.md). Source: its Python SDK 2.3.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, Field, SecretStr

from domain.channels import Sms, ViberTemplate, Voice
from domain.status import Channel
from providers import sinch_bodies as bodies
from providers.base import Capabilities, Content, Outgoing, Reply, StatusWord
from providers.configuration import BaseUrl, Configuration
from providers.credentials import ClientCredentials
from providers.exchange import HttpAnswer, HttpRequest, RawReport
from providers.outcomes import REJECTED, Accepted, CannotCarry, MaybeSent, SendOutcome
from providers.sinch_replies import replied
from providers.sinch_signatures import call_signed, message_signed
from providers.sinch_words import asked, kind, reported

ID: Mapping[Channel, str] = {
    Channel.SMS: "id",
    Channel.VIBER: "message_id",
    Channel.VOICE: "sessionId",
}
"""Where the answer to an accept has the provider's own id."""


def _base64(secret: SecretStr) -> SecretStr:
    try:
        base64.b64decode(secret.get_secret_value(), validate=True)
    except ValueError:
        raise ValueError("Input should be Base64, as Sinch shows it") from None
    return secret


Name = Annotated[str, Field(pattern=r"^[\w.-]+$")]
"""An id of Sinch's; it stands in addresses."""


class Config(Configuration):
    """A project at Sinch, and what of it is used."""

    project_id: Name
    key_id: str = Field(description="of an access key of the project")
    key_secret: SecretStr
    auth_url: BaseUrl = "https://auth.sinch.com"
    sms_url: BaseUrl = Field(
        default="https://zt.eu.sms.api.sinch.com",
        description="by the project's region: zt.eu, zt.us",
    )
    sms_secret: SecretStr | None = Field(
        default=None, description="signs Sms reports, if the account has that"
    )
    app_id: str | None = Field(
        default=None, description="of the Conversation API; without it no Viber"
    )
    conversation_url: BaseUrl = Field(
        default="https://eu.conversation.api.sinch.com", description="by the app's region"
    )
    conversation_secret: SecretStr | None = Field(
        default=None, description="the app's secret_for_overridden_callback_urls"
    )
    voice_service_id: Name | None = Field(
        default=None, description="of the Voice API 2.0; without it no calls"
    )
    voice_url: BaseUrl = "https://voice.api.sinch.com"
    voice_secret: Annotated[SecretStr, AfterValidator(_base64)] | None = Field(
        default=None, description="the voice service's secret, in Base64"
    )
    ringing: int = Field(default=60, ge=5, le=300, description="seconds that a call rings at most")

    @property
    def contents(self) -> frozenset[Content]:
        """What this project carries."""
        has = {
            Content.SMS: True,
            Content.TEMPLATE: self.app_id,
            Content.CALL: self.voice_service_id,
        }
        return frozenset(content for content, there in has.items() if there)

    @property
    def addresses(self) -> Sequence[str]:
        """Those of what it carries."""
        return (
            self.auth_url,
            self.sms_url,
            *([self.conversation_url] if self.app_id else []),
            *([self.voice_url] if self.voice_service_id else []),
        )

    @property
    def signing(self) -> Mapping[str, bool]:
        """One for each kind of report that can come."""
        return {
            "sms_secret": bool(self.sms_secret),
            **({"conversation_secret": bool(self.conversation_secret)} if self.app_id else {}),
            **({"voice_secret": bool(self.voice_secret)} if self.voice_service_id else {}),
        }


class Sinch:
    """Talks to Sinch."""

    name = "sinch"
    capabilities: Capabilities

    def __init__(self, config: Config) -> None:
        self._config = config
        self.capabilities = Capabilities(
            config.contents,
            # A message of the Conversation API can be fetched, but its status is not in it.
            asks=frozenset(c.channel for c in config.contents) - {Channel.VIBER},
            seen=Content.TEMPLATE in config.contents,
            spans=bodies.SPANS,
            rate=config.rate,
            signed=config.signed,
        )
        self.credentials = ClientCredentials(
            f"{config.auth_url}/oauth2/token", config.key_id, config.key_secret.get_secret_value()
        )

    def build_request(self, outgoing: Outgoing) -> HttpRequest:
        """A batch, a message or a session: one recipient each."""
        config, content = self._config, outgoing.content
        match content:
            case Sms():
                return HttpRequest.json(self._batches, bodies.batch(outgoing, content))
            case ViberTemplate() if config.app_id:
                url = f"{config.conversation_url}/v1/projects/{config.project_id}/messages:send"
                return HttpRequest.json(url, bodies.template(outgoing, content, config.app_id))
            case Voice() if config.voice_service_id:
                url = f"{self._voice}/calls?{urlencode({'serviceId': config.voice_service_id})}"
                return HttpRequest.json(url, bodies.call(outgoing, content, config.ringing))
        raise CannotCarry("this project has no form for it")

    def read_answer(self, answer: HttpAnswer, channel: Channel) -> SendOutcome:
        """2xx carries the id; a 4xx says nothing of the recipient that could be relied on."""
        if answer.status >= 400:
            return REJECTED
        told = answer.json()
        found = told.get(ID[channel]) if isinstance(told, Mapping) else None
        if isinstance(found, str) and found:
            return Accepted(found)
        return MaybeSent("unreadable answer")

    def verify_report(self, report: RawReport) -> bool:
        """By the secret for reports of its shape; without one the address is all the proof."""
        config = self._config
        match kind(report.json()):
            case Channel.SMS if config.sms_secret:
                return message_signed(config.sms_secret.get_secret_value(), report)
            case Channel.VIBER if config.conversation_secret:
                return message_signed(config.conversation_secret.get_secret_value(), report)
            case Channel.VOICE if config.voice_service_id and config.voice_secret:
                secret = config.voice_secret.get_secret_value()
                return call_signed(config.voice_service_id, secret, report)
        return True

    def read_reports(self, report: RawReport) -> Sequence[StatusWord]:
        """One a request, in the form of the API that it comes from."""
        return reported(report.json())

    def verify_inbound(self, inbound: RawReport) -> bool:
        """By the app's secret; without one nothing proves that it is Sinch's."""
        secret = self._config.conversation_secret
        return secret is not None and message_signed(secret.get_secret_value(), inbound)

    def read_replies(self, inbound: RawReport) -> Sequence[Reply]:
        """One a request."""
        return replied(inbound.json())

    def replied_to(self, sender: str) -> str:
        """By the app: it has one Viber sender, whose name neither requests nor replies tell."""
        return self._config.app_id or ""

    def build_query(self, message_id: str, reference: str, channel: Channel) -> HttpRequest:
        """GET the delivery report of an Sms's batch, or the session of a call."""
        name = quote(message_id, safe="")
        if channel is Channel.SMS:
            return HttpRequest("GET", f"{self._batches}/{name}/delivery_report")
        return HttpRequest("GET", f"{self._voice}/sessions/{name}")

    def read_query(self, answer: HttpAnswer, channel: Channel) -> Sequence[StatusWord]:
        """Of one recipient, of one call."""
        return asked(answer.json())

    @property
    def _batches(self) -> str:
        return f"{self._config.sms_url}/xms/v1/{self._config.project_id}/batches"

    @property
    def _voice(self) -> str:
        return f"{self._config.voice_url}/v2/projects/{self._config.project_id}"
