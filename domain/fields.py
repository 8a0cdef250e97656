"""The types of single members of a request: what each may hold, and how it is said."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from domain import lenient, recipient
from domain.wire import not_boolean


def _uuid(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        raise ValueError("Input should be a UUID")
    return text


def _number(text: str) -> str:
    recipient.e164(text)
    return text


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _one_sentence(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:  # one for each member of the union, with its name in the path
        raise ValueError(
            "Input should be a text of at most 1000 characters, a number, or true or false"
        ) from None


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if not isinstance(value, bool):
        raise ValueError("Input should be true or false")
    return value


def _matching(pattern: str, sentence: str) -> AfterValidator:
    form = re.compile(pattern)

    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(sentence)
        return text

    return AfterValidator(check)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema(lenient.text(pattern))


_SENDER = r"[0-9]{1,16}|[A-Za-z0-9 ]{1,11}"
_CALLER = r"\+?[0-9]{1,16}|[A-Za-z0-9 ]{1,11}"
_LANGUAGE = r"[A-Za-z]{2,5}|[A-Za-z]{2,3}[_-][A-Za-z]{1,2}"
_ONE_LINE = r"[^\r\n]*"

Number = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_number),
    Field(description="E.164; the + and spaces are optional", examples=["+306900000101"]),
]
Sender = Annotated[
    str,
    _matching(_SENDER, "Input should be up to 16 digits, or up to 11 letters, digits and spaces"),
    _schema(_SENDER),
]
Caller = Annotated[
    str,
    _matching(_CALLER, "Input should be a number, or up to 11 letters, digits and spaces"),
    _schema(_CALLER),
]
TemplateLanguage = Annotated[
    str,
    _matching(_LANGUAGE, "Input should be a language code of 2 to 5 letters"),
    _schema(_LANGUAGE),
]
Label = Annotated[
    str,
    StringConstraints(max_length=350),
    _matching(_ONE_LINE, "Input should be one line"),
    Field(json_schema_extra={"pattern": f"^{_ONE_LINE}$"}),
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Numeric = BeforeValidator(not_boolean)
"""Stands after a number's bounds: before them it would hide them from the schema."""
Plain = PlainSerializer(_plain)
"""A Decimal in answers: a number, whole where it can be."""
Spelled = lenient.AnyCase(str.capitalize)
Uuid = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
SipAddress = Annotated[str, AfterValidator(recipient.sip_address)]
TemplateParam = Annotated[
    Annotated[bool, Strict()]
    | Annotated[int, Strict(), Field(gt=-(10**50), lt=10**50)]  # a template takes 50 digits
    | Annotated[float, Strict(), Field(allow_inf_nan=False)]  # JSON could not hold them
    | Annotated[str, StringConstraints(max_length=1000)],
    WrapValidator(_one_sentence),
]
