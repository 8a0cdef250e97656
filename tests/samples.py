"""Flows, steps and requests that tests begin with."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from accounts.demonstration import ACME, ACME_SHOP, PARCEL
from domain.channels import opened
from domain.flow import Callback, Flow, Kind, Step, Strategy
from domain.steps import RequestStep, in_order
from domain.wire import milliseconds

NUMBER = "+306900000101"


def viber(to: str = NUMBER, **members: Any) -> dict[str, Any]:
    """A Viber template step, as a client sends it."""
    return {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": to,
        "templateId": PARCEL.id,
        "templateLang": "en",
        "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
        **members,
    }


def viber_message(to: str = NUMBER, **members: Any) -> dict[str, Any]:
    """A free-form Viber step, as a client sends it."""
    return {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": to,
        "message": {"text": "Parcel 7731 is ready"},
        **members,
    }


def sms(to: str = NUMBER, **members: Any) -> dict[str, Any]:
    """An Sms step, as a client sends it."""
    return {
        "type": "Sms",
        "from": "AcmeShop",
        "to": to,
        "message": {"body": "Parcel 7731 is ready"},
        **members,
    }


def voice(to: str = NUMBER, **members: Any) -> dict[str, Any]:
    """A Voice step, as a client sends it."""
    say = {"type": "SAY", "message": {"language": "en-GB", "text": "Your parcel is ready"}}
    return {
        "type": "Voice",
        "from": "302310000222",
        "to": {"phone": to},
        "dialPlan": {"verbs": [say]},
        **members,
    }


def compiled(*steps: dict[str, Any], kind: Kind = Kind.TRANSACTIONAL) -> tuple[Step, ...]:
    """Request steps as they travel, unsealed."""
    read = tuple(request_step(step, kind) for step in steps)
    return tuple(
        opened_step.compiled(order, sender="AcmeShop" if opened_step.type == "Viber" else "")
        for order, opened_step in enumerate(in_order(read), start=1)
    )


def a_flow(
    *steps: dict[str, Any],
    strategy: Strategy | None = Strategy.ON_COMPLETION,
    url: str = "http://127.0.0.1:9/callbacks",
    ttls: Sequence[float] = (),
    kind: Kind = Kind.TRANSACTIONAL,
) -> Flow:
    """A flow of acme's, unsealed; `ttls` overrides the steps' own, in seconds."""
    travelling = compiled(*(steps or (viber(), sms())), kind=kind)
    if ttls:
        travelling = tuple(
            step.model_copy(update={"ttl": ttl}) for step, ttl in zip(travelling, ttls, strict=True)
        )
    return Flow(
        account=ACME.account,
        application=ACME.id,
        tracking_id=str(uuid4()),
        kind=kind,
        steps=travelling,
        callback=Callback(strategy=strategy, url=url, origin="http://127.0.0.1:9")
        if strategy
        else None,
        created_at=milliseconds(datetime.now(UTC)),
        request="0" * 64,
    )


def request_step(step: dict[str, Any], kind: Kind = Kind.TRANSACTIONAL) -> RequestStep:
    """A request step, as the API reads it."""
    return opened(json.dumps(step), kind)
