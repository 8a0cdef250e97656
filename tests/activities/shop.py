"""A shop that sends: its buyers, their steps, and attempts that die, repeat and run at once.

An attempt does with the intents what `send_step` does, and the provider's part is drawn.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, Self

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.ledger import terms
from activities.intents import Intents, State
from domain.flow import Flow, StepRef
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from domain.wire import milliseconds
from storage.engine import reading
from storage.seal import Sealer
from storage.tables import sends
from tests import money
from tests.samples import a_flow, sms, viber, voice
from tracking.records import Tracking

BRITISH = "+447700900123"
FLOWS = (
    ({**voice(), "to": {"sip": "pbx@acme.test"}},),
    (sms(message={"body": "x" * 400}), viber()),
    (sms(BRITISH),),
    (viber(),),
)
"""One for each buyer."""

CAP = "0.125"
"""Too little for both steps of one that has it."""

STEPS = sum(map(len, FLOWS))


@dataclass(frozen=True)
class Declare:
    """A new attempt at the step; `crash` before its transaction is committed."""

    step: int
    crash: bool = False


@dataclass(frozen=True)
class End:
    """How a running attempt ends; `crash` before that is committed."""

    attempt: int
    how: Literal["accepted", "refused", "not sent", "died"]
    crash: bool = False


@dataclass(frozen=True)
class TopUp:
    """Money for one of the accounts, or some of it taken back."""

    account: int
    amount: Decimal


@dataclass(frozen=True)
class Reprice:
    """What a channel costs one of the accounts from now on."""

    account: int
    channel: Channel
    country: str
    amount: Decimal


@dataclass(frozen=True)
class AtOnce:
    """Attempts that begin and end together."""

    moves: tuple[Declare | End, ...]


Move = Declare | End | TopUp | Reprice | AtOnce


class Crash(Exception):
    """The process died with its transaction open."""


_crashing: ContextVar[bool] = ContextVar("crashing", default=False)


@contextmanager
def crashing_commits(database: AsyncEngine) -> Iterator[None]:
    """Let crashing moves write all they have to write, and keep nothing of it."""

    def fail(_: object) -> None:
        if _crashing.get():
            raise Crash

    event.listen(database.sync_engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(database.sync_engine, "commit", fail)


@contextmanager
def _dying(crash: bool) -> Iterator[None]:
    token = _crashing.set(crash)
    try:
        yield
    except Crash:
        return
    finally:
        _crashing.reset(token)


@dataclass
class Attempt:
    """A run of `send_step` that waits for the provider."""

    step: int
    fresh: bool
    over: bool = False


@dataclass
class Sold:
    """A step that somebody ordered, and what the provider and the attempts know of it."""

    flow: Flow
    progress: Progress
    buyer: Application
    price: Decimal = money.NOTHING
    fresh: int = 0
    withdrawn: int = 0
    written: bool = False
    refused: bool = False

    @property
    def ref(self) -> StepRef:
        """Its name."""
        return self.flow.ref(self.progress.steps[-1].order)


@dataclass
class Shop:
    """All of it."""

    database: AsyncEngine
    sealer: Sealer
    intents: Intents
    buyers: Sequence[Application]
    steps: Sequence[Sold]
    attempts: list[Attempt] = field(default_factory=list)

    @classmethod
    async def opened(cls, database: AsyncEngine, sealer: Sealer) -> Self:
        """Two accounts with two applications each, of which one has a cap; each ordered a flow."""
        buyers: list[Application] = []
        for balance in ("0.2", "1"):
            first = await money.customer(database, balance)
            second = await money.customer(database, account=first.account, cap=CAP)
            buyers += [first, second]
        steps = [
            Sold(flow, progress, buyer)
            for buyer, kinds in zip(buyers, FLOWS, strict=True)
            for flow, progress in _ordered(buyer, kinds, sealer)
        ]
        intents = Intents(database, Tracking(database, sealer))
        return cls(database, sealer, intents, buyers, steps)

    async def play(self, move: Move) -> None:
        """Make the move."""
        match move:
            case Declare():
                await self._declare_alone(move)
            case End():
                await self._end(move, self._running(move.attempt))
            case TopUp(account, amount):
                await money.add(self.database, self.buyers[account].account, amount)
            case Reprice(account, channel, country, amount):
                name = self.buyers[account].account
                await money.price(self.database, channel, amount, country, name)
            case AtOnce(moves):
                await self._play_at_once(moves)

    async def _play_at_once(self, moves: Sequence[Declare | End]) -> None:
        beginning = [each for each in moves if isinstance(each, Declare)]
        ending = [each for each in moves if isinstance(each, End)]
        running = [self._running(each.attempt) for each in ending]
        await asyncio.gather(*map(self._declare, beginning), *map(self._end, ending, running))

    async def _declare_alone(self, move: Declare) -> None:
        """Nobody interferes, so that it is known whether there must be enough money."""
        step = self.steps[move.step]
        claimable = (await self._standings()).get(step.ref.reference) in (None, State.NOT_SENT)
        expected = claimable and await self._is_affordable(step)
        given = step.fresh
        await self._declare(move)
        assert move.crash or (step.fresh > given) is expected

    async def _declare(self, move: Declare) -> None:
        step = self.steps[move.step]
        price = await self._price(step)
        content = self.sealer.content(step.flow, step.ref.order)
        with _dying(move.crash):
            intent = await self.intents.declare(step.flow, step.progress, content, "sandbox")
            if intent.fresh:
                step.price = price
                step.fresh += 1
            if intent.answer is None:
                self.attempts.append(Attempt(move.step, intent.fresh))

    def _running(self, number: int) -> Attempt | None:
        """One of them, which is about to end."""
        running = [each for each in self.attempts if not each.over]
        if not running:
            return None
        chosen = running[number % len(running)]
        chosen.over = True
        return chosen

    async def _end(self, move: End, attempt: Attempt | None) -> None:
        if attempt is None:
            return
        step = self.steps[attempt.step]
        step.written = step.written or move.how in ("accepted", "died")
        step.refused = step.refused or move.how == "refused"
        with _dying(move.crash):
            match move.how:
                case "accepted":
                    await self.intents.accepted(step.ref, _answer(step.ref, Status.QUEUED))
                case "refused":
                    await self.intents.refused(step.ref, _answer(step.ref, Status.FAILED))
                case "not sent" if attempt.fresh:
                    await self.intents.withdraw(step.ref)
                    step.withdrawn += 1

    async def check(self) -> None:
        """Fail unless each step is charged if it may have been sent, and only then."""
        names = {buyer.account for buyer in self.buyers}
        every = await money.books_of(self.database, *names)
        caps = {buyer.id: buyer.daily_cap for buyer in self.buyers}
        for books in every.values():
            books.check()
            for (application, _), spent in books.spending.items():
                cap = caps[application]
                assert cap is None or spent <= cap
        standings = await self._standings()
        under_way = {attempt.step for attempt in self.attempts if not attempt.over}
        for number, step in enumerate(self.steps):
            owed = step.price if standings.get(step.ref.reference) in OWED else money.NOTHING
            assert every[step.buyer.account].net(step.ref) == owed
            assert step.fresh <= 1 + step.withdrawn
            assert step.fresh or number not in under_way
            if (step.written or number in under_way) and not step.refused:
                assert owed == step.price

    async def _standings(self) -> Mapping[str, str]:
        """How far each send got, by its reference: its state, or what it was answered."""
        references = [step.ref.reference for step in self.steps]
        async with reading(self.database) as connection:
            rows = await connection.execute(select(sends).where(sends.c.reference.in_(references)))
            return {row.reference: _standing(row.state, row.answer) for row in rows}

    async def _price(self, step: Sold) -> Decimal:
        content = self.sealer.content(step.flow, step.ref.order)
        async with reading(self.database) as connection:
            account, application = step.flow.account, step.flow.application
            return (await terms(connection, account, application, content, datetime.now(UTC))).price

    async def _is_affordable(self, step: Sold) -> bool:
        """By the ledger's lines; that the day's sum is theirs was checked before."""
        price, books = await self._price(step), await money.books(self.database, step.buyer.account)
        balance = sum((line.amount for line in books.lines), money.NOTHING)
        spent = books.spending.get((step.buyer.id, money.today()), money.NOTHING)
        within = step.buyer.daily_cap is None or spent + price <= step.buyer.daily_cap
        return not price or (price <= balance and within)


OWED = {State.SENDING, State.REPEATED, Status.QUEUED}
"""What a send's standing is while its price is owed."""


def _standing(state: str, answer: str | None) -> str:
    return DeliveryReport.model_validate_json(answer).status if answer else state


def _ordered(
    buyer: Application, kinds: Sequence[dict[str, object]], sealer: Sealer
) -> Iterator[tuple[Flow, Progress]]:
    flow = sealer.sealed(money.ordered_by(buyer, a_flow(*kinds)))
    progress = Progress.of(flow)
    for step in flow.steps:
        progress = progress.begun(step, flow.created_at)
        yield flow, progress


def _answer(ref: StepRef, status: Status) -> DeliveryReport:
    return DeliveryReport(order=ref.order, status=status, at=milliseconds(datetime.now(UTC)))
