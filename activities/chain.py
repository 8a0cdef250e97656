"""Hands a step to the first of its providers that takes it, once.

A provider that provably did not take the step, or refused it for reasons of its own, is followed by
the next one within the same step. What may have been sent is never sent elsewhere.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from temporalio import activity

from activities.again import again
from activities.intents import Intent, Intents
from domain.channels import Sms, ViberMessage, ViberTemplate, Voice
from domain.flow import Flow, Step, StepRef
from domain.progress import DeliveryReport, Progress
from domain.steps import RequestStep
from domain.wire import milliseconds
from providers.base import Outgoing, Provider, Replying
from providers.http import ProviderClient
from providers.outcomes import (
    REJECTED,
    Accepted,
    CannotCarry,
    MaybeSent,
    NotSent,
    Refused,
    SendOutcome,
)
from providers.receipts import Receipts
from providers.registry import Providers
from providers.token import Addressed, ReportTokens
from tracking.conversations import Conversations

LATE_REPORTS = timedelta(hours=72)
"""How long after a step's ttl its report address still works."""

SHARE = 1.0
"""Seconds for which a provider that cannot be reached is tried while others stand behind it."""

CHAIN = 12.0
"""Seconds after which an attempt begins with no further provider, but leaves that to the next."""

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True)
class Turn:
    """A step whose turn it is."""

    flow: Flow
    progress: Progress
    content: RequestStep

    @property
    def step(self) -> Step:
        """The step begun last."""
        return self.flow.steps[self.progress.steps[-1].order - 1]

    @property
    def ref(self) -> StepRef:
        """Its name."""
        return self.flow.ref(self.step.order)

    @property
    def left(self) -> float:
        """Seconds that are left of its ttl when the attempt begins."""
        began = self.progress.steps[-1].started_at
        used = activity.info().current_attempt_scheduled_time - began
        return max(1.0, self.step.ttl - max(0.0, used.total_seconds()))

    @property
    def expires(self) -> float:
        """When that is over, in seconds since the epoch; the same throughout an attempt."""
        return activity.info().current_attempt_scheduled_time.timestamp() + self.left

    @property
    def wants_replies(self) -> bool:
        """Whether the client wants to hear what the recipient answers."""
        content = self.content
        return isinstance(content, ViberMessage | ViberTemplate) and bool(content.inbound_url)

    @property
    def sender(self) -> str:
        """What the recipient sees as the sender."""
        content = self.content
        return content.from_ or "" if isinstance(content, Sms | Voice) else self.step.sender


@dataclass(frozen=True)
class Chain:
    """The providers, and what a send needs beside them.

    `report_url` is where providers reach us, without a final slash.
    """

    providers: Providers
    clients: Mapping[str, ProviderClient]
    intents: Intents
    tokens: ReportTokens
    conversations: Conversations
    report_url: str
    receipts: Receipts = field(default_factory=Receipts)

    async def take(self, turn: Turn) -> DeliveryReport | None:
        """Send the step. As `Steps.send_step` returns and raises."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + CHAIN
        choices = list(self.providers.choices(turn.content))
        unreached: NotSent | None = None
        while choices:
            provider = choices.pop(0)
            intent = await _recorded(self._declare(turn, provider))
            if not intent.fresh:
                return intent.answer or await self._repeat(turn, intent.provider)
            outcome = await self._try(turn, provider, len(choices))
            if not _may_go_elsewhere(outcome):
                return await self._conclude(turn, provider, outcome, fresh=True)
            unreached = outcome if isinstance(outcome, NotSent) else unreached
            if not choices:  # one that was not reached may be, while the ttl lasts
                return await self._conclude(turn, provider, unreached or outcome, fresh=True)
            if not await _recorded(self.intents.withdraw(turn.ref)):
                return await self._conclude(turn, provider, outcome, fresh=False)
            _log.info("next provider", passed=provider.name, next=choices[0].name)
            if loop.time() > ends:
                raise again("NotSent", "the other providers' turn")
        return _answer(turn, "", REJECTED)

    async def _declare(self, turn: Turn, provider: Provider) -> Intent:
        return await self.intents.declare(turn.flow, turn.progress, turn.content, provider.name)

    async def _try(self, turn: Turn, provider: Provider, behind: int) -> SendOutcome:
        """The provider's outcome; one that is not reached has its share of time to be."""
        try:
            outcome = await self._insist(turn, provider, behind)
        except CannotCarry as fault:
            _log.info("cannot carry", provider=provider.name, why=str(fault))
            return REJECTED
        self.providers.note(provider.name, failed=_is_failure(outcome))
        return outcome

    async def _insist(self, turn: Turn, provider: Provider, behind: int) -> SendOutcome:
        outgoing = self._outgoing(turn, provider)
        loop = asyncio.get_running_loop()
        ends = loop.time() + min(SHARE, turn.left / (behind + 1)) if behind else 0.0
        pause = 0.1
        while True:
            outcome = await self.clients[provider.name].send(outgoing)
            if not isinstance(outcome, NotSent):
                return outcome
            wait = pause if outcome.retry_after is None else outcome.retry_after
            if loop.time() + wait > ends:
                return outcome
            await asyncio.sleep(wait)
            pause *= 2

    async def _repeat(self, turn: Turn, name: str) -> DeliveryReport | None:
        """Again to the one that may have it, if it takes both requests for one message."""
        provider = self.providers.named(name)
        if provider is None or not provider.capabilities.deduplicates:
            return None
        outcome = await self._try(turn, provider, behind=0)
        return await self._conclude(turn, provider, outcome, fresh=False)

    async def _conclude(
        self, turn: Turn, provider: Provider, outcome: SendOutcome, *, fresh: bool
    ) -> DeliveryReport | None:
        match outcome:
            case Accepted():
                recipient, channel = turn.content.recipient, turn.step.channel
                answer = DeliveryReport(
                    order=turn.step.order,
                    status=self.receipts.on_accept(provider.name, recipient, channel),
                    at=milliseconds(datetime.now(UTC)),
                    message_id=outcome.message_id,
                    provider=provider.name,
                    askable=channel in provider.capabilities.asks,
                )
                await _kept(self.intents.accepted(turn.ref, answer))
                if turn.wants_replies:
                    await self._listen(turn, provider)
                return answer
            case Refused():
                answer = _answer(turn, provider.name, outcome)
                await _kept(self.intents.refused(turn.ref, answer))
                return answer
            case NotSent(why, retry_after):
                if fresh:  # or an earlier attempt may have written what this one did not
                    await _recorded(self.intents.withdraw(turn.ref))
                raise again("NotSent", why, retry_after)
            case MaybeSent(why) if provider.capabilities.deduplicates:
                raise again("MaybeSent", why)
            case MaybeSent():
                return None

    async def _listen(self, turn: Turn, provider: Provider) -> None:
        """Note where replies go; a provider that gives them an address does not need it."""
        if not isinstance(provider, Replying):
            return
        recipient, sender = turn.content.recipient, provider.replied_to(turn.sender)
        try:
            await self.conversations.note(provider.name, sender, recipient, turn.ref)
        except Exception as fault:
            _log.warning("conversation not noted", fault=type(fault).__name__)

    def _outgoing(self, turn: Turn, provider: Provider) -> Outgoing:
        left = turn.left
        expires = time.time() + left + LATE_REPORTS.total_seconds()
        token = self.tokens.make(provider.name, Addressed(turn.ref, turn.flow.on_step), expires)
        return Outgoing(
            reference=turn.ref.reference,
            content=turn.content,
            sender=turn.sender,
            validity=left,
            report_url=f"{self.report_url}/reports/{provider.name}/{token}",
            inbound_url=f"{self.report_url}/inbound/{provider.name}/{token}"
            if turn.wants_replies
            else "",
            expires=turn.expires,
        )


def _may_go_elsewhere(outcome: SendOutcome) -> bool:
    return isinstance(outcome, NotSent) or (isinstance(outcome, Refused) and outcome.our_fault)


def _is_failure(outcome: SendOutcome) -> bool:
    """Whether the provider failed, rather than took the step or refused it for good reasons."""
    if isinstance(outcome, NotSent):
        return outcome.why != "rate"
    return isinstance(outcome, MaybeSent) or (isinstance(outcome, Refused) and outcome.our_fault)


def _answer(turn: Turn, provider: str, refusal: Refused) -> DeliveryReport:
    return DeliveryReport(
        order=turn.step.order,
        status=refusal.status,
        reason=refusal.reason,
        at=milliseconds(datetime.now(UTC)),
        our_fault=refusal.our_fault,
        provider=provider,
    )


async def _recorded(work: Awaitable[T]) -> T:
    try:
        return await work
    except Exception as fault:
        raise again("IntentNotRecorded", type(fault).__name__) from None


async def _kept(keeping: Awaitable[None]) -> None:
    # After the provider's answer nothing may raise: a repetition could send again.
    try:
        await keeping
    except Exception as fault:
        _log.warning("answer not kept", fault=type(fault).__name__)
