"""Every value that differs between deployments, from the environment (FAILOVER_…).

The Temporal client has the SDK's own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …
"""

from collections.abc import Collection
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from pydantic import Field, FilePath, IPvAnyAddress, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from egress.reach import PORTS, Reach, allowed_ports, opened_networks
from settings.carriers import Carriers
from settings.forms import Networks, Opened, Ports, Rate
from storage.keys import BadKeys, Keyring


class Located(BaseSettings):
    """Where there are more settings."""

    model_config = SettingsConfigDict(env_prefix="FAILOVER_", env_ignore_empty=True)

    config: FilePath | None = None


class Settings(Carriers):
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
    held_patches: str = Field(
        default="",
        description="patches of the workflow that no flow begins with yet, with commas: "
        "docs/upgrades.md",
    )
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
    def held(self) -> Collection[str]:
        """The patches that are held back."""
        return frozenset(filter(None, map(str.strip, self.held_patches.split(","))))

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
