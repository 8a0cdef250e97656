"""Tells a client what happened outside of a running flow."""

from dataclasses import dataclass

import structlog
from temporalio import activity

from activities.telling import attempt
from domain.letter import Letter
from egress.deliver import Deliverer
from storage.seal import Sealer, Unsealable

_log = structlog.get_logger()


@dataclass(frozen=True)
class Letters:
    """The delivering activity, which runs on its own, not for a workflow."""

    sealer: Sealer
    deliverer: Deliverer

    @activity.defn
    async def deliver(self, letter: Letter) -> None:
        """POST the letter's body to its address, on the schedule of every callback."""
        try:
            url, body = self.sealer.letter(letter)
        except Unsealable as fault:
            _log.error("letter not opened", fault=str(fault))
            return
        await attempt(self.deliverer, url, body.encode(), {"webhook-id": letter.event}, letter.at)
