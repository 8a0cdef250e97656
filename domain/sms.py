"""What an SMS says, and how it is to be sent (contract.md §2.3)."""

from typing import Annotated

from pydantic import Field

from domain.fields import Integer, Label
from domain.wire import Request


class UrlShortener(Request):
    """Asks the provider to shorten links; `url_validity` in seconds."""

    url_validity: Annotated[Integer, Field(ge=3600, le=2592000)] = 2592000


class IndiaRestrictions(Request):
    """What the Indian regulator wants registered."""

    template_id: str = Field(max_length=64)
    entity_id: str = Field(max_length=64)


class Restrictions(Request):
    """Registered identifiers that a country's regulator asks for."""

    india: IndiaRestrictions | None = None


class SmsMessage(Request):
    """An SMS's text."""

    body: str = Field(max_length=10_000)
    flash: bool = False
    label: Label | None = None
    transcode: bool | None = None
