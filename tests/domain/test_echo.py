"""What a client reads back: the worked examples of contract.md, member for member."""

from typing import Any

from domain.steps import in_order
from tests.domain.reading import read
from tests.samples import sms, viber, voice


def _echo(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    return [step.echo() for step in in_order(tuple(read(step) for step in steps))]


def test_the_transactional_example_comes_out_exactly() -> None:
    """Contract.md §3.3: defaults filled, absent members left out, 1.5 and 120 as they were."""
    template = {
        "type": "Viber",
        "senderInfoTrackingId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
        "to": "+306900000101",
        "order": 1,
        "ttl": 1.5,
        "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
        "templateLang": "el",
        "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
        "deliveryScope": "ALL_DEVICES",
        "seq": 42,
    }
    text = {
        "type": "Sms",
        "from": "AcmeShop",
        "to": "+306900000101",
        "order": 2,
        "ttl": 120,
        "message": {"body": "Parcel 7731 is ready"},
    }
    assert _echo(template, text) == [
        {**template, "failoverOnStatuses": ["Expired", "Failed", "Undelivered"]},
        {
            **text,
            "message": {"body": "Parcel 7731 is ready", "flash": False},
            "failoverOnStatuses": ["Undelivered", "Failed"],
        },
    ]


def test_the_standard_examples_voice_and_sms_come_out_exactly() -> None:
    """Contract.md §2.7: what was given stays as given, the dial plan becomes a list."""
    say = {
        "type": "SAY",
        "repeat": 1,
        "bargeIn": False,
        "message": {"language": "el-GR", "gender": "female", "text": "Το δέμα σας είναι έτοιμο"},
    }
    call = {
        "type": "Voice",
        "from": "302310000222",
        "to": {"phone": "+306900000101"},
        "order": 2,
        "machineDetection": {"strategy": "Hangup"},
        "failoverOnStatuses": ["Busy", "NoAnswer"],
    }
    text = {
        "type": "Sms",
        "from": "AcmeShop",
        "to": "+306900000101",
        "order": 3,
        "ttl": 60,
        "message": {
            "body": "Parcel 7731 is ready",
            "flash": False,
            "label": "pickup-7731",
            "transcode": True,
        },
    }
    assert _echo({**call, "dialPlan": {"verbs": [say]}}, text) == [
        {**call, "dialPlans": [{"verbs": [say]}]},
        {**text, "failoverOnStatuses": ["Undelivered", "Failed"]},
    ]


def test_the_steps_are_echoed_by_order() -> None:
    """Not as they were sent (§2.6)."""
    echoed = _echo(sms(order=9), voice(order=4), viber(order=7))
    assert [(step["type"], step["order"]) for step in echoed] == [
        ("Voice", 4),
        ("Viber", 7),
        ("Sms", 9),
    ]


def test_nothing_is_echoed_as_null() -> None:
    """A client maps these members to strings that cannot be null (§2.6)."""

    def values(part: object) -> list[object]:
        if isinstance(part, dict):
            return [value for member in part.values() for value in values(member)]
        if isinstance(part, list):
            return [value for member in part for value in values(member)]
        return [part]

    nulls: dict[str, Any] = {
        "message": {"body": "hi", "label": None},
        "urlShortener": None,
        "order": None,
    }
    echoed = _echo(sms(**nulls), viber(inboundUrl=None, label=None), voice(machineDetection=None))
    assert None not in values(echoed)


def test_the_echo_may_be_sent_again() -> None:
    """It is a request of the same meaning."""
    for step in (sms(ttl=60), viber(ttl=1.5, seq=42), voice(to="+306900000101")):
        assert read(read(step).echo()) == read(step)
