"""What single messages show, and what they leave out."""

from itertools import chain
from typing import Any

import pytest

from domain.channels import Sms, ViberTemplate, Voice
from domain.progress import DeliveryReport
from domain.status import Channel, Status, ladder
from storage.seal import Sealer
from tests.samples import sms, viber, voice
from tests.tracking.flows import progress_of, report, sealed_flow
from tracking.descriptions import DESCRIPTIONS, description
from tracking.view import view

MAKERS = {Channel.SMS: sms, Channel.VIBER: viber, Channel.VOICE: voice}


def _message(sealer: Sealer, step: dict[str, Any], *reports: DeliveryReport) -> dict[str, Any]:
    """The one message of a flow of that step, which began one second after the flow."""
    flow = sealed_flow(sealer, step)
    shown = view(flow, progress_of(flow, 1.0, *reports), sealer)
    [message] = shown.model_dump(mode="json")["messages"]
    return dict(message)


@pytest.mark.parametrize(
    ("channel", "name"),
    [(Channel.SMS, "Queued"), (Channel.VIBER, "QUEUED"), (Channel.VOICE, "Queued")],
)
def test_a_step_whose_send_is_unanswered_shows_as_queued(
    sealer: Sealer, channel: Channel, name: str
) -> None:
    """Since its turn came."""
    message = _message(sealer, MAKERS[channel]())
    assert message["status"] == {
        "name": name,
        "reason": {"detailedStatus": "Queued", "description": DESCRIPTIONS["Queued"]},
        "updatedDate": message["createdAt"],
    }


@pytest.mark.field("§6.3", "status.name", "status.reason")
@pytest.mark.parametrize(
    ("channel", "status"), [(channel, status) for channel in Channel for status in ladder(channel)]
)
def test_every_status_has_its_channels_spelling_and_a_sentence(
    sealer: Sealer, channel: Channel, status: Status
) -> None:
    """Viber in capitals; without a reason the status speaks for itself, in separate words."""
    shown = _message(sealer, MAKERS[channel](), report(1, status, 5))["status"]
    assert shown["name"] == (status.upper() if channel is Channel.VIBER else str(status))
    assert shown["reason"]["detailedStatus"].replace(" ", "") == str(status)
    assert shown["reason"]["description"] == DESCRIPTIONS[shown["reason"]["detailedStatus"]]
    assert shown["reason"]["description"].endswith(".")


@pytest.mark.field("§6.3", "status.reason")
def test_a_reason_says_more_than_the_status(sealer: Sealer) -> None:
    """One that no table has is its own description."""
    for reason in ("Carrier Violation", "DND Error Code"):
        told = report(1, Status.FAILED, 5, reason=reason)
        shown = _message(sealer, sms(), told)["status"]["reason"]
        assert shown == {"detailedStatus": reason, "description": description(reason)}
    assert description("DND Error Code") == "DND Error Code"
    assert description("Carrier Violation") == "The carrier refused its content."


def test_every_reason_of_ours_has_a_sentence() -> None:
    """Those of contract.md §7.3, and what we say of silence."""
    of_sms = (
        "Sent, Delivered, Undelivered, Failed, Undelivered on Handset, Unknown Number, Roaming, "
        "Call Barred, Unknown Status, Carrier Violation, Expired"
    )
    of_viber = (
        "Not Viber User, Opted Out, System Failure, Message Rejected, Timed Out, "
        "Unsupported Equipment, TTL Expired, Delivered, Seen"
    )
    silences = [kind.silence_reason for kind in (Sms, ViberTemplate, Voice)]
    assert set(chain(of_sms.split(", "), of_viber.split(", "), silences)) <= set(DESCRIPTIONS)


@pytest.mark.field("§6.3", "Viber by template")
@pytest.mark.parametrize("name", ["pin", "PIN", "Pin"])
@pytest.mark.parametrize("value", ["482913", 482913, "****"])
def test_a_pin_is_hidden(sealer: Sealer, name: str, value: object) -> None:
    """However it is spelt; the other parameters show."""
    params = {name: value, "pin_type": "login", "count": 3}
    message = _message(sealer, viber(seq=1, templateParams=params))
    assert message["templateParams"] == {name: "****", "pin_type": "login", "count": 3}


EXPIRING = viber(seq=1, ttl=1, expireOnDelivery=True)
AT = "2026-09-01T08:16:31.120Z"


@pytest.mark.parametrize(
    ("step", "statuses", "name", "expires", "expired_at"),
    [
        (EXPIRING, [Status.DELIVERED], "DELIVERED", True, None),
        (EXPIRING, [Status.DELIVERED, Status.EXPIRED], "EXPIRED", True, AT),
        (EXPIRING, [Status.DELIVERED, Status.SEEN], "SEEN", True, None),
        (viber(seq=1), [Status.EXPIRED], "EXPIRED", False, None),
        (viber(seq=1, expireOnDelivery=False), [Status.DELIVERED], "DELIVERED", False, None),
    ],
)
def test_a_delivered_message_that_nobody_saw_says_when_it_expired(
    sealer: Sealer,
    step: dict[str, Any],
    statuses: list[Status],
    name: str,
    expires: bool,
    expired_at: str | None,
) -> None:
    """Null in every other case, never left out (contract.md §7.5)."""
    reports = [report(1, each, seconds) for each, seconds in zip(statuses, (5, 61), strict=False)]
    message = _message(sealer, step, *reports)
    assert message["status"]["name"] == name
    assert message["expireOnDelivery"] is expires
    assert message["expiredOnDeliveryAt"] == expired_at


@pytest.mark.field("§6.3", "Sms")
@pytest.mark.parametrize(
    ("reports", "latency"),
    [
        ([], None),
        ([report(1, Status.SENT, 4)], None),
        ([report(1, Status.DELIVERED, 1.2)], 0),
        ([report(1, Status.DELIVERED, 5.4)], 4),
        ([report(1, Status.DELIVERED, 5.6)], 5),
        ([report(1, Status.SENT, 2), report(1, Status.UNDELIVERED, 121)], 120),
        ([report(1, Status.DELIVERED, 0)], 0),
    ],
)
def test_latency_is_whole_seconds_from_the_turn_to_the_final_status(
    sealer: Sealer, reports: list[DeliveryReport], latency: int | None
) -> None:
    """Left out until then; never negative, whatever a provider's clock says."""
    message = _message(sealer, sms(), *reports)
    assert message.get("latency") == latency
    assert ("latency" in message) == (latency is not None)


@pytest.mark.field("§6.3", "Sms", "Viber by template", "Voice")
def test_members_that_do_not_apply_are_left_out(sealer: Sealer) -> None:
    """They are not null."""
    assert not {"label", "latency", "operator"} & set(_message(sealer, sms()))
    assert not {"label", "inboundUrl", "body"} & set(_message(sealer, viber(seq=1)))
    assert "ttl" not in _message(sealer, voice())
    to_sip = _message(sealer, {**voice(), "to": {"sip": "1111@pbx.test"}})
    assert to_sip["to"] == {"sip": "1111@pbx.test"}
    assert "country" not in to_sip


@pytest.mark.parametrize(("duration", "shown"), [(None, 0), (0, 0), (37, 37)])
def test_a_call_shows_how_long_it_was(sealer: Sealer, duration: int | None, shown: int) -> None:
    """In seconds; none is nought."""
    told = report(1, Status.COMPLETED, 40, duration=duration)
    assert _message(sealer, voice(), told)["duration"] == shown


@pytest.mark.parametrize(("ttl", "shown"), [(1.5, 1.5), (10, 10), (10.0, 10)])
def test_a_ttl_shows_as_it_was_echoed(sealer: Sealer, ttl: float, shown: float) -> None:
    """In minutes, whole ones without a point."""
    assert str(_message(sealer, viber(seq=1, ttl=ttl))["ttl"]) == str(shown)


@pytest.mark.parametrize("channel", Channel)
def test_a_message_shows_the_clients_order_and_statuses(sealer: Sealer, channel: Channel) -> None:
    """As it wrote them, not the place and the table's words."""
    message = _message(sealer, MAKERS[channel](order=8, failoverOnStatuses="FAILED"))
    assert message["order"] == 8
    assert message["failoverOnStatuses"] == ["FAILED"]
