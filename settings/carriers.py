"""Who carries messages: the settings of providers, and the providers by them."""

from pydantic import Field
from pydantic_settings import BaseSettings

from domain.status import Channel
from providers.base import Provider
from providers.configuration import Configuration
from providers.infobip import Config as InfobipConfig
from providers.infobip import Infobip
from providers.kannel import Config as KannelConfig
from providers.kannel import Kannel
from providers.receipts import Receipts
from providers.registry import Providers
from providers.routee import Config as RouteeConfig
from providers.routee import Routee
from providers.routes import Routes
from providers.sandbox import Sandbox
from providers.sinch import Config as SinchConfig
from providers.sinch import Sinch
from providers.twilio import Config as TwilioConfig
from providers.twilio import Twilio
from providers.vonage import Config as VonageConfig
from providers.vonage import Vonage
from settings.forms import Route, SilentTable


class Carriers(BaseSettings):
    """The part of the settings that says who carries messages."""

    sandbox_url: str = "http://127.0.0.1:8090"
    sandbox_dedupes: bool = Field(
        default=True, description="whether the sandbox takes the same reference for one message"
    )
    infobip: InfobipConfig | None = Field(default=None, description="docs/providers/infobip.md")
    kannel: KannelConfig | None = Field(default=None, description="docs/providers/kannel.md")
    routee: RouteeConfig | None = Field(default=None, description="docs/providers/routee.md")
    sinch: SinchConfig | None = Field(default=None, description="docs/providers/sinch.md")
    twilio: TwilioConfig | None = Field(default=None, description="docs/providers/twilio.md")
    vonage: VonageConfig | None = Field(default=None, description="docs/providers/vonage.md")
    sms_providers: Route | None = Field(
        default=None,
        description="who sends Sms, first choice first, such as infobip,kannel; +30: kannel",
    )
    viber_providers: Route | None = Field(default=None, description="who sends Viber messages")
    voice_providers: Route | None = Field(default=None, description="who makes calls")
    pinned_provider: str | None = Field(
        default=None, description="use this one alone wherever it stands in a route"
    )
    without_receipts: SilentTable | None = Field(
        default=None,
        description="where receipts never come, and what an accepted message counts as there, "
        "such as kannel US: delivered; vonage *: failover",
    )

    def receipts(self) -> Receipts:
        """Where no receipts come."""
        return Receipts.read(self.without_receipts or "")

    def providers(self) -> Providers:
        """Every provider that is set up; the sandbox where it is named, or nobody else is there.

        Raises:
            Misrouted: a route, or the pin, names one that is not among them.
        """
        routes = {
            channel: Routes.read(route)
            for channel, route in (
                (Channel.SMS, self.sms_providers),
                (Channel.VIBER, self.viber_providers),
                (Channel.VOICE, self.voice_providers),
            )
            if route
        }
        found = self.brands()
        if not found or any(Sandbox.name in route.every for route in routes.values()):
            found.append(Sandbox(self.sandbox_url, self.sandbox_dedupes))
        return Providers(found, routes, self.pinned_provider)

    def configured(self) -> dict[str, Configuration]:
        """How each provider that is set up is reached, but for the sandbox."""
        return {name: value for name, value in self if isinstance(value, Configuration)}

    def brands(self) -> list[Provider]:
        """Those providers."""
        found = (
            self.infobip and Infobip(self.infobip),
            self.kannel and Kannel(self.kannel),
            self.routee and Routee(self.routee),
            self.sinch and Sinch(self.sinch),
            self.twilio and Twilio(self.twilio),
            self.vonage and Vonage(self.vonage),
        )
        return [each for each in found if each]
