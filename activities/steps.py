"""Sends a step, once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity

from activities.again import again
from activities.intents import Intent, Intents
from domain.channels import Sms, Voice
from domain.flow import Flow, Step, StepRef
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.steps import RequestStep
from domain.wire import milliseconds
from providers.base import Accepted, MaybeSent, NotSent, Outgoing, Provider, Refused, SendOutcome
from providers.http import ProviderClient
from providers.registry import Providers
from providers.token import Addressed, ReportTokens
from storage.seal import Sealer, Unsealable

HEARTBEAT = 1.0
"""Seconds between beats; the workflow's heartbeat timeout decides when a worker is dead."""

LATE_REPORTS = timedelta(hours=72)
"""How long after a step's ttl its report address still works."""

Keep = Callable[[StepRef, DeliveryReport], Awaitable[None]]

_log = structlog.get_logger()


@dataclass(frozen=True)
class Steps:
    """The sending activities. `report_url` is where providers reach us, without a final slash."""

    providers: Providers
    clients: Mapping[str, ProviderClient]
    intents: Intents
    sealer: Sealer
    tokens: ReportTokens
    report_url: str

    @activity.defn
    async def send_step(self, flow: Flow, progress: Progress) -> DeliveryReport | None:
        """Send the step begun last.

        Returns what the provider answered: Queued if it took the step, a failing status if it
        refused, None if nobody knows whether it was sent. Raises, to be tried again, only where
        that cannot send twice.
        """
        async with _heartbeat():
            return await self._send(flow, progress)

    async def _send(self, flow: Flow, progress: Progress) -> DeliveryReport | None:
        step = flow.steps[progress.steps[-1].order - 1]
        ref = flow.ref(step.order)
        provider = self.providers.serving(step.channel)
        try:
            content = self.sealer.content(flow, step.order)
        except Unsealable as fault:
            _log.error("content not opened", reference=ref.reference, fault=str(fault))
            return _report(step, Status.FAILED, reason="System Failure", our_fault=True)
        intent = await self._declared(flow, progress, content)
        if intent.answer:
            return intent.answer
        if not intent.fresh and not provider.capabilities.deduplicates:
            return None
        outgoing = self._outgoing(flow, progress, content, provider)
        outcome = await self.clients[provider.name].send(outgoing)
        return await self._concluded(step, ref, provider, outcome, intent)

    async def _declared(self, flow: Flow, progress: Progress, content: RequestStep) -> Intent:
        try:
            return await self.intents.declare(flow, progress, content)
        except Exception as fault:
            raise again("IntentNotRecorded", type(fault).__name__) from None

    async def _concluded(
        self, step: Step, ref: StepRef, provider: Provider, outcome: SendOutcome, intent: Intent
    ) -> DeliveryReport | None:
        match outcome:
            case Accepted(message_id):
                answer = _report(step, Status.QUEUED, message_id=message_id)
                return await self._kept(self.intents.accepted, ref, answer)
            case Refused(status, reason, our_fault):
                answer = _report(step, status, reason=reason, our_fault=our_fault)
                return await self._kept(self.intents.refused, ref, answer)
            case NotSent(why, retry_after):
                if intent.fresh:  # or an earlier attempt may have written what this one did not
                    await self.intents.withdraw(ref)
                raise again("NotSent", why, retry_after)
            case MaybeSent(why) if provider.capabilities.deduplicates:
                raise again("MaybeSent", why)
            case MaybeSent():
                return None

    async def _kept(self, keep: Keep, ref: StepRef, answer: DeliveryReport) -> DeliveryReport:
        # After the provider's answer nothing may raise: a repetition could send again.
        try:
            await keep(ref, answer)
        except Exception as fault:
            _log.warning("answer not kept", reference=ref.reference, fault=type(fault).__name__)
        return answer

    def _outgoing(
        self, flow: Flow, progress: Progress, content: RequestStep, provider: Provider
    ) -> Outgoing:
        standing = progress.steps[-1]
        step = flow.steps[standing.order - 1]
        used = activity.info().current_attempt_scheduled_time - standing.started_at
        left = max(1.0, step.ttl - max(0.0, used.total_seconds()))
        expires = time.time() + left + LATE_REPORTS.total_seconds()
        ref = flow.ref(step.order)
        token = self.tokens.make(provider.name, Addressed(ref, flow.on_step), expires)
        return Outgoing(
            reference=ref.reference,
            content=content,
            sender=_sender(step, content),
            validity=left,
            report_url=f"{self.report_url}/reports/{provider.name}/{token}",
        )


def _sender(step: Step, content: RequestStep) -> str:
    return content.from_ or "" if isinstance(content, Sms | Voice) else step.sender


def _report(
    step: Step, status: Status, reason: str = "", message_id: str = "", our_fault: bool = False
) -> DeliveryReport:
    return DeliveryReport(
        order=step.order,
        status=status,
        reason=reason,
        at=milliseconds(datetime.now(UTC)),
        message_id=message_id,
        our_fault=our_fault,
    )


@contextlib.asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
