"""The activities that tell clients, as the worker puts them together."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.callbacks import Callbacks
from activities.letters import Letters
from activities.signing import Signatures
from activities.telling import Telling
from egress.deliver import Deliverer
from storage.seal import Sealer
from tracking.outbox import Outbox
from tracking.records import Tracking


def publishing(
    engine: AsyncEngine, sealer: Sealer, deliverer: Deliverer, **more: Any
) -> tuple[Callbacks, Letters]:
    """What publishes flows, and what delivers beside them; `more` is of the telling."""
    telling = Telling(Outbox(engine, sealer), Signatures(sealer), deliverer, **more)
    callbacks = Callbacks(engine, Tracking(engine, sealer), sealer, telling)
    return callbacks, Letters(engine, sealer, telling)
