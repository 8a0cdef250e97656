"""What clients send to the endpoints and read from them (contract.md §3)."""

from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from api import examples
from domain import flow as travelling
from domain.channels import Sms, TransactionalStep, ViberTemplate, Voice
from domain.flow import Flow, Kind, Strategy
from domain.wire import NOT_EMPTY, HttpUrl, Moment, Request, Wire
from storage.seal import Sealer

MOST_STEPS = 10


def _any_case(word: Any) -> Any:
    known = {strategy.lower(): strategy for strategy in Strategy}
    return known.get(word.strip().lower(), word) if isinstance(word, str) else word


class Callback(Request):
    """Where and when the client wants to hear of its flow."""

    strategy: Annotated[Strategy, BeforeValidator(_any_case)] = Strategy.ON_COMPLETION
    url: HttpUrl

    def compiled(self) -> travelling.Callback:
        """As it travels, its address still in clear."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        origin = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
        return travelling.Callback(strategy=self.strategy, url=self.url, origin=origin)


class CreateTransactionalFlow(Request):
    """A transactional flow: Sms, Voice, and Viber by template."""

    model_config = {"json_schema_extra": {"examples": [examples.TRANSACTIONAL]}}

    flow: tuple[TransactionalStep, ...] = Field(max_length=MOST_STEPS, json_schema_extra=NOT_EMPTY)
    callback: Callback | None = None


class FlowCreated(Wire):
    """An accepted flow: the steps by `order`, their defaults filled."""

    model_config = {"json_schema_extra": {"examples": [examples.TRANSACTIONAL_CREATED]}}

    tracking_id: str
    flow_kind: Kind | None = None
    flow: tuple[Sms | ViberTemplate | Voice, ...]
    callback: Callback | None = None
    created_at: Moment

    @classmethod
    def of(cls, flow: Flow, sealer: Sealer) -> Self:
        """The answer to the request that made the (sealed) flow; the same at every repetition."""
        url = sealer.callback_url(flow)
        return cls(
            tracking_id=flow.tracking_id,
            flow_kind=flow.kind if flow.kind is Kind.TRANSACTIONAL else None,
            flow=tuple(sealer.content(flow, step.order) for step in flow.steps),
            callback=Callback(strategy=flow.callback.strategy, url=url)
            if flow.callback and url
            else None,
            created_at=flow.created_at,
        )
