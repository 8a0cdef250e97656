"""The types of single members of a request: what each may hold, and how it is said."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from domain import recipient
from domain.wire import not_boolean


def _uuid(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        raise ValueError("Input should be a UUID")
    return text


def _number(text: str) -> str:
    recipient.e164(text)
    return text


def _minutes(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _one_sentence(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:  # one for each member of the union, with its name in the path
        raise ValueError(
            "Input should be a text of at most 1000 characters, a number, or true or false"
        ) from None


def _capitalised(word: Any) -> Any:
    return word.capitalize() if isinstance(word, str) else word


def _matching(pattern: str, sentence: str) -> AfterValidator:
    form = re.compile(pattern)

    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(sentence)
        return text

    return AfterValidator(check)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"})


_SENDER = r"[0-9]{1,16}|[A-Za-z0-9 ]{1,11}"
_CALLER = r"\+?[0-9]{1,16}|[A-Za-z0-9 ]{1,11}"
_LANGUAGE = r"[A-Za-z]{2,5}|[A-Za-z]{2,3}[_-][A-Za-z]{1,2}"

Number = Annotated[str, StringConstraints(max_length=40), AfterValidator(_number)]
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
    _matching(r"[^\r\n]*", "Input should be one line"),
]
Integer = Annotated[int, BeforeValidator(not_boolean)]
Minutes = Annotated[Decimal, BeforeValidator(not_boolean), PlainSerializer(_minutes)]
Spelled = BeforeValidator(_capitalised)
Uuid = Annotated[str, AfterValidator(_uuid)]
SipAddress = Annotated[str, AfterValidator(recipient.sip_address)]
TemplateParam = Annotated[
    bool
    | Annotated[int, Field(gt=-(10**50), lt=10**50)]  # as many digits as a template takes
    | Annotated[float, Field(allow_inf_nan=False)]  # JSON could not hold them
    | Annotated[str, StringConstraints(max_length=1000)],
    WrapValidator(_one_sentence),
]
