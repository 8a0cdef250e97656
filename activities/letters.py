"""Tells a client what happened outside of a running flow, and what it missed once more."""

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.again import soon
from activities.telling import Due, Telling
from domain.letter import Letter
from storage.engine import reading, writing
from storage.seal import Sealer, Unsealable

_log = structlog.get_logger()


@dataclass(frozen=True)
class Letters:
    """The delivering activities, which run on their own, not for a workflow."""

    engine: AsyncEngine
    sealer: Sealer
    telling: Telling

    @activity.defn
    async def deliver(self, letter: Letter) -> None:
        """POST the letter's body to its address, on the schedule of every callback."""
        try:
            due = await self._kept(letter)
        except Unsealable as fault:
            _log.error("letter not opened", fault=str(fault))
            return
        await self.telling.attempt(due)

    @activity.defn
    async def replay(self, account: str, tracking_id: str) -> None:
        """POST those of a flow's callbacks that were asked for again, one after the other.

        Each has its schedule from that moment on; the next one waits until it was taken or is
        dead again.
        """
        while due := await self._next(account, tracking_id):
            await self.telling.attempt(due)
            activity.heartbeat()

    async def _kept(self, letter: Letter) -> Due:
        try:
            async with writing(self.engine) as connection:
                kept = await self.telling.outbox.keep(connection, self.sealer.letter(letter))
                return await self.telling.due(connection, kept)
        except SQLAlchemyError as fault:
            raise soon("NotRecorded", fault) from None

    async def _next(self, account: str, tracking_id: str) -> Due | None:
        try:
            kept = await self.telling.outbox.next_replayed(account, tracking_id)
            if kept is None:
                return None
            async with reading(self.engine) as connection:
                return await self.telling.due(connection, kept)
        except SQLAlchemyError as fault:
            raise soon("NotRead", fault) from None
