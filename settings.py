"""Every value that differs between deployments, from the environment (FAILOVER_…).

The Temporal client has the SDK's own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …
"""

from collections.abc import Callable
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from limits import parse_many
from pydantic import AfterValidator, Field, FilePath, IPvAnyAddress, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from domain.status import Channel
from egress.reach import PORTS, Reach, allowed_ports, opened_networks
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
from storage.keys import BadKeys, Keyring


def _rate(value: str) -> str:
    try:
        (rate,) = parse_many(value)
    except ValueError:
        rate = None
    if rate is None or rate.amount < 1:
        raise PydanticCustomError("rate", "Input should be like 100/second or 10/minute")
    return value


def _networks(value: str) -> str:
    try:
        known = [ip_network(each.strip()) for each in value.split(",")]
    except ValueError:
        raise PydanticCustomError(
            "networks", "Input should be addresses or networks, such as 10.1.2.3,172.16.0.0/12"
        ) from None
    return ",".join(str(each) for each in known)


def _read_by(reader: Callable[[str], object]) -> AfterValidator:
    """Refuses a text that the reader does, with the reader's sentence."""

    def check(value: str) -> str:
        try:
            reader(value)
        except ValueError as found:
            raise PydanticCustomError("unreadable", "{why}", {"why": str(found)}) from None
        return value

    return AfterValidator(check)


Rate = Annotated[str, AfterValidator(_rate)]
Route = Annotated[str, _read_by(Routes.read)]
SilentTable = Annotated[str, _read_by(Receipts.read)]
Networks = Annotated[str, AfterValidator(_networks)]
Opened = Annotated[str, _read_by(opened_networks)]
Ports = Annotated[str, _read_by(allowed_ports)]


class Located(BaseSettings):
    """Where there are more settings."""

    model_config = SettingsConfigDict(env_prefix="FAILOVER_", env_ignore_empty=True)

    config: FilePath | None = None


class Settings(BaseSettings):
    """What a deployment sets. Only composition roots read it."""

    model_config = SettingsConfigDict(
        env_prefix="FAILOVER_",
        env_ignore_empty=True,
        # FAILOVER_KANNEL_URL is the member `url` of `kannel`.
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        hide_input_in_errors=True,
    )

    config: FilePath | None = Field(
        default=None, description="a TOML file with settings; what the environment says comes first"
    )
    data_dir: Path = Field(
        default=Path(".failover"), description="where the embedded database and keys live"
    )
    database_url: str | None = Field(
        default=None, description="postgresql+psycopg://…; without it SQLite in the data directory"
    )
    keys: SecretStr | None = Field(
        default=None, description="master keys, kid:base64 of 32 bytes, newest first, with commas"
    )
    keys_file: Path | None = Field(default=None, description="a file that holds the same")
    report_url: str = Field(
        default="http://127.0.0.1:8080",
        description="where providers reach us with delivery reports, without a final slash",
    )
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    sandbox_host: str = "127.0.0.1"
    sandbox_port: int = 8090
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
    gateway_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="believe a gateway that knows this secret in who calls",
    )
    gateway_account_header: str = Field(
        default="X-Account-Id", description="where the gateway says which account calls"
    )
    gateway_application_header: str = Field(
        default="X-Application-Id", description="where it says which application"
    )
    gateway_roles_header: str = Field(
        default="X-Roles", description="where it says with which roles"
    )
    demonstration: bool = Field(
        default=False,
        description="bootstrap enters the demonstration's accounts; their secrets are public",
    )
    docs: bool = Field(default=False, description="serve /docs and /openapi.json: in development")
    rate_limit: Rate | None = Field(
        default=None, description="requests of one account, such as 100/second; without it none"
    )
    token_rate_limit: Rate | None = Field(
        default=None, description="requests for a token from one address, such as 10/minute"
    )
    rate_limit_storage: str = Field(
        default="memory://", description="where the requests are counted, if not in each process"
    )
    trusted_proxies: Networks | None = Field(
        default=None, description="whose X-Forwarded-For is believed: addresses, networks, commas"
    )
    egress_ports: Ports = Field(
        default=",".join(map(str, sorted(PORTS))),
        description="the ports of clients' addresses that are called",
    )
    egress_allow_cidrs: Opened = Field(
        default="",
        description="networks, besides the public internet, where they may lead, on any port",
    )
    metrics_host: IPvAnyAddress = Field(
        default=IPv4Address("127.0.0.1"), description="where metrics are served, on both ports"
    )
    metrics_port: int | None = Field(
        default=None, description="our own metrics, for Prometheus; without it they are not served"
    )
    temporal_metrics_port: int | None = Field(
        default=None, description="the Temporal SDK's metrics; without it they are not served"
    )
    temporal_cli: Path | None = Field(
        default=None, description="the Temporal CLI to use for the embedded engine"
    )
    build: str = Field(default="development", description="the worker's build, shown in the UI")
    log_format: Literal["console", "json"] = "json"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then the file that it names."""
        file = Located().config
        more = (TomlConfigSettingsSource(settings_cls, file),) if file else ()
        return init_settings, env_settings, *more

    @property
    def temporal_metrics(self) -> str | None:
        """The address of the Temporal SDK's metrics, if they are served."""
        host = self.metrics_host
        shown = f"[{host}]" if host.version == 6 else str(host)
        return f"{shown}:{self.temporal_metrics_port}" if self.temporal_metrics_port else None

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'failover.db'}"

    @property
    def embedded_keys_file(self) -> Path:
        """Where an embedded installation keeps its keys."""
        return self.data_dir / "keys"

    @property
    def public_url(self) -> str:
        """Where providers reach us, without a final slash."""
        return self.report_url.rstrip("/")

    def reach(self) -> Reach:
        """Where clients' addresses may lead."""
        return Reach(allowed_ports(self.egress_ports), opened_networks(self.egress_allow_cidrs))

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

    def keyring(self) -> Keyring:
        """The master keys.

        Raises:
            BadKeys: there are none, or they cannot be read; the message says what to do.
        """
        if self.keys:
            return Keyring.parse(self.keys.get_secret_value())
        file = self.keys_file or self.embedded_keys_file
        if not file.exists():
            raise BadKeys(
                f"no keys: set FAILOVER_KEYS or FAILOVER_KEYS_FILE, or let `failover dev` make "
                f"{file}"
            )
        return Keyring.parse(file.read_text(encoding="ascii"))
