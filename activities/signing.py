"""The headers of a callback: what it is, where it stands in its flow, and that it is from us."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import callback_keys
from domain.letter import Letter
from egress import signing
from storage.engine import reading
from storage.seal import Sealer

SEQUENCE = "x-failover-sequence"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Signatures:
    """Signs with the live keys of a letter's application."""

    engine: AsyncEngine
    sealer: Sealer

    async def headers(self, letter: Letter, body: bytes) -> Mapping[str, str]:
        """The headers of an attempt that is made now; unsigned where there is no key.

        Raises:
            SQLAlchemyError: the keys cannot be read.
        """
        async with reading(self.engine) as connection:
            kept = await callback_keys.live(connection, letter.application)
        keys = callback_keys.opened(self.sealer, letter.application, kept)
        if not keys:
            _log.warning("callback unsigned", application=letter.application)
        sequence = {} if letter.seq is None else {SEQUENCE: str(letter.seq)}
        return sequence | signing.headers(letter.event, body, keys, int(time.time()))
