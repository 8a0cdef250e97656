"""The failover table: one request class per kind of step.

Each says what its content is, how long it may take, on which statuses the flow may go on, and what
silence means (contract.md §2.2–§2.5, §3.2, §7.3–§7.4). `docs/failover.md` is generated from here.
"""

from abc import abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AliasChoices,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from domain import recipient
from domain.dialplan import DialPlan, MachineDetection
from domain.fields import (
    Caller,
    Integer,
    Minutes,
    Number,
    Sender,
    SipAddress,
    Spelled,
    TemplateLanguage,
    TemplateParam,
    Uuid,
)
from domain.flow import Step
from domain.sms import Restrictions, SmsMessage, UrlShortener
from domain.status import Channel, Status
from domain.wire import NOT_EMPTY, HttpUrl, Request, forbidden, is_blank, kind_of

MINUTE = 60.0
SILENT_CALL = 15 * MINUTE
"""Seconds after which a call that nobody reported on has failed: Voice has no ttl of its own."""


class RequestStep(Request):
    """What every kind of step has; the class attributes are the failover table's columns."""

    channel: ClassVar[Channel]
    allowed: ClassVar[tuple[Status, ...]]
    default: ClassVar[tuple[Status, ...]]
    silence: ClassVar[Status]
    silence_reason: ClassVar[str]

    type: str
    order: Annotated[Integer, Field(ge=1, le=2**31)] | None = None
    failover_on_statuses: tuple[str, ...] = ()

    @field_validator("failover_on_statuses", mode="before")
    @classmethod
    def _split_at_commas(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        return [word.strip() for word in given.split(",") if word.strip()]

    @field_validator("failover_on_statuses")
    @classmethod
    def _of_this_channel(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        words = {status.lower() for status in cls.allowed}
        if not all(word.lower() in words for word in given):
            raise ValueError(f"Allowed for {cls.channel}: {', '.join(cls.allowed)}")
        return given

    @model_validator(mode="after")
    def _with_default_statuses(self) -> Self:
        if self.failover_on_statuses:
            return self
        # The model is frozen for its users; this is still its making.
        self.__dict__["failover_on_statuses"] = tuple(map(str, self.default))
        return self

    @property
    def failures(self) -> tuple[Status, ...]:
        """The statuses on which the flow goes on to the next step, in the table's order."""
        words = {word.lower() for word in self.failover_on_statuses}
        return tuple(status for status in self.allowed if status.lower() in words)

    @property
    @abstractmethod
    def patience(self) -> float:
        """Seconds that the step may take."""

    @property
    @abstractmethod
    def recipient(self) -> str:
        """Whom it reaches: an E.164 number or a SIP address."""

    @property
    def until_seen(self) -> bool:
        """Whether Delivered is not final (expireOnDelivery, contract.md §7.5)."""
        return False

    def echo(self) -> dict[str, Any]:
        """The step as the client reads it back: defaults filled, absent members left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def compiled(self, order: int, sender: str = "") -> Step:
        """The step as it travels, in the flow's `order`-th place, its content still in clear."""
        return Step(
            order=order,
            channel=self.channel,
            recipient=recipient.masked(self.recipient),
            sender=sender,
            ttl=self.patience,
            failures=self.failures,
            silence=self.silence,
            silence_reason=self.silence_reason,
            until_seen=self.until_seen,
            content=self.model_dump_json(exclude_none=True),
        )


class Sms(RequestStep):
    """A text message."""

    channel = Channel.SMS
    allowed = (Status.UNDELIVERED, Status.FAILED)
    default = allowed
    silence = Status.UNDELIVERED
    silence_reason = "Expired"

    type: Annotated[Literal["Sms"], Spelled]
    from_: Sender = Field(alias="from")
    to: Number
    ttl: Annotated[Integer, Field(ge=1, le=1440)] = 1200
    message: SmsMessage
    url_shortener: UrlShortener | None = None
    restrictions: Restrictions | None = None

    @model_validator(mode="before")
    @classmethod
    def _shortener_from_message(cls, data: Any) -> Any:
        """Newer pages put urlShortener inside the message (contract.md §12, 7)."""
        if not isinstance(data, Mapping) or not is_blank(data.get("urlShortener")):
            return data
        message = data.get("message")
        if isinstance(message, Mapping) and not is_blank(message.get("urlShortener")):
            return {**data, "urlShortener": message["urlShortener"]}
        return data

    @property
    def patience(self) -> float:
        """Seconds that the step may take."""
        return self.ttl * MINUTE

    @property
    def recipient(self) -> str:
        """The number, as E.164."""
        return recipient.e164(self.to)


class ViberTemplate(RequestStep):
    """An approved Viber business template: what /failover/transactional takes."""

    channel = Channel.VIBER
    allowed = (Status.EXPIRED, Status.FAILED, Status.UNDELIVERED)
    default = allowed
    silence = Status.EXPIRED
    silence_reason = "TTL Expired"

    type: Annotated[Literal["Viber"], Spelled]
    sender_info_tracking_id: str = Field(max_length=64)
    to: Number
    ttl: Annotated[Minutes, Field(ge=0.5, le=1440, decimal_places=1)] = Decimal(10)
    template_id: Uuid
    template_lang: TemplateLanguage
    template_params: dict[str, TemplateParam] = Field(default={}, max_length=20)
    delivery_scope: Literal["PRIMARY_DEVICE", "ALL_DEVICES"] = "PRIMARY_DEVICE"
    seq: Annotated[Integer, Field(ge=-(2**63), lt=2**63)] | None = None
    inbound_url: HttpUrl | None = None
    expire_on_delivery: bool | None = None
    message: Annotated[None, forbidden("Free-form content is only accepted on /failover")] = None
    label: Annotated[None, forbidden("A Viber label is only accepted on /failover")] = None

    @property
    def patience(self) -> float:
        """Seconds that the step may take."""
        return float(self.ttl) * MINUTE

    @property
    def recipient(self) -> str:
        """The number, as E.164."""
        return recipient.e164(self.to)

    @property
    def until_seen(self) -> bool:
        """Whether Delivered is not final (contract.md §7.5)."""
        return bool(self.expire_on_delivery)


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
    to: CallTarget
    dial_plans: tuple[DialPlan, ...] = Field(
        validation_alias=AliasChoices("dialPlan", "dialplan", "dialPlans"),
        serialization_alias="dialPlans",
        max_length=1,
        json_schema_extra=NOT_EMPTY,
    )
    machine_detection: MachineDetection | None = None

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


TransactionalStep = Annotated[
    Annotated[Sms, Tag("Sms")]
    | Annotated[ViberTemplate, Tag("Viber")]
    | Annotated[Voice, Tag("Voice")],
    Discriminator(
        kind_of(str.capitalize),
        custom_error_type="type",
        custom_error_message="Input should be Sms, Viber or Voice",
    ),
]
"""What /failover/transactional takes."""

_ANY_STEP: TypeAdapter[Sms | ViberTemplate | Voice] = TypeAdapter(TransactionalStep)


def opened(content: str) -> Sms | ViberTemplate | Voice:
    """The request step that `compiled` put into `Step.content`."""
    return _ANY_STEP.validate_json(content)


def in_order(steps: tuple[RequestStep, ...]) -> tuple[RequestStep, ...]:
    """By `order`, an absent one being its place; equal ones by place (contract.md §12, 1)."""
    numbered = [
        step if step.order is not None else step.model_copy(update={"order": place})
        for place, step in enumerate(steps, start=1)
    ]
    return tuple(sorted(numbered, key=lambda step: step.order or 0))
