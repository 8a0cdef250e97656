"""§2.1: the root of a request."""

import json
from typing import Any

import pytest

from tests.api.contract.bench import Door, without
from tests.samples import sms, viber, viber_message, voice

URL = "https://hooks.acme.test/failover"
INDIA = {"india": {"templateId": "1107160000000012345", "entityId": "1101400000000012345"}}
OTHER = {"india": {"templateId": "T" * 64, "entityId": "E" * 64}}


@pytest.mark.field("§2.1", "flow")
@pytest.mark.parametrize("steps", [1, 2, 10])
async def test_a_flow_has_one_to_ten_steps(door: Door, steps: int) -> None:
    """All of them are answered."""
    assert len((await door.created(*[sms()] * steps))["flow"]) == steps


@pytest.mark.field("§2.1", "flow")
@pytest.mark.parametrize(
    "root",
    [
        {},
        {"flow": []},
        {"flow": None},
        {"flow": ""},
        {"flow": {}},
        {"flow": "Sms"},
        {"flow": sms()},
        {"flow": [sms()] * 11},
    ],
)
async def test_no_flow_and_too_long_a_flow_are_refused(door: Door, root: Any) -> None:
    """At `flow` itself; ten is our cap."""
    assert list(await door.refusal(root)) == ["flow"]


@pytest.mark.field("§2.1", "flow")
async def test_channels_come_in_any_mix(standard: Door, transactional: Door) -> None:
    """Repeated and in any sequence, on both endpoints."""
    for door, text in ((standard, viber_message()), (transactional, viber())):
        flow = (await door.created(voice(), text, sms(), text, voice()))["flow"]
        assert [step["type"] for step in flow] == ["Voice", "Viber", "Sms", "Viber", "Voice"]


@pytest.mark.field("§2.1", "callback")
@pytest.mark.field("§2.6", "callback")
@pytest.mark.parametrize(
    "root",
    [
        {},
        {"callback": None},
        {"callback": ""},
        {"callback": {}},
        {"callback": {"strategy": "", "url": ""}},
        {"callback": {"strategy": None, "url": " "}},
    ],
)
async def test_without_a_callback_none_is_answered(door: Door, root: Any) -> None:
    """Both of its members blank are no callback."""
    assert "callback" not in await door.created(sms(), **root)


@pytest.mark.field("§2.1", "callback")
@pytest.mark.parametrize("callback", [URL, [{"url": URL}], 7, True])
async def test_a_callback_is_an_object(door: Door, callback: Any) -> None:
    """Anything else is refused at `callback`."""
    body = {"flow": [sms()], "callback": callback}
    assert list(await door.refusal(body)) == ["callback"]


@pytest.mark.field("§2.1", "callback.strategy")
@pytest.mark.field("§2.6", "callback")
@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("OnStep", "OnStep"),
        ("OnCompletion", "OnCompletion"),
        ("ONSTEP", "OnStep"),
        ("oncompletion", "OnCompletion"),
        (None, "OnCompletion"),
        ("", "OnCompletion"),
    ],
)
async def test_a_strategy_is_read_in_any_case(door: Door, given: Any, answered: str) -> None:
    """The default is OnCompletion."""
    created = await door.created(sms(), callback={"strategy": given, "url": URL})
    assert created["callback"] == {"strategy": answered, "url": URL}


@pytest.mark.field("§2.1", "callback.strategy")
@pytest.mark.parametrize("given", ["OnChange", "Never", 7, ["OnStep"]])
async def test_another_strategy_is_refused(door: Door, given: Any) -> None:
    """OnChange is the word of other services (§6.2)."""
    body = {"flow": [sms()], "callback": {"strategy": given, "url": URL}}
    assert list(await door.refusal(body)) == ["callback.strategy"]


@pytest.mark.field("§2.1", "callback.url")
@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://hooks.acme.test:8080/a?b=c&d=%20@e",
        "HTTPS://Hooks.Acme.test",
        f"{URL}?{'x' * (2048 - len(URL) - 1)}",
    ],
)
async def test_a_callbacks_address_is_kept_as_written(door: Door, url: str) -> None:
    """Absolute, http or https, up to 2048 characters."""
    assert (await door.created(sms(), callback={"url": url}))["callback"]["url"] == url


@pytest.mark.field("§2.1", "callback.url")
@pytest.mark.parametrize(
    "callback",
    [
        {"url": "/failover"},
        {"url": "hooks.acme.test/failover"},
        {"url": "ftp://hooks.acme.test/"},
        {"url": "https://"},
        {"url": "https://hooks.acme.test/\x7f"},
        {"url": f"{URL}#e"},
        {"url": "https://acme@hooks.acme.test/"},
        {"url": "https://2130706433/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://hooks.acme.test:22/"},
        {"url": f"{URL}?{'x' * (2048 - len(URL))}"},
        {"url": 7},
        {"strategy": "OnStep"},
        {"strategy": "OnStep", "url": ""},
    ],
)
async def test_another_address_is_refused(door: Door, callback: Any) -> None:
    """So is its absence, if there is a strategy."""
    assert list(await door.refusal({"flow": [sms()], "callback": callback})) == ["callback.url"]


@pytest.mark.field(
    "§2.1",
    "restrictions",
    "restrictions.india.templateId",
    "restrictions.india.entityId",
)
@pytest.mark.field("§2.3", "restrictions")
@pytest.mark.field("§12", "7")
@pytest.mark.parametrize("given", [INDIA, OTHER])
async def test_the_roots_restrictions_hold_for_every_sms(standard: Door, given: Any) -> None:
    """But for one that has its own; Viber and Voice have none."""
    steps = (sms(), sms(restrictions=OTHER), viber_message(), voice())
    created = await standard.created(*steps, restrictions=given)
    assert [step.get("restrictions") for step in created["flow"]] == [given, OTHER, None, None]
    assert "restrictions" not in created


@pytest.mark.field("§2.1", "restrictions")
@pytest.mark.parametrize("blank", [None, "", {}, {"india": None}, {"india": {"templateId": ""}}])
async def test_blank_restrictions_are_none(standard: Door, blank: Any) -> None:
    """As of every blank member."""
    (step,) = (await standard.created(sms(), restrictions=blank))["flow"]
    assert "restrictions" not in step


@pytest.mark.field("§2.1", "restrictions.india.templateId", "restrictions.india.entityId")
@pytest.mark.parametrize("name", ["templateId", "entityId"])
@pytest.mark.parametrize("given", [None, "", "x" * 65, 7])
async def test_indias_ids_are_both_needed(standard: Door, name: str, given: Any) -> None:
    """At the root as on the step, up to 64 characters each."""
    wrong = {"india": {**INDIA["india"], name: given}}
    path = f"restrictions.india.{name}"
    body = {"flow": [sms()], "restrictions": wrong}
    assert list(await standard.refusal(body)) == [path]
    await standard.refuses(sms(restrictions=wrong), path)


@pytest.mark.field("§2.1", "restrictions")
@pytest.mark.field("§3.1", "restrictions")
@pytest.mark.parametrize("given", [INDIA, {"india": {"templateId": 7}}, "none"])
async def test_a_transactional_root_has_no_restrictions(transactional: Door, given: Any) -> None:
    """They are an unknown member there: neither read nor refused."""
    (step,) = (await transactional.created(sms(), restrictions=given))["flow"]
    assert "restrictions" not in step


@pytest.mark.field("§2.1", "unknown members")
async def test_unknown_members_are_ignored(standard: Door, transactional: Door) -> None:
    """At every level; clients send extras, and none comes back."""
    surprise: Any = {"surprise": {"a": [1, None]}}
    say = {"type": "SAY", **surprise, "message": {"language": "en-GB", "text": "x", **surprise}}
    call = voice(
        dialPlan={"verbs": [say], **surprise},
        machineDetection={"strategy": "Hangup", **surprise},
        **surprise,
    )
    text = sms(message={"body": "x", **surprise}, **surprise)
    button = {"caption": "Track", "targetUrl": "https://acme.test/", **surprise}
    message = viber_message(message={"text": "x", "action": button, **surprise}, **surprise)
    for door, step in ((standard, message), (transactional, viber(**surprise))):
        callback = {"url": URL, **surprise}
        created = await door.created(step, call, text, callback=callback, **surprise)
        assert len(created["flow"]) == 3
        assert "surprise" not in json.dumps(created)


@pytest.mark.field("§2.1", "accountId, applicationId")
async def test_who_the_body_says_it_is_counts_for_nothing(door: Door) -> None:
    """The token says whose flow it is."""
    claims = {"accountId": "globex", "applicationId": "64d0f2a1c9e77b0012ab34d0"}
    created = await door.created(sms(**claims), **claims)
    assert created == without(created, *claims)
    assert (await door.tracked(created))["applicationId"] == door.api.application.id
