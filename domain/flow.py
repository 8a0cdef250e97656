"""What travels: a flow, its steps and its callback, as the engine stores them.

No validators here, and members are only ever added: recorded histories must go on loading.
"""

from enum import StrEnum
from typing import Self

from domain.status import Channel, Status
from domain.wire import Moment, Wire


class Kind(StrEnum):
    """Which endpoint accepted the flow."""

    TRANSACTIONAL = "transactional"
    STANDARD = "standard"


class Strategy(StrEnum):
    """When a client is called back (contract.md §6.2)."""

    ON_STEP = "OnStep"
    ON_COMPLETION = "OnCompletion"


class Publication(StrEnum):
    """What becomes of a snapshot: who hears of it beside the record.

    UNWANTED: nobody, as the receiver answered that it wants no more of this flow.
    """

    RECORDED = "recorded"
    TOLD = "told"
    UNWANTED = "unwanted"


class Callback(Wire):
    """Where a client follows its flow. `url` is sealed; `origin` is what ops may see of it."""

    strategy: Strategy
    url: str
    origin: str


class Step(Wire):
    """One channel's turn.

    `order` is the step's place, 1 to n; `recipient` is masked; `sender` is a Viber sender's name;
    `ttl` is in seconds; `content` is the request step as sealed JSON. What it says about failing
    over was copied from `domain/channels.py` when the flow was accepted, so a change there never
    reaches this flow.
    """

    order: int
    channel: Channel
    recipient: str
    sender: str = ""
    ttl: float
    failures: tuple[Status, ...]
    silence: Status
    silence_reason: str
    until_seen: bool = False
    content: str


class StepRef(Wire):
    """Names one step of one flow, everywhere."""

    account: str
    tracking_id: str
    order: int

    @property
    def reference(self) -> str:
        """Our name for the send, the same on every attempt: what a provider deduplicates by."""
        return f"{self.tracking_id}.{self.order}"


class Flow(Wire):
    """An accepted flow. `request` is the HMAC of the body that created it."""

    account: str
    application: str
    tracking_id: str
    kind: Kind
    steps: tuple[Step, ...]
    callback: Callback | None = None
    created_at: Moment
    request: str = ""

    def step(self, order: int) -> Step | None:
        """The step in that place, if there is one."""
        return self.steps[order - 1] if 1 <= order <= len(self.steps) else None

    def ref(self, order: int) -> StepRef:
        """The name of the step in that place."""
        return StepRef(account=self.account, tracking_id=self.tracking_id, order=order)

    @property
    def is_emptied(self) -> bool:
        """Whether its contents were forgotten."""
        return not any(step.content for step in self.steps)

    def emptied(self) -> Self:
        """The flow without its contents and its callback's address."""
        steps = tuple(step.model_copy(update={"content": ""}) for step in self.steps)
        callback = self.callback and self.callback.model_copy(update={"url": ""})
        return self.model_copy(update={"steps": steps, "callback": callback})

    @property
    def on_step(self) -> bool:
        """Whether the client hears of every change."""
        return self.callback is not None and self.callback.strategy is Strategy.ON_STEP
