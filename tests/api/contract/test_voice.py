"""§2.5: the Voice step."""

from typing import Any

import pytest

from tests.api.contract.bench import Door, Step, without
from tests.samples import NUMBER, voice

SAY = {"type": "SAY", "message": {"language": "en-GB", "text": "Your parcel is ready"}}
SAID = {
    "type": "SAY",
    "message": {"text": "Your parcel is ready", "language": "en-GB", "gender": "female"},
    "repeat": 0,
    "bargeIn": False,
}
SIP = "1111@pbx.acme.test:5060"
EVENTS = "https://hooks.acme.test/machine"


def calling(to: Any) -> Step:
    """A call to that target."""
    return {**voice(), "to": to}


@pytest.mark.field("§2.5", "from")
@pytest.mark.parametrize("caller", ["302310000222", "+302310000222", "AcmeShop247", "1" * 16])
async def test_a_caller_is_a_number_or_a_short_name(door: Door, caller: str) -> None:
    """With or without +; in tracking, too."""
    await door.echoes(voice(**{"from": caller}), {"from": caller})
    assert (await door.shown(voice(**{"from": caller})))["from"] == caller


@pytest.mark.field("§2.5", "from")
@pytest.mark.parametrize("caller", [None, "", " ", "AcmeShop2477", "1" * 17, "Acme-Shop", 7])
async def test_another_caller_is_refused(door: Door, caller: Any) -> None:
    """It is required: an application's default sender is for Sms."""
    await door.refuses(voice(**{"from": caller}), "from")


@pytest.mark.field("§2.5", "to", "to.phone", "to.sip", "to.viber")
@pytest.mark.field("§8", "to.phone", "to.sip", "to.viber")
@pytest.mark.parametrize(
    "to",
    [
        {"phone": NUMBER},
        {"phone": "302310000222"},
        {"phone": "+30 231 000 0222"},
        {"sip": SIP},
        {"sip": "1111@192.0.2.7"},
        {"viber": "306900000101"},
        {"viber": NUMBER},
    ],
)
async def test_a_target_is_answered_as_given(door: Door, to: Any) -> None:
    """A telephone of either kind, a SIP address, a number with the app; in tracking, too."""
    await door.echoes(calling(to), {"to": to})
    assert (await door.shown(calling(to)))["to"] == to


@pytest.mark.field("§2.5", "to")
@pytest.mark.field("§12", "28")
@pytest.mark.parametrize("number", [NUMBER, "302310000222"])
async def test_a_text_is_a_phone(door: Door, number: str) -> None:
    """It is answered as the object."""
    await door.echoes(calling(number), {"to": {"phone": number}})
    assert (await door.shown(calling(number)))["to"] == {"phone": number}


@pytest.mark.field("§2.5", "to", "to.phone", "to.sip", "to.viber")
async def test_blank_targets_beside_the_one_are_absent(door: Door) -> None:
    """As of every blank member."""
    for name, target in (("phone", NUMBER), ("sip", SIP), ("viber", NUMBER)):
        blanks: Any = {"phone": "", "sip": None, "viber": " "}
        await door.echoes(calling({**blanks, name: target}), {"to": {name: target}})


@pytest.mark.field("§2.5", "to")
@pytest.mark.parametrize(
    "to",
    [
        None,
        "",
        {},
        {"phone": "", "sip": None},
        {"other": NUMBER},
        {"phone": NUMBER, "sip": SIP},
        {"phone": NUMBER, "viber": NUMBER},
        {"phone": NUMBER, "sip": SIP, "viber": NUMBER},
        7,
        [NUMBER],
    ],
)
async def test_a_call_has_exactly_one_target(door: Door, to: Any) -> None:
    """None and several are refused alike."""
    await door.refuses(calling(to), "to")


@pytest.mark.field("§2.5", "to.phone", "to.sip", "to.viber")
@pytest.mark.field("§8", "to.phone", "to.sip", "to.viber")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("phone", "12"),
        ("phone", "AcmeShop"),
        ("phone", 306900000101),
        ("viber", "12"),
        ("viber", "+999123456789"),
        ("sip", "pbx.acme.test"),
        ("sip", "1111@"),
        ("sip", f"{'1' * 250}@pbx.test"),
        ("sip", 1111),
    ],
)
async def test_a_wrong_target_is_named(door: Door, name: str, wrong: Any) -> None:
    """By its own path."""
    await door.refuses(calling({name: wrong}), f"to.{name}")


@pytest.mark.field("§2.5", "to.phone")
@pytest.mark.field("§12", "28")
async def test_a_wrong_text_is_a_wrong_phone(door: Door) -> None:
    """In the sentence that clients know."""
    assert await door.refuses(calling("12"), "to.phone") == "Invalid mobile number"


@pytest.mark.field("§2.5", "dialPlan")
@pytest.mark.field("§12", "6")
@pytest.mark.parametrize("spelling", ["dialPlan", "dialplan", "dialPlans"])
async def test_a_dial_plan_has_three_spellings(door: Door, spelling: str) -> None:
    """An object or a list of one; the answer and tracking say `dialPlans`."""
    bare = without(voice(), "dialPlan")
    for given in ({"verbs": [SAY]}, [{"verbs": [SAY]}]):
        step = {**bare, spelling: given}
        plans = [{"verbs": [SAID]}]
        await door.echoes(step, {"dialPlans": plans, "dialPlan": None, "dialplan": None})
        assert (await door.shown(step))["dialPlans"] == plans


@pytest.mark.field("§2.5", "dialPlan")
@pytest.mark.parametrize("wrong", [None, "", {}, [], {"verbs": []}, {"verbs": None}, "SAY", 7])
async def test_a_dial_plan_is_required(door: Door, wrong: Any) -> None:
    """And not empty."""
    await door.refuses(voice(dialPlan=wrong), "dialPlan")


@pytest.mark.field("§2.5", "dialPlan")
async def test_a_list_holds_one_dial_plan(door: Door) -> None:
    """A call has no second one."""
    step = without(voice(), "dialPlan")
    await door.refuses({**step, "dialPlans": [{"verbs": [SAY]}] * 2}, "dialPlans")


@pytest.mark.field("§2.5", "machineDetection")
@pytest.mark.field("§8", "machineDetection.strategy", "machineDetection.eventUrl")
@pytest.mark.parametrize(
    "detection",
    [
        {"strategy": "Hangup"},
        {"strategy": "Continue", "eventUrl": EVENTS},
        {"strategy": "Continue", "eventUrl": "http://hooks.acme.test:8080/machine?a=b"},
    ],
)
async def test_a_machine_is_hung_up_on_or_talked_to(door: Door, detection: Any) -> None:
    """Answered as given."""
    await door.echoes(voice(machineDetection=detection), {"machineDetection": detection})


@pytest.mark.field("§2.5", "machineDetection")
@pytest.mark.parametrize("blank", [None, "", {}, {"strategy": "", "eventUrl": None}])
async def test_without_machine_detection_none_is_answered(door: Door, blank: Any) -> None:
    """A blank one is none."""
    await door.echoes(voice(machineDetection=blank), {"machineDetection": None})


@pytest.mark.field("§2.5", "machineDetection")
@pytest.mark.field("§8", "machineDetection.strategy", "machineDetection.eventUrl")
@pytest.mark.parametrize(
    ("detection", "path"),
    [
        ("Hangup", ""),
        ({"strategy": "Continue"}, ""),
        ({"strategy": "Continue", "eventUrl": ""}, ""),
        ({"strategy": "Wait"}, ".strategy"),
        ({"eventUrl": EVENTS}, ".strategy"),
        ({"strategy": 7}, ".strategy"),
        ({"strategy": "Continue", "eventUrl": "/machine"}, ".eventUrl"),
        ({"strategy": "Continue", "eventUrl": "ftp://hooks.acme.test/"}, ".eventUrl"),
        ({"strategy": "Continue", "eventUrl": 7}, ".eventUrl"),
    ],
)
async def test_another_detection_is_refused(door: Door, detection: Any, path: str) -> None:
    """Continue asks an address for what comes next, so it needs one."""
    await door.refuses(voice(machineDetection=detection), f"machineDetection{path}")


@pytest.mark.field("§2.5", "from", "to", "dialPlan")
async def test_tracking_shows_a_call(door: Door) -> None:
    """Who called whom, what was said, for how long; no SIP address has a country."""
    shown = await door.shown(voice())
    assert (shown["direction"], shown["duration"], shown["country"]) == ("Outbound", 0, "GR")
    assert {"messageId", "conversationTrackingId"} <= shown.keys()
    assert "country" not in await door.shown(calling({"sip": SIP}))
