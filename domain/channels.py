"""The failover table: one request class per kind of step.

Each says what its content is, how long it may take, on which statuses the flow may go on, and what
silence means (contract.md §2.2–§2.5, §3.2, §7.3–§7.4). `docs/failover.md` is generated from here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from domain import lenient, recipient
from domain.dialplan import CallTarget, DialPlan, MachineDetection
from domain.fields import (
    Caller,
    Flag,
    Label,
    Number,
    Numeric,
    Plain,
    Sender,
    Spelled,
    TemplateLanguage,
    TemplateParam,
    Uuid,
)
from domain.flow import Kind
from domain.sms import Restrictions, SmsMessage, UrlShortener
from domain.status import Channel, Status
from domain.steps import RequestStep
from domain.viber import ViberContent
from domain.wire import KEPT, NOT_EMPTY, ClientUrl, forbidden, kind_of

MINUTE = 60.0
SILENT_CALL = 15 * MINUTE
"""Seconds after which a call that nobody reported on has failed: Voice has no ttl of its own."""


class Sms(RequestStep):
    """A text message; without `from` the application's default sender sends it."""

    channel = Channel.SMS
    allowed = (Status.UNDELIVERED, Status.FAILED)
    default = allowed
    silence = Status.UNDELIVERED
    silence_reason = "Expired"

    type: Annotated[Literal["Sms"], Spelled]
    from_: Sender | None = Field(None, alias="from")
    to: Number
    ttl: Annotated[int, Field(ge=1, le=1440), Numeric] = 1200
    message: SmsMessage
    url_shortener: UrlShortener | None = None
    restrictions: Restrictions | None = None

    @model_validator(mode="after")
    def _shortener_from_message(self) -> Self:
        """Newer pages put urlShortener inside the message (contract.md §12, 7)."""
        if found := self.message.url_shortener:
            # The model is frozen for its users; this is still its making.
            self.__dict__["url_shortener"] = self.url_shortener or found
            self.__dict__["message"] = self.message.model_copy(update={"url_shortener": None})
        return self

    @property
    def patience(self) -> float:
        """Seconds that the step may take."""
        return self.ttl * MINUTE

    @property
    def recipient(self) -> str:
        """The number, as E.164."""
        return recipient.e164(self.to)

    @property
    def parts(self) -> int:
        """How many messages it is charged as (contract.md §11)."""
        return self.message.parts


PIN = "pin"
"""The parameter that holds a one-time pin: required by OTP templates, never shown again."""


class Viber(RequestStep):
    """What both kinds of Viber steps have."""

    channel = Channel.VIBER
    allowed = (Status.EXPIRED, Status.FAILED, Status.UNDELIVERED)
    default = allowed
    silence = Status.EXPIRED
    silence_reason = "TTL Expired"

    type: Annotated[Literal["Viber"], Spelled]
    sender_info_tracking_id: str = Field(max_length=64)
    to: Number
    ttl: Annotated[
        Decimal,
        Field(ge=0.5, le=1440, decimal_places=1, json_schema_extra={"default": 10}),
        Numeric,
        Plain,
    ] = Decimal(10)

    @property
    def patience(self) -> float:
        """Seconds that the step may take."""
        return float(self.ttl) * MINUTE

    @property
    def recipient(self) -> str:
        """The number, as E.164."""
        return recipient.e164(self.to)


NoTemplate = Annotated[
    None, forbidden("Template fields are only accepted on /failover/transactional")
]


class ViberMessage(Viber):
    """A free-form Viber message: what /failover takes."""

    message: ViberContent
    label: Label | None = None
    inbound_url: ClientUrl | None = None
    expire_on_delivery: Flag = False
    template_id: NoTemplate = None
    template_lang: NoTemplate = None
    template_params: NoTemplate = None
    delivery_scope: NoTemplate = None
    seq: NoTemplate = None

    @property
    def until_seen(self) -> bool:
        """Whether Delivered is not final (contract.md §7.5)."""
        return self.expire_on_delivery


class ViberTemplate(Viber):
    """An approved Viber business template: what /failover/transactional takes."""

    template_id: Uuid
    template_lang: TemplateLanguage
    template_params: dict[str, TemplateParam] = Field(default={}, max_length=20)
    delivery_scope: Literal["PRIMARY_DEVICE", "ALL_DEVICES"] = "PRIMARY_DEVICE"
    seq: Annotated[int, Field(ge=-(2**63), lt=2**63), Numeric] | None = None
    inbound_url: ClientUrl | None = None
    expire_on_delivery: Flag | None = None
    message: Annotated[None, forbidden("Free-form content is only accepted on /failover")] = None
    label: Annotated[None, forbidden("A Viber label is only accepted on /failover")] = None

    @property
    def until_seen(self) -> bool:
        """Whether Delivered is not final (contract.md §7.5)."""
        return bool(self.expire_on_delivery)


_A_NUMBER: JsonValue = {
    "type": "string",
    "minLength": 1,
    "maxLength": 40,
    "description": "As `phone`",
}


SPELLINGS = ("dialPlan", "dialplan", "dialPlans")
"""Of a call's dial plan; the first that is there is read."""


class Voice(RequestStep):
    """A call."""

    channel = Channel.VOICE
    allowed = (
        Status.COMPLETED,
        Status.BUSY,
        Status.NO_ANSWER,
        Status.FAILED,
        Status.UNSENT,
        Status.TERMINATED,
    )
    default = (Status.BUSY, Status.NO_ANSWER)
    silence = Status.FAILED
    silence_reason = "Timed Out"

    type: Annotated[Literal["Voice"], Spelled]
    from_: Caller = Field(alias="from")
    to: Annotated[CallTarget, lenient.Also(_A_NUMBER)]
    dial_plans: tuple[DialPlan, ...] = Field(
        validation_alias=AliasChoices(*SPELLINGS),
        serialization_alias="dialPlans",
        max_length=1,
        json_schema_extra=NOT_EMPTY,
    )
    machine_detection: MachineDetection | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = super().__get_pydantic_json_schema__(schema, handler)
        if handler.mode == "validation":
            body = handler.resolve_ref_schema(described)
            lenient.respell(body, lenient.blank(handler), *SPELLINGS)
        return described

    @field_validator("dial_plans", mode="before")
    @classmethod
    def _plan_alone(cls, given: Any) -> Any:
        return [given] if isinstance(given, Mapping) else given

    @property
    def patience(self) -> float:
        """Seconds until silence means that the call failed."""
        return SILENT_CALL

    @property
    def recipient(self) -> str:
        """The number as E.164, or the SIP address."""
        number = self.to.phone or self.to.viber
        return recipient.e164(number) if number else recipient.sip_address(str(self.to.sip))


_KIND = Discriminator(
    kind_of(str.capitalize),
    custom_error_type="type",
    custom_error_message="Input should be Sms, Viber or Voice",
)

TransactionalStep = Annotated[
    Annotated[Sms, Tag("Sms")]
    | Annotated[ViberTemplate, Tag("Viber")]
    | Annotated[Voice, Tag("Voice")],
    _KIND,
]
"""What /failover/transactional takes."""

StandardStep = Annotated[
    Annotated[Sms, Tag("Sms")]
    | Annotated[ViberMessage, Tag("Viber")]
    | Annotated[Voice, Tag("Voice")],
    _KIND,
]
"""What /failover takes."""

AnyStep = Sms | ViberTemplate | ViberMessage | Voice

# What is wrong with a content is said without it: the sentence ends in histories and logs. Of a
# union only its adapter's own configuration counts.
_HIDING = ConfigDict(hide_input_in_errors=True)
_TRANSACTIONAL: TypeAdapter[AnyStep] = TypeAdapter(TransactionalStep, config=_HIDING)
_STANDARD: TypeAdapter[AnyStep] = TypeAdapter(StandardStep, config=_HIDING)


def opened(content: str, kind: Kind) -> AnyStep:
    """The request step that `compiled` put into the `Step.content` of a flow of that kind."""
    adapter = _TRANSACTIONAL if kind is Kind.TRANSACTIONAL else _STANDARD
    return adapter.validate_json(content, context=KEPT)
