"""What a call says: SAY and PLAY verbs, and what to do when a machine answers (contract.md §8)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from domain.wire import NOT_EMPTY, HttpUrl, Request, kind_of, not_boolean

Language = Literal[
    "en-US", "de-DE", "fr-FR", "it-IT", "pt-BR", "es-ES", "es-LA",
    "en-GB", "el-GR", "bg-BG", "pl-PL", "hu-HU", "sv-SE", "ru-RU",
]  # fmt: skip


Repetitions = Annotated[int, BeforeValidator(not_boolean), Field(ge=0, le=10)]


def _capitals(word: Any) -> Any:
    return word.upper() if isinstance(word, str) else word


class Speech(Request):
    """What a SAY verb reads out."""

    text: str = Field(max_length=4000)
    language: Language
    gender: Literal["male", "female"] = "female"


class Say(Request):
    """Reads a text out, once and `repeat` times more."""

    type: Annotated[Literal["SAY"], BeforeValidator(_capitals)]
    message: Speech
    repeat: Repetitions = 0
    barge_in: bool = False


class Play(Request):
    """Plays a .wav file, once and `repeat` times more."""

    type: Annotated[Literal["PLAY"], BeforeValidator(_capitals)]
    file_url: HttpUrl = Field(alias="fileURL")
    repeat: Repetitions = 0
    barge_in: bool = False


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
    event_url: HttpUrl | None = None

    @model_validator(mode="after")
    def _continues_somewhere(self) -> "MachineDetection":
        if self.strategy == "Continue" and self.event_url is None:
            raise ValueError("eventUrl is required with the strategy Continue")
        return self
