"""What an application may order: its channels, senders, templates, destinations, and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.base import Application
from api import destinations
from api.bodies import Callback
from api.dependencies import Caller, Services
from domain.channels import PIN, Sms, Viber, ViberTemplate
from domain.errors import InsufficientBalance, InvalidRequest, UnknownSender
from domain.steps import RequestStep, in_order
from providers.base import Content


@dataclass(frozen=True)
class Admitted:
    """Steps in their order, the application's settings filled in; senders' names by their ids."""

    steps: tuple[RequestStep, ...]
    senders: Mapping[str, str]


async def admitted(
    steps: Sequence[RequestStep], callback: Callback | None, caller: Caller, services: Services
) -> Admitted:
    """The steps, if the caller may send them, and be told of them there.

    Raises:
        Forbidden, InvalidRequest, UnknownSender, InsufficientBalance: it may not.
        SQLAlchemyError: the database is away.
    """
    caller.may_use(step.channel for step in steps)
    application = caller.application
    _check_destinations(steps, application)
    destinations.check(steps, callback, services.reach)
    _check_carried(steps, services)
    settled = in_order(tuple(_settled(steps, application)))
    senders = await _senders(steps, caller, services)
    await _check_templates(steps, caller, services)
    if not await services.ledger.affords(caller.account, application.id, settled[0]):
        raise InsufficientBalance("Insufficient Balance")
    return Admitted(settled, senders)


def _check_destinations(steps: Sequence[RequestStep], application: Application) -> None:
    refused = {
        f"flow[{place}].to": "This application may not send there"
        for place, step in enumerate(steps)
        if not application.reaches(step.recipient)
    }
    if refused:
        raise InvalidRequest(refused)


def _check_carried(steps: Sequence[RequestStep], services: Services) -> None:
    refused = {
        f"flow[{place}].type": f"No provider here carries this: {Content.of(step)}"
        for place, step in enumerate(steps)
        if not services.providers.able(step)
    }
    if refused:
        raise InvalidRequest(refused)


def _settled(steps: Sequence[RequestStep], application: Application) -> Sequence[RequestStep]:
    """With the application's settings where a step says nothing of its own."""
    settled: list[RequestStep] = []
    for place, step in enumerate(steps):
        if not isinstance(step, Sms):
            settled.append(step)
            continue
        sender = step.from_ or application.default_sender
        if not sender:
            raise InvalidRequest({f"flow[{place}].from": "Field required"})
        message = step.message
        if application.transcode and message.transcode is None:
            message = message.model_copy(update={"transcode": True})
        settled.append(step.model_copy(update={"from_": sender, "message": message}))
    return settled


async def _senders(
    steps: Sequence[RequestStep], caller: Caller, services: Services
) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for place, step in enumerate(steps):
        if not isinstance(step, Viber) or step.sender_info_tracking_id in names:
            continue
        sender_id = step.sender_info_tracking_id
        sender = await services.accounts.sender_info(caller.account, sender_id)
        if sender is None:
            raise UnknownSender(f"Sender info not found: flow[{place}].senderInfoTrackingId")
        names[sender_id] = sender.name
    return names


async def _check_templates(
    steps: Sequence[RequestStep], caller: Caller, services: Services
) -> None:
    for place, step in enumerate(steps):
        if not isinstance(step, ViberTemplate) or PIN in step.template_params:
            continue
        template = await services.accounts.template(caller.account, str(UUID(step.template_id)))
        if template and template.otp:
            path = f"flow[{place}].templateParams.{PIN}"
            raise InvalidRequest({path: "Required by an OTP template"})
