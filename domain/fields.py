"""The types of single members of a request: what each may hold, and how it is said."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints

from domain import recipient
from domain.wire import not_boolean


def _uuid(text: str) -> str:
    try:
        UUID(text)
    except ValueError:
        raise ValueError("Input should be a UUID") from None
    return text


def _number(text: str) -> str:
    recipient.e164(text)
    return text


def _minutes(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _capitalised(word: Any) -> Any:
    return word.capitalize() if isinstance(word, str) else word


Number = Annotated[str, StringConstraints(max_length=40), AfterValidator(_number)]
Sender = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,16}|[A-Za-z0-9 ]{1,11})$")]
Caller = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9]{1,16}|[A-Za-z0-9 ]{1,11})$")]
Label = Annotated[str, StringConstraints(max_length=350, pattern=r"^[^\r\n]*$")]
Integer = Annotated[int, BeforeValidator(not_boolean)]
Minutes = Annotated[Decimal, BeforeValidator(not_boolean), PlainSerializer(_minutes)]
Spelled = BeforeValidator(_capitalised)
Uuid = Annotated[str, AfterValidator(_uuid)]
SipAddress = Annotated[str, AfterValidator(recipient.sip_address)]
TemplateParam = (
    bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | float
    | Annotated[str, StringConstraints(max_length=1000)]
)  # fmt: skip
