"""What clients ask of their callbacks, and read of them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

import orjson
from pydantic import Field, JsonValue, ValidationInfo, field_validator

from api import examples
from api.searching import LAST_PAGE, Moment, Paged, spelled
from domain import wire
from domain.wire import Request, Wire
from tracking.callbacks import Entry, EntryPage, Opened
from tracking.outbox import Attempt, State
from tracking.reopening import Reopened, Window

LARGEST_PAGE = 200

LIMIT = 1000
"""How many callbacks one request has delivered again."""

FURTHEST = timedelta(days=30)
"""How far back; older ones are forgotten."""

_SLACK = timedelta(minutes=1)
"""For clocks that differ, and for the request's way here."""


class Standing(StrEnum):
    """Where a callback stands, as clients read it."""

    WAITING = "Waiting"
    DELIVERED = "Delivered"
    DEAD = "Dead"

    @property
    def recorded(self) -> State:
        """The same on record."""
        return State(self.value.lower())


class CallbackListing(Request):
    """Which callbacks, and which page of them."""

    state: Annotated[Standing, spelled(Standing)] | None = None
    since: Moment | None = Field(default=None, description="Happened then or later")
    page: int = Field(default=0, ge=0, le=LAST_PAGE, description="Counted from 0")
    size: int = Field(default=10, ge=1, le=LARGEST_PAGE)


class ReplayWindow(Request):
    """Which dead callbacks are delivered again: those that happened from `since` to `until`."""

    model_config = {"json_schema_extra": {"examples": [examples.REPLAY]}}

    since: Moment = Field(description="At most 30 days back")
    until: Moment | None = None

    @field_validator("since")
    @classmethod
    def _not_forgotten(cls, since: datetime) -> datetime:
        if since < datetime.now(UTC) - FURTHEST - _SLACK:
            raise ValueError("Input should be at most 30 days back")
        return since

    @field_validator("until")
    @classmethod
    def _after_the_start(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        since = info.data.get("since")
        if since and until and until < since:
            raise ValueError("Input should not be earlier than since")
        return until

    def read(self) -> Window:
        """The window."""
        return Window(self.since, self.until)


class CallbackView(Wire):
    """A callback and its latest attempts. `sequence` is null for a reply."""

    model_config = {"json_schema_extra": {"examples": [examples.TOLD]}}

    id: str
    tracking_id: str
    application_id: str
    sequence: int | None
    state: Standing
    happened_at: wire.Moment
    replays: int
    attempts: tuple[Attempt, ...]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The entry, as its owner reads it."""
        return cls(**_members(entry))


class CallbackInFull(CallbackView):
    """A callback with what it says, and what its receiver answered last.

    `origin` is where it goes to. `body` is null where it can no longer be opened.
    """

    model_config = {"json_schema_extra": {"examples": [examples.TOLD_IN_FULL]}}

    origin: str
    body: dict[str, JsonValue] | None
    answer: str

    @classmethod
    def opened(cls, opened: Opened) -> Self:
        """The opened callback, as its owner reads it."""
        body = None if opened.body is None else orjson.loads(opened.body)
        return cls(**_members(opened.entry), origin=opened.origin, body=body, answer=opened.answer)


class FlowCallbacks(Wire):
    """A flow's callbacks in the order of its events; replies come last."""

    content: tuple[CallbackView, ...]


class CallbackPage(Paged[CallbackView]):
    """A page of callbacks, newest first. `number` counts from 0."""

    @classmethod
    def of(cls, listing: CallbackListing, page: EntryPage) -> Self:
        """What was found, as its owner reads it."""
        content = tuple(map(CallbackView.of, page.entries))
        return cls.cut(content, page.total, listing.page, listing.size)


class ReplayTaken(Wire):
    """How many callbacks of how many flows are delivered again; `more` are dead: ask once more."""

    model_config = {"json_schema_extra": {"examples": [examples.REPLAY_TAKEN]}}

    callbacks: int
    flows: int
    more: bool

    @classmethod
    def of(cls, reopened: Reopened) -> Self:
        """What was handed over."""
        return cls(callbacks=reopened.callbacks, flows=len(reopened.flows), more=reopened.more)


def _members(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "tracking_id": entry.tracking_id,
        "application_id": entry.application,
        "sequence": entry.seq,
        "state": Standing(entry.state.capitalize()),
        "happened_at": entry.happened_at,
        "replays": entry.replays,
        "attempts": entry.attempts,
    }
