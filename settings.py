"""Every value that differs between deployments, from the environment (FAILOVER_…).

The Temporal client has the SDK's own settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, …
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.keys import BadKeys, Keyring


class Settings(BaseSettings):
    """What a deployment sets. Only composition roots read it."""

    model_config = SettingsConfigDict(
        env_prefix="FAILOVER_", frozen=True, hide_input_in_errors=True
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
    demonstration: bool = Field(
        default=False, description="load the demonstration's accounts; their secrets are public"
    )
    temporal_cli: Path | None = Field(
        default=None, description="the Temporal CLI to use for the embedded engine"
    )
    build: str = Field(default="development", description="the worker's build, shown in the UI")
    log_format: Literal["console", "json"] = "json"

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'failover.db'}"

    @property
    def embedded_keys_file(self) -> Path:
        """Where an embedded installation keeps its keys."""
        return self.data_dir / "keys"

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
