"""The headers of a callback: what it is, where it stands in its flow, and that it is from us."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from accounts import callback_keys
from domain.letter import Letter
from egress import signing
from storage.seal import Sealer

SEQUENCE = "x-failover-sequence"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Signatures:
    """Signs with the keys of a letter's application."""

    sealer: Sealer

    def headers(self, letter: Letter, body: bytes, kept: Sequence[str]) -> Mapping[str, str]:
        """The headers of an attempt that is made now, by sealed keys; unsigned without any."""
        keys = callback_keys.opened(self.sealer, letter.application, kept)
        if not keys:
            _log.warning("callback unsigned", application=letter.application)
        sequence = {} if letter.seq is None else {SEQUENCE: str(letter.seq)}
        return sequence | signing.headers(letter.event, body, keys, int(time.time()))
