"""Sends a step, once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity

from activities.again import again
from activities.intents import Intent, Intents
from domain.channels import RequestStep, Sms, Voice
from domain.flow import Flow, Step
from domain.progress import DeliveryReport, Progress
from domain.status import Status
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
        standing = progress.steps[-1]
        step = flow.steps[standing.order - 1]
        reference = flow.ref(step.order).reference
        provider = self.providers.serving(step.channel)
        intent = await self._declared(flow, progress, reference)
        if intent.answer:
            return intent.answer
        if not intent.fresh and not provider.capabilities.deduplicates:
            return None
        try:
            outgoing = self._outgoing(flow, step, provider, standing.started_at)
        except Unsealable as fault:
            _log.error("content not opened", reference=reference, fault=str(fault))
            return _report(step, Status.FAILED, reason="System Failure", our_fault=True)
        outcome = await self.clients[provider.name].send(outgoing)
        return await self._concluded(step, reference, provider, outcome, intent)

    async def _declared(self, flow: Flow, progress: Progress, reference: str) -> Intent:
        try:
            return await self.intents.declare(flow, progress, reference)
        except Exception as fault:
            raise again("IntentNotRecorded", type(fault).__name__) from None

    async def _concluded(
        self, step: Step, reference: str, provider: Provider, outcome: SendOutcome, intent: Intent
    ) -> DeliveryReport | None:
        match outcome:
            case Accepted(message_id):
                answer = _report(step, Status.QUEUED, message_id=message_id)
                return await self._kept(reference, answer)
            case Refused(status, reason, our_fault):
                answer = _report(step, status, reason=reason, our_fault=our_fault)
                return await self._kept(reference, answer)
            case NotSent(why, retry_after):
                if intent.fresh:  # or an earlier attempt may have written what this one did not
                    await self.intents.withdraw(reference)
                raise again("NotSent", why, retry_after)
            case MaybeSent(why) if provider.capabilities.deduplicates:
                raise again("MaybeSent", why)
            case MaybeSent():
                return None

    async def _kept(self, reference: str, answer: DeliveryReport) -> DeliveryReport:
        # After the provider's answer nothing may raise: a repetition could send again.
        try:
            await self.intents.answered(reference, answer)
        except Exception as fault:
            _log.warning("answer not kept", reference=reference, fault=type(fault).__name__)
        return answer

    def _outgoing(
        self, flow: Flow, step: Step, provider: Provider, started_at: datetime
    ) -> Outgoing:
        content = self.sealer.content(flow, step.order)
        used = activity.info().current_attempt_scheduled_time - started_at
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
    return content.from_ if isinstance(content, Sms | Voice) else step.sender


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
