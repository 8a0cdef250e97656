"""The intent to send, durable before the request is (design: sending exactly once).

The transaction that claims a step's reference charges it; the one that says that nothing was sent
refunds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from accounts import ledger
from domain.flow import Flow, StepRef
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.steps import RequestStep
from domain.wire import milliseconds
from storage.engine import writing, writing_once
from storage.statements import Insert, Inserting, built_once
from storage.tables import sends
from tracking.records import Tracking


class State(StrEnum):
    """How far a send got."""

    SENDING = "sending"  # a request may have been written
    REPEATED = "repeated"  # and by a second attempt, too
    NOT_SENT = "not sent"  # provably none was
    ANSWERED = "answered"


@dataclass(frozen=True)
class Intent:
    """What an attempt finds: `fresh` if no request was ever written, or the `answer` of one.

    If neither, `provider` is who may have the step.
    """

    fresh: bool
    answer: DeliveryReport | None = None
    provider: str = ""


class Intents:
    """Reads and writes them."""

    def __init__(self, engine: AsyncEngine, tracking: Tracking) -> None:
        self._engine = engine
        self._tracking = tracking

    async def declare(
        self, flow: Flow, progress: Progress, content: RequestStep, provider: str
    ) -> Intent:
        """Claim the step begun last for a provider and charge it, in one transaction.

        The snapshot is written with it.

        Several attempts may run at once when the engine lost one: only one of them is `fresh`.
        A step that there is no money for is answered Unsent.
        """
        ref = flow.ref(progress.steps[-1].order)
        async with writing(self._engine) as connection:
            if not await _claim(connection, ref.reference, provider):
                return await _repeated(connection, ref.reference)
            await self._tracking.record_within(connection, flow, progress)
            if await ledger.charge(connection, flow.application, ref, content):
                return Intent(fresh=True, provider=provider)
            unsent = DeliveryReport(
                order=ref.order,
                status=Status.UNSENT,
                reason=str(Status.UNSENT),
                at=milliseconds(datetime.now(UTC)),
            )
            await _conclude(connection, ref.reference, unsent)
        return Intent(False, unsent)

    async def withdraw(self, ref: StepRef) -> bool:
        """The only attempt wrote nothing that was taken: the next is fresh, and charged anew.

        False if it was not the only one: then nothing is known of the other.
        """
        async with writing(self._engine) as connection:
            withdrawn = await _mark(connection, ref.reference, (State.SENDING,), State.NOT_SENT)
            if withdrawn:
                await ledger.refund(connection, ref)
        return withdrawn

    async def accepted(self, ref: StepRef, answer: DeliveryReport) -> None:
        """Keep the provider's answer for an attempt that repeats this one."""
        async with writing_once(self._engine) as connection:
            await _conclude(connection, ref.reference, answer)

    async def refused(self, ref: StepRef, answer: DeliveryReport) -> None:
        """Keep the provider's answer, and give the money back."""
        async with writing(self._engine) as connection:
            if await _conclude(connection, ref.reference, answer):
                await ledger.refund(connection, ref)


async def _repeated(connection: AsyncConnection, reference: str) -> Intent:
    """What the earlier attempt was answered; if nothing is known of it, this is a repetition."""
    await _mark(connection, reference, (State.SENDING,), State.REPEATED)
    kept = (await connection.execute(_KEPT, {"of": reference})).one()
    answer = DeliveryReport.model_validate_json(kept.answer) if kept.answer else None
    return Intent(False, answer, kept.provider or "")


_KEPT = select(sends.c.answer, sends.c.provider).where(sends.c.reference == bindparam("of"))


async def _conclude(connection: AsyncConnection, reference: str, answer: DeliveryReport) -> bool:
    """Whether this was the first answer."""
    unanswered = (State.SENDING, State.REPEATED)
    return await _mark(
        connection, reference, unanswered, State.ANSWERED, answer=answer.model_dump_json()
    )


async def _mark(
    connection: AsyncConnection, reference: str, old: Sequence[State], new: State, **values: object
) -> bool:
    marked = await connection.execute(
        _MARKED,
        {"of": reference, "old": old, "state": new, "updated_at": datetime.now(UTC), **values},
    )
    return marked.rowcount == 1


_MARKED = update(sends).where(
    sends.c.reference == bindparam("of"), sends.c.state.in_(bindparam("old", expanding=True))
)


async def _claim(connection: AsyncConnection, reference: str, provider: str) -> bool:
    claimed = await connection.execute(
        _claimed(connection),
        {
            "reference": reference,
            "state": State.SENDING,
            "provider": provider,
            "updated_at": datetime.now(UTC),
        },
    )
    return claimed.rowcount == 1


@built_once
def _claimed(insert: Inserting) -> Insert:
    made = insert(sends)
    return made.on_conflict_do_update(
        index_elements=[sends.c.reference],
        set_={name: made.excluded[name] for name in ("state", "provider", "updated_at")},
        where=sends.c.state == State.NOT_SENT,
    )
