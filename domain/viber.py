"""What a free-form Viber message holds, and which parts go together (contract.md §2.4)."""

import re
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from domain import lenient
from domain.fields import Numeric, Plain
from domain.wire import HttpsUrl, Request

FILE_TYPES = (
    "doc", "docx", "rtf", "dot", "dotx", "odt", "odf", "fodt", "txt", "info",
    "pdf", "xps", "pdax", "eps",
    "xls", "xlsx", "ods", "fods", "csv", "xlsm", "xltx",
)  # fmt: skip

LAYOUTS = frozenset(
    map(
        frozenset,
        (
            {"text"},
            {"image"},
            {"file"},
            {"text", "button"},
            {"text", "image", "button"},
            {"video"},
            {"video", "text"},
            {"video", "text", "button"},
        ),
    )
)
"""The parts that Viber shows together; every other combination is refused."""

BAD_LAYOUT = "layout"
"""Type of the error that says so: it has a code of its own on the wire."""


def _file_type(word: str) -> str:
    if word.strip().removeprefix(".").lower() not in FILE_TYPES:
        raise ValueError(f"Input should be one of {' '.join(FILE_TYPES)}")
    return word


def _link(address: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", address) or not address.isprintable():
        raise ValueError("Input should be an absolute URL")
    return address


FileType = Annotated[
    str,
    AfterValidator(_file_type),
    WithJsonSchema({"type": "string", "enum": list(FILE_TYPES)}),
    lenient.Also(lenient.text(r"\s*\.?[A-Za-z]{3,4}\s*")),
]
"""With or without a dot, in any case."""

Link = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2048),
    AfterValidator(_link),
    Field(json_schema_extra={"pattern": r"^\s*[A-Za-z][A-Za-z0-9+.-]*:\S"}),
]
"""Where a button leads: a page, or an app that the telephone opens."""


class Action(Request):
    """A button under the message."""

    caption: str = Field(max_length=30)
    target_url: Link


class ViberFile(Request):
    """A document."""

    file_name: str = Field(max_length=25)
    file_type: FileType
    file_url: HttpsUrl


class ViberVideo(Request):
    """A video; `file_size` in megabytes, `duration` in seconds."""

    video_url: HttpsUrl
    video_thumbnail: HttpsUrl
    file_size: Annotated[Decimal, Field(gt=0, le=200), Numeric, Plain]
    duration: Annotated[Decimal, Field(gt=0, le=600), Numeric, Plain]


class ViberContent(Request):
    """The message's parts; at least one is there, and together they are a layout of Viber's."""

    text: str | None = Field(None, max_length=1000)
    image_url: HttpsUrl | None = None
    action: Action | None = None
    viber_file: ViberFile | None = None
    viber_video: ViberVideo | None = None

    @model_validator(mode="after")
    def _in_a_known_layout(self) -> Self:
        parts: dict[str, Any] = {
            "text": self.text,
            "image": self.image_url,
            "button": self.action,
            "file": self.viber_file,
            "video": self.viber_video,
        }
        if frozenset(name for name, part in parts.items() if part is not None) not in LAYOUTS:
            raise PydanticCustomError(BAD_LAYOUT, "Invalid viber message type combination")
        return self
