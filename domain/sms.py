"""What an SMS says, and how it is to be sent (contract.md §2.3)."""

from typing import Annotated

from pydantic import Field

from domain import gsm
from domain.fields import Flag, Label, Numeric
from domain.wire import Request


class UrlShortener(Request):
    """Asks the provider to shorten links; `url_validity` in seconds."""

    url_validity: Annotated[int, Field(ge=3600, le=2592000), Numeric] = 2592000


class IndiaRestrictions(Request):
    """What the Indian regulator wants registered."""

    template_id: str = Field(max_length=64)
    entity_id: str = Field(max_length=64)


class Restrictions(Request):
    """Registered identifiers that a country's regulator asks for."""

    india: IndiaRestrictions | None = None


class SmsMessage(Request):
    """An SMS's text; where `transcode` is absent the application's setting counts."""

    body: str = Field(max_length=10_000)
    flash: Flag = False
    label: Label | None = None
    transcode: Flag | None = None
    url_shortener: UrlShortener | None = Field(
        None, exclude=True, description="Read where the step has none"
    )

    @property
    def text(self) -> str:
        """What goes out: the body, transcoded if `transcode` is true."""
        return gsm.transcoded(self.body) if self.transcode else self.body

    @property
    def unicode(self) -> bool:
        """Whether the text needs UCS-2: it has a character that GSM 03.38 lacks."""
        return gsm.analysed(self.text).unicode

    @property
    def parts(self) -> int:
        """How many messages the text is sent and charged as."""
        return gsm.parts(self.text)
