"""Whom to call, what the call says, what to do when a machine answers (contract.md §2.5, §8)."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from domain import lenient
from domain.fields import Flag, Number, Numeric, SipAddress
from domain.wire import NOT_EMPTY, ClientUrl, HttpUrl, Request, kind_of

Language = Literal[
    "en-US", "de-DE", "fr-FR", "it-IT", "pt-BR", "es-ES", "es-LA",
    "en-GB", "el-GR", "bg-BG", "pl-PL", "hu-HU", "sv-SE", "ru-RU",
]  # fmt: skip

Repetitions = Annotated[int, Field(ge=0, le=10), Numeric]
Capitals = lenient.AnyCase(str.upper)


class Speech(Request):
    """What a SAY verb reads out."""

    text: str = Field(max_length=4000)
    language: Language
    gender: Literal["male", "female"] = "female"


class Say(Request):
    """Reads a text out, once and `repeat` times more."""

    type: Annotated[Literal["SAY"], Capitals]
    message: Speech
    repeat: Repetitions = 0
    barge_in: Flag = False


class Play(Request):
    """Plays a .wav file, once and `repeat` times more."""

    type: Annotated[Literal["PLAY"], Capitals]
    file_url: HttpUrl = Field(alias="fileURL")
    repeat: Repetitions = 0
    barge_in: Flag = False


Verb = Annotated[
    Annotated[Say, Tag("SAY")] | Annotated[Play, Tag("PLAY")],
    Discriminator(
        kind_of(str.upper),
        custom_error_type="type",
        custom_error_message="Input should be SAY or PLAY",
    ),
]


class DialPlan(Request):
    """The verbs of a call, run in order."""

    verbs: tuple[Verb, ...] = Field(max_length=20, json_schema_extra=NOT_EMPTY)


class MachineDetection(Request):
    """What to do when a machine answers; Continue asks `eventUrl` for another dial plan."""

    strategy: Literal["Hangup", "Continue"]
    event_url: ClientUrl | None = None

    @model_validator(mode="after")
    def _continues_somewhere(self) -> Self:
        if self.strategy == "Continue" and self.event_url is None:
            raise ValueError("eventUrl is required with the strategy Continue")
        return self


class CallTarget(Request):
    """Whom to call: exactly one of a number, a SIP address, a number with the Viber app."""

    phone: Number | None = None
    sip: SipAddress | None = Field(None, max_length=255)
    viber: Number | None = None

    @model_validator(mode="before")
    @classmethod
    def _number_alone(cls, data: Any) -> Any:
        return {"phone": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(target is not None for target in (self.phone, self.sip, self.viber)) != 1:
            raise ValueError("Give exactly one of phone, sip and viber")
        return self
