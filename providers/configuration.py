"""What every provider's settings have."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from limits import parse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _rate(value: str) -> str:
    try:
        parse(value)
    except ValueError:
        raise ValueError("Input should be like 3/second or 100/minute") from None
    return value


def _address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("Input should begin with https:// or http://")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_address)]
"""Where a provider is reached, without a final slash."""


class Configuration(BaseModel):
    """Inherit for each provider; every member is a setting, FAILOVER_<PROVIDER>_<MEMBER>."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rate: Annotated[str, AfterValidator(_rate)] | None = Field(
        default=None, description="how fast it may be asked by each worker, such as 3/second"
    )

    @property
    def addresses(self) -> Sequence[str]:
        """Where the provider is spoken to: every member that is called …url."""
        urls = (value for name, value in self if name.endswith("url") and value)
        return tuple(dict.fromkeys(urls))

    @property
    def signing(self) -> Mapping[str, bool]:
        """The secrets that it may sign reports with, and whether each is set; most sign nothing."""
        return {}

    @property
    def signed(self) -> bool:
        """Whether every report is checked for the provider's own signature."""
        return bool(self.signing) and all(self.signing.values())
