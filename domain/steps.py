"""What every kind of step has: its order, its failures, and how it is compiled and echoed."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema

from domain import lenient, recipient
from domain.fields import Numeric
from domain.flow import Step
from domain.status import Channel, Status
from domain.wire import Request


class RequestStep(Request):
    """What every kind of step has; the class attributes are the failover table's columns."""

    channel: ClassVar[Channel]
    allowed: ClassVar[tuple[Status, ...]]
    default: ClassVar[tuple[Status, ...]]
    silence: ClassVar[Status]
    silence_reason: ClassVar[str]

    type: str
    order: Annotated[int, Field(ge=1, le=2**31), Numeric] | None = None
    failover_on_statuses: tuple[str, ...] = ()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = super().__get_pydantic_json_schema__(schema, handler)
        if handler.mode == "validation":
            statuses = handler.resolve_ref_schema(described)["properties"]["failoverOnStatuses"]
            statuses |= lenient.words(map(str, cls.allowed), lenient.blank(handler))
            statuses["default"] = [str(status) for status in cls.default]
        return described

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

    @property
    def parts(self) -> int:
        """How many messages it is charged as."""
        return 1

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


def in_order(steps: tuple[RequestStep, ...]) -> tuple[RequestStep, ...]:
    """By `order`, an absent one being its place; equal ones by place (contract.md §12, 1)."""
    numbered = [
        step if step.order is not None else step.model_copy(update={"order": place})
        for place, step in enumerate(steps, start=1)
    ]
    return tuple(sorted(numbered, key=lambda step: step.order or 0))
