"""One attempt to tell a client, and what becomes of it."""

import random
from collections.abc import Mapping
from datetime import datetime

import structlog
from temporalio import activity

from activities.again import again
from egress.deliver import Deliverer
from egress.schedule import wait
from metrics import catalogue as metrics

_log = structlog.get_logger()
_chance = random.SystemRandom()


async def attempt(
    deliverer: Deliverer, url: str, body: bytes, headers: Mapping[str, str], happened: datetime
) -> bool:
    """POST the event to its receiver; False if the receiver wants no more of this flow.

    Raises, to be tried again, until the receiver answers 2xx or 410, or the schedule has no
    further slot; never for good.
    """
    delivery = await deliverer.deliver(url, body, headers)
    if delivery.succeeded:
        metrics.told("delivered")
        return True
    age = activity.info().current_attempt_scheduled_time - happened
    delay = None if delivery.gone else wait(age.total_seconds(), _chance)
    if delay is None:
        metrics.told("dead")
        _log.warning("callback dead", answer=str(delivery))
        return not delivery.gone
    metrics.told("retried")
    raise again("CallbackNotTaken", f"the receiver answered {delivery}", delay)
