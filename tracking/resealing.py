"""What the record keeps sealed: flows' contents and addresses, callbacks with their answers."""

from typing import Any

from sqlalchemy import Row

from domain.flow import Flow
from storage.resealing import Sealed, Values
from storage.seal import Sealer, of
from storage.tables import callbacks, flows
from tracking.outbox import sealed_letter


def _flow(sealer: Sealer, row: Row[Any]) -> Values:
    flow = Flow.model_validate_json(row.flow)
    new = sealer.resealed_flow(flow)
    return {} if new == flow else {"flow": new.model_dump_json()}


def _callback(sealer: Sealer, row: Row[Any]) -> Values:
    letter = sealed_letter(row)
    parts = ("url", "body", "answer")
    new = {part: sealer.resealed(row._mapping[part], of(letter, part)) for part in parts}
    return {part: value for part, value in new.items() if value != row._mapping[part]}


SEALED = (
    Sealed("flows", flows, flows.c.tracking_id, (flows.c.flow,), _flow),
    Sealed(
        "callbacks",
        callbacks,
        callbacks.c.id,
        (callbacks.c.url, callbacks.c.body, callbacks.c.answer),
        _callback,
    ),
)
"""Everything of the record's."""
