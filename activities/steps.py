"""The activities of a step: sent, once; and asked about."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from temporalio import activity

from activities.chain import Chain, Turn
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import milliseconds
from storage.seal import Sealer, Unsealable

HEARTBEAT = 1.0
"""Seconds between beats; the workflow's heartbeat timeout decides when a worker is dead."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Steps:
    """The activities that speak to providers."""

    chain: Chain
    sealer: Sealer

    @activity.defn
    async def send_step(self, flow: Flow, progress: Progress) -> DeliveryReport | None:
        """Send the step begun last.

        Returns what the provider answered: Queued if it took the step, a failing status if it
        refused, None if nobody knows whether it was sent. Raises, to be tried again, only where
        that cannot send twice.
        """
        async with _heartbeat():
            order = progress.steps[-1].order
            try:
                content = self.sealer.content(flow, order)
            except Unsealable as fault:
                _log.error("content not opened", fault=str(fault))
                return DeliveryReport(
                    order=order,
                    status=Status.FAILED,
                    reason="System Failure",
                    at=milliseconds(datetime.now(UTC)),
                    our_fault=True,
                )
            return await self.chain.take(Turn(flow, progress, content))

    @activity.defn
    async def ask(self, flow: Flow, answer: DeliveryReport) -> Sequence[DeliveryReport]:
        """What its provider knows of a step whose send it answered so."""
        provider = self.chain.providers.named(answer.provider)
        if provider is None:
            return []
        channel, ref = flow.steps[answer.order - 1].channel, flow.ref(answer.order)
        client = self.chain.clients[provider.name]
        return [
            DeliveryReport(
                order=answer.order,
                status=word.status,
                reason=word.reason,
                at=milliseconds(datetime.now(UTC)),
                message_id=word.message_id,
                duration=word.duration,
                provider=provider.name,
            )
            for word in await client.ask(answer.message_id, ref.reference, channel)
        ]


@contextlib.asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)  # most sends are over by then, and cost no beat
            activity.heartbeat()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
