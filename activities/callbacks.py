"""Publishes where a flow stands: records it, then tells the client."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import structlog
from temporalio import activity

from activities.again import again
from activities.counting import count_end
from activities.telling import attempt
from domain.flow import Flow
from domain.progress import Progress
from egress.deliver import Deliverer
from storage.seal import Sealer, Unsealable
from tracking.records import Tracking
from tracking.view import view

_log = structlog.get_logger()
_chance = random.SystemRandom()


@dataclass(frozen=True)
class Callbacks:
    """The publishing activity."""

    tracking: Tracking
    sealer: Sealer
    deliverer: Deliverer

    @activity.defn
    async def publish(self, flow: Flow, progress: Progress, tell: bool) -> bool:
        """Record the snapshot and, if `tell`, POST it to the client's callback address.

        Idempotent by the progress's `seq`. Fails, to be tried again, until the receiver answers
        2xx or 410, or the schedule has no further slot; never for good. Returns whether the
        client wants to hear more of this flow.
        """
        prices = await self._recorded(flow, progress, tell and flow.callback is not None)
        try:
            callback = self._opened(flow, progress, prices) if tell else None
        except Unsealable as fault:
            _log.error("callback not opened", tracking_id=flow.tracking_id, fault=str(fault))
            return False
        if callback is None:
            return tell
        return await attempt(
            self.deliverer, *callback, _headers(flow, progress), progress.updated_at
        )

    def _opened(
        self, flow: Flow, progress: Progress, prices: Mapping[int, Decimal]
    ) -> tuple[str, bytes] | None:
        url = self.sealer.callback_url(flow)
        if url is None:
            return None
        return url, view(flow, progress, self.sealer, prices).model_dump_json().encode()

    async def _recorded(
        self, flow: Flow, progress: Progress, priced: bool
    ) -> Mapping[int, Decimal]:
        """Record the snapshot; what was charged until then, where it is asked for."""
        try:
            if await self.tracking.record(flow, progress):
                count_end(flow, progress)
            return await self.tracking.prices(flow) if priced else {}
        except Exception as fault:
            raise again("NotRecorded", type(fault).__name__, _chance.uniform(1, 30)) from None


def _headers(flow: Flow, progress: Progress) -> Mapping[str, str]:
    return {
        "webhook-id": f"msg_{flow.tracking_id}-{progress.seq}",
        "x-failover-sequence": str(progress.seq),
    }
