"""Publishes where a flow stands: records it, then tells the client."""

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from activities.again import soon
from activities.counting import count_end
from activities.telling import Due, Telling
from domain.flow import Flow, Publication
from domain.letter import Letter
from domain.progress import Progress
from storage.engine import writing
from storage.seal import Sealer, Unsealable
from tracking.charges import charged
from tracking.outbox import Kept, State
from tracking.records import Tracking
from tracking.view import view

_log = structlog.get_logger()


@dataclass(frozen=True)
class Callbacks:
    """The publishing activity."""

    engine: AsyncEngine
    tracking: Tracking
    sealer: Sealer
    telling: Telling

    @activity.defn
    async def publish(self, flow: Flow, progress: Progress, how: Publication) -> bool:
        """Record the snapshot and, if it is to be TOLD, POST it to the client's callback address.

        Idempotent by the progress's `seq`. Fails, to be tried again, until the receiver answers
        2xx or 410, or the schedule has no further slot; never for good. Returns whether the
        client wants to hear more of this flow; what it does not is kept as dead.
        """
        try:
            due = await self._recorded(flow, progress, how)
        except Unsealable as fault:  # then the record must not lack it
            await self._recorded(flow, progress, Publication.RECORDED)
            _log.error("callback not opened", tracking_id=flow.tracking_id, fault=str(fault))
            return False
        if due and how is Publication.TOLD:
            return await self.telling.attempt(due)
        return how is Publication.TOLD

    async def _recorded(self, flow: Flow, progress: Progress, how: Publication) -> Due | None:
        """Record the snapshot and, but if it is only RECORDED, the callback."""
        due = None
        try:
            async with writing(self.engine) as connection:
                ends = await self.tracking.record_end_within(connection, flow, progress)
                if flow.callback and how is not Publication.RECORDED:
                    kept = await self._kept(connection, flow, progress, how)
                    due = await self.telling.due(connection, kept)
        except SQLAlchemyError as fault:
            raise soon("NotRecorded", fault) from None
        if ends:
            count_end(flow, progress)
        return due

    async def _kept(
        self, connection: AsyncConnection, flow: Flow, progress: Progress, how: Publication
    ) -> Kept:
        outbox, event = self.telling.outbox, f"msg_{flow.tracking_id}-{progress.seq}"
        # What an earlier attempt has made is not made again, though it would be found all the same.
        if activity.info().attempt > 1 and (kept := await outbox.kept(connection, event)):
            return kept
        prices = (await charged(connection, [flow.tracking_id]))[flow.tracking_id]
        letter = Letter(
            event=event,
            account=flow.account,
            application=flow.application,
            tracking_id=flow.tracking_id,
            seq=progress.seq,
            at=progress.updated_at,
            url=self.sealer.callback_url(flow) or "",
            body=view(flow, progress, self.sealer, prices).model_dump_json(),
        )
        state = State.WAITING if how is Publication.TOLD else State.DEAD
        return await outbox.keep(connection, letter, state)
