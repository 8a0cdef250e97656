"""The one model configuration: camelCase outside, frozen, tolerant of unknown members."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from domain import lenient
from domain.address import LONGEST, Address


def milliseconds(moment: datetime) -> datetime:
    """Cut to the precision that travels, so that a moment equals itself after a round trip."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as the contract shows it: 2026-09-01T08:15:30.120Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]


class Wire(BaseModel):
    """What travels: through Temporal, to a client, to a table."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )


class Request(Wire):
    """What a client sends: blank members count as absent (contract.md §1.4, §2.4)."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if not is_blank(value)}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        if handler.mode == "validation":
            lenient.tolerate(described, handler)
        return described


def is_blank(value: object) -> bool:
    """Whether typed clients mean "nothing" by it: null, "", [], {} and objects of only these."""
    match value:
        case None:
            return True
        case str():
            return not value.strip()
        case Mapping():
            return all(is_blank(member) for member in value.values())
        case list():
            return not value
        case _:
            return False


NOT_EMPTY: dict[str, JsonValue] = {"minItems": 1}
"""For the schema of a required list: an empty one is blank, so absent. `min_length` would count
after validation, and say of a list with one wrong member that it is empty."""


def not_boolean(value: Any) -> Any:
    """Guard of numbers: Python counts true as 1, and reads 1_000; the wire does not."""
    strange = isinstance(value, str) and not re.fullmatch(lenient.NUMBER, value)
    if isinstance(value, bool) or strange:
        raise ValueError("Input should be a number")
    return value


def kind_of(spelling: Callable[[str], str]) -> Callable[[Any], str | None]:
    """The `type` member in its canonical spelling: what tells the members of a union apart."""

    def kind(data: Any) -> str | None:
        name = data.get("type") if isinstance(data, Mapping) else getattr(data, "type", None)
        return spelling(name) if isinstance(name, str) else None

    return kind


def _http_url(url: str) -> str:
    try:
        AnyHttpUrl(url)
    except ValidationError:
        raise ValueError("Input should be an absolute http or https URL") from None
    if not url.isprintable():
        raise ValueError("Input should be a URL without control characters")
    return url


_CLIENT_URL = (
    r"^[\s\x1c-\x1f\x85]*[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@\\%]+([/?][^\s#\\]*)?[\s\x1c-\x1f\x85]*$"
)

HttpUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2048),
    AfterValidator(_http_url),
    Field(json_schema_extra={"pattern": r"^\s*[Hh][Tt][Tt][Pp][Ss]?:"}),
]
"""An absolute http or https address that others fetch, kept as the client wrote it."""

KEPT: Mapping[str, bool] = {"kept": True}
"""The context in which what was accepted earlier is read: under the rules of its time."""


def _client_url(url: str, info: ValidationInfo) -> str:
    try:
        Address.read(url)
    except ValueError:
        if info.context != KEPT:
            raise
        _http_url(url)
    return url


ClientUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST),
    AfterValidator(_client_url),
    Field(
        description="Absolute http or https, of the public internet; no user name, no fragment",
        json_schema_extra={"pattern": _CLIENT_URL},
    ),
]
"""An address that we call, kept as the client wrote it."""


def _https(url: str) -> str:
    if not url.lower().startswith("https://"):
        raise ValueError("Input should be an https URL")
    return url


HttpsUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000),
    AfterValidator(_https),
    AfterValidator(_http_url),
    Field(json_schema_extra={"pattern": r"^\s*[Hh][Tt][Tt][Pp][Ss]://"}),
]
"""An https address of a picture, a video or a document, kept as the client wrote it."""


def _refuse(sentence: str) -> Callable[[Any], Any]:
    def refuse(value: Any) -> Any:
        raise ValueError(sentence)

    return refuse


def forbidden(sentence: str) -> BeforeValidator:
    """Refuses a member that belongs elsewhere, with the sentence that says where."""
    return BeforeValidator(_refuse(sentence))
