"""What clients send to the endpoints and read from them (contract.md §3)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self, cast

from pydantic import Field

from api import examples
from domain import flow as travelling
from domain import lenient
from domain.address import Address
from domain.channels import AnyStep, Sms, StandardStep, TransactionalStep
from domain.flow import Flow, Kind, Strategy
from domain.sms import Restrictions
from domain.steps import RequestStep
from domain.wire import KEPT, NOT_EMPTY, ClientUrl, Moment, Request, Wire
from storage.seal import Sealer

MOST_STEPS = 10


def _spelled(word: str) -> str:
    known = {strategy.lower(): strategy for strategy in Strategy}
    return known.get(word.strip().lower(), word)


class Callback(Request):
    """Where and when the client wants to hear of its flow."""

    strategy: Annotated[Strategy, lenient.AnyCase(_spelled)] = Strategy.ON_COMPLETION
    url: ClientUrl

    def compiled(self) -> travelling.Callback:
        """As it travels, its address still in clear."""
        origin = Address.read(self.url).origin
        return travelling.Callback(strategy=self.strategy, url=self.url, origin=origin)


class CreateFlow(Request):
    """A flow: Sms, Voice and free-form Viber. `restrictions` are for each Sms without its own."""

    model_config = {"json_schema_extra": {"examples": [examples.STANDARD]}}

    kind: ClassVar[Kind] = Kind.STANDARD

    flow: tuple[StandardStep, ...] = Field(max_length=MOST_STEPS, json_schema_extra=NOT_EMPTY)
    callback: Callback | None = None
    restrictions: Restrictions | None = None

    @property
    def steps(self) -> tuple[RequestStep, ...]:
        """The flow's steps, with what the whole flow says about them."""
        return tuple(
            step.model_copy(update={"restrictions": self.restrictions})
            if isinstance(step, Sms) and step.restrictions is None
            else step
            for step in self.flow
        )


class CreateTransactionalFlow(Request):
    """A transactional flow: Sms, Voice, and Viber by template."""

    model_config = {"json_schema_extra": {"examples": [examples.TRANSACTIONAL]}}

    kind: ClassVar[Kind] = Kind.TRANSACTIONAL

    flow: tuple[TransactionalStep, ...] = Field(max_length=MOST_STEPS, json_schema_extra=NOT_EMPTY)
    callback: Callback | None = None

    @property
    def steps(self) -> tuple[RequestStep, ...]:
        """The flow's steps."""
        return self.flow


class FlowCreated(Wire):
    """An accepted flow: the steps by `order`, their defaults filled."""

    model_config = {
        "json_schema_extra": {
            "examples": [examples.TRANSACTIONAL_CREATED, examples.STANDARD_CREATED]
        }
    }

    tracking_id: str
    flow_kind: Kind | None = None
    flow: tuple[AnyStep, ...]
    callback: Callback | None = None
    created_at: Moment

    @classmethod
    def of(cls, flow: Flow, steps: Sequence[RequestStep], callback: Callback | None) -> Self:
        """The answer to the request that made the flow, of these steps in clear."""
        return cls(
            tracking_id=flow.tracking_id,
            flow_kind=flow.kind if flow.kind is Kind.TRANSACTIONAL else None,
            flow=cast(tuple[AnyStep, ...], tuple(steps)),
            callback=callback,
            created_at=flow.created_at,
        )

    @classmethod
    def again(cls, flow: Flow, sealer: Sealer) -> Self:
        """The same answer, from the sealed flow."""
        url = sealer.callback_url(flow)
        callback = (
            Callback.model_validate({"strategy": flow.callback.strategy, "url": url}, context=KEPT)
            if flow.callback and url
            else None
        )
        return cls.of(flow, [sealer.content(flow, step.order) for step in flow.steps], callback)
