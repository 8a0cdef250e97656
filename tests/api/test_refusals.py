"""What /failover/transactional refuses, and the path of each wrong member (§1.4, §2, §3)."""

import json
from typing import Any

import pytest

from accounts.demonstration import PIN
from tests.api.bench import Api, a_request
from tests.samples import NUMBER, sms, viber, voice

MARK = "zq7731"
"""Stands in every wrong text: no answer may show it."""


def without(step: dict[str, Any], *names: str) -> dict[str, Any]:
    """The step without those members."""
    return {name: value for name, value in step.items() if name not in names}


def say(**members: Any) -> dict[str, Any]:
    """A SAY verb with some members changed."""
    return {"type": "SAY", "message": {"language": "en-GB", "text": "Hello"}, **members}


def verbs(*given: Any) -> dict[str, Any]:
    """A Voice step of those verbs."""
    return voice(dialPlan={"verbs": list(given)})


def called(to: Any) -> dict[str, Any]:
    """A Voice step to that target."""
    return {**voice(), "to": to}


VIBER = [
    (viber(message={"text": MARK}), "message"),
    (viber(message={"text": "", "imageUrl": f"https://cdn.acme.test/{MARK}"}), "message"),
    (viber(label=MARK), "label"),
    (viber(templateId=MARK), "templateId"),
    (viber(templateId=7), "templateId"),
    (viber(templateId=PIN.id), "templateParams.pin"),
    (viber(templateId=PIN.id.upper()), "templateParams.pin"),
    (viber(templateId=PIN.id, templateParams={"pin": ""}), "templateParams.pin"),
    (viber(templateLang=f"{MARK}-long"), "templateLang"),
    (viber(templateParams=[MARK]), "templateParams"),
    (viber(templateParams={"order_id": {"nested": MARK}}), "templateParams.order_id"),
    (viber(templateParams={"order_id": MARK * 200}), "templateParams.order_id"),
    (viber(templateParams={f"p{i}": "x" for i in range(21)}), "templateParams"),
    (viber(deliveryScope=MARK), "deliveryScope"),
    (viber(seq=MARK), "seq"),
    (viber(seq=1.5), "seq"),
    (viber(seq=True), "seq"),
    (viber(seq=2**63), "seq"),
    (viber(ttl=10.25), "ttl"),
    (viber(ttl=0), "ttl"),
    (viber(ttl=0.4), "ttl"),
    (viber(ttl=1440.1), "ttl"),
    (viber(ttl=-1), "ttl"),
    (viber(ttl=MARK), "ttl"),
    (viber(ttl=True), "ttl"),
    (viber(ttl=[1]), "ttl"),
    (viber(failoverOnStatuses=["NoAnswer"]), "failoverOnStatuses"),
    (viber(inboundUrl=MARK), "inboundUrl"),
    (viber(expireOnDelivery=MARK), "expireOnDelivery"),
    (viber(senderInfoTrackingId=7), "senderInfoTrackingId"),
    (without(viber(), "senderInfoTrackingId"), "senderInfoTrackingId"),
    (without(viber(), "templateId"), "templateId"),
    (without(viber(), "templateLang"), "templateLang"),
    (without(viber(), "to"), "to"),
]
SMS = [
    (sms(ttl=0), "ttl"),
    (sms(ttl=1441), "ttl"),
    (sms(ttl=1.5), "ttl"),
    (sms(**{"from": f"{MARK}toolong"}), "from"),
    (sms(**{"from": "1" * 17}), "from"),
    (sms(**{"from": "Acme_Shop"}), "from"),
    (sms(**{"from": " "}), "from"),
    (without(sms(), "from"), "from"),
    (without(sms(), "to"), "to"),
    (without(sms(), "message"), "message"),
    (sms(message={"body": " "}), "message"),
    (sms(message={"flash": True}), "message.body"),
    (sms(message=MARK), "message"),
    (sms(message={"body": 7}), "message.body"),
    (sms(message={"body": "x", "flash": MARK}), "message.flash"),
    (sms(message={"body": "x", "label": MARK * 60}), "message.label"),
    (sms(message={"body": "x", "transcode": 7}), "message.transcode"),
    (sms(urlShortener={"urlValidity": 3599}), "urlShortener.urlValidity"),
    (sms(restrictions={"india": {"templateId": MARK}}), "restrictions.india.entityId"),
    (sms(failoverOnStatuses=["Delivered"]), "failoverOnStatuses"),
    (sms(failoverOnStatuses=f"Failed,{MARK}"), "failoverOnStatuses"),
    (sms(failoverOnStatuses=[7]), "failoverOnStatuses[0]"),
    (sms(order=0), "order"),
    (sms(order=1.5), "order"),
    (sms(order=True), "order"),
    (sms(order={"first": MARK}), "order"),
    (sms(type=MARK), "type"),
    (sms(type=7), "type"),
    (without(sms(), "type"), "type"),
    *(({**sms(), "to": to}, "to") for to in (MARK, "12", "+999123456789", 306900000101, [NUMBER])),
]
VOICE = [
    (called({"phone": NUMBER, "sip": f"{MARK}@acme.test"}), "to"),
    (called({"phone": NUMBER, "viber": NUMBER}), "to"),
    (called({"phone": ""}), "to"),
    (called({"other": MARK}), "to"),
    (called({"phone": MARK}), "to.phone"),
    (called({"sip": MARK}), "to.sip"),
    (called({"viber": MARK}), "to.viber"),
    (called(MARK), "to.phone"),
    (called(7), "to"),
    (voice(**{"from": f"{MARK}-{MARK}"}), "from"),
    (without(voice(), "dialPlan"), "dialPlan"),
    (voice(dialPlan=MARK), "dialPlan"),
    (verbs(), "dialPlan"),
    (verbs({"type": "DIAL", "to": MARK}), "dialPlan.verbs[0].type"),
    (verbs(say(), {"type": "COLLECT"}), "dialPlan.verbs[1].type"),
    (verbs(say(repeat=-1)), "dialPlan.verbs[0].repeat"),
    (verbs(say(repeat=11)), "dialPlan.verbs[0].repeat"),
    (verbs(say(bargeIn=MARK)), "dialPlan.verbs[0].bargeIn"),
    (verbs(say(message={"text": MARK})), "dialPlan.verbs[0].message.language"),
    (
        verbs(say(message={"text": MARK, "language": MARK})),
        "dialPlan.verbs[0].message.language",
    ),
    (verbs({"type": "PLAY", "fileURL": MARK}), "dialPlan.verbs[0].fileURL"),
    (verbs({"type": "PLAY", "fileURL": ""}), "dialPlan.verbs[0].fileURL"),
    (voice(machineDetection={"strategy": MARK}), "machineDetection.strategy"),
    (voice(machineDetection={"strategy": "Continue"}), "machineDetection"),
    (voice(failoverOnStatuses=["Undelivered"]), "failoverOnStatuses"),
]


def named(steps: list[tuple[dict[str, Any], str]]) -> list[Any]:
    """The rows as parameters with readable names."""
    return [
        pytest.param(step, path, id=f"{step.get('type')}-{path}-{number}")
        for number, (step, path) in enumerate(steps)
    ]


async def refused(api: Api, body: Any) -> dict[str, str]:
    """The properties of the refusal that the body must get."""
    answer = await api.create(body)
    assert answer.status_code == 400, answer.text
    assert MARK not in answer.text
    problem = answer.json()
    properties: dict[str, str] = problem.pop("properties")
    assert problem == {"code": "400000000", "developerMessage": "Validation Error!"}
    assert all(properties.values())
    return properties


@pytest.mark.parametrize(("step", "path"), named(VIBER + SMS + VOICE))
async def test_a_wrong_member_is_named_by_its_path(
    alone: Api, step: dict[str, Any], path: str
) -> None:
    """Nothing but that member, in the second step as in the first, and never its value."""
    assert list(await refused(alone, a_request(step))) == [f"flow[0].{path}"]
    assert list(await refused(alone, a_request(sms(), step))) == [f"flow[1].{path}"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "flow"),
        ({"flow": []}, "flow"),
        ({"flow": None}, "flow"),
        ({"flow": MARK}, "flow"),
        ({"flow": sms()}, "flow"),
        (a_request(*[sms()] * 11), "flow"),
        ({"flow": [None]}, "flow[0].type"),
        ({"flow": [MARK]}, "flow[0].type"),
        ({"flow": [[]]}, "flow[0].type"),
        ({"flow": [{}]}, "flow[0].type"),
        (a_request(callback=MARK), "callback"),
        (a_request(callback=[MARK]), "callback"),
        (a_request(callback={"strategy": "OnStep"}), "callback.url"),
        (a_request(callback={"url": MARK}), "callback.url"),
        (a_request(callback={"url": f"ftp://hooks.acme.test/{MARK}"}), "callback.url"),
        (a_request(callback={"url": f"/{MARK}"}), "callback.url"),
        (a_request(callback={"url": "https://"}), "callback.url"),
        (a_request(callback={"url": "https://hooks.acme.test:99999/"}), "callback.url"),
        (a_request(callback={"url": 7}), "callback.url"),
        (a_request(callback={"url": "https://a.test/", "strategy": MARK}), "callback.strategy"),
        (a_request(callback={"url": "https://a.test/", "strategy": 7}), "callback.strategy"),
        (
            a_request(callback={"url": "https://a.test/", "strategy": "OnChange"}),
            "callback.strategy",
        ),
    ],
)
async def test_a_wrong_root_is_named_by_its_path(alone: Api, body: Any, path: str) -> None:
    """The envelope: flow and callback."""
    assert list(await refused(alone, json.dumps(body))) == [path]


async def test_every_wrong_member_is_named_at_once(alone: Api) -> None:
    """One answer for all that is to be mended."""
    body = a_request(viber(ttl=0, label=MARK), sms(to=MARK, ttl=1441), callback={"url": MARK})
    assert set(await refused(alone, body)) == {
        "flow[0].ttl",
        "flow[0].label",
        "flow[1].to",
        "flow[1].ttl",
        "callback.url",
    }


@pytest.mark.parametrize("spelling", ["{{{}}}", "urn:uuid:{}", "{}-"])
async def test_no_spelling_of_an_otp_template_does_without_its_pin(
    alone: Api, spelling: str
) -> None:
    """Refused as no UUID, or as the template that it is."""
    step = viber(templateId=spelling.format(PIN.id.upper()))
    (path,) = await refused(alone, a_request(step))
    assert path in {"flow[0].templateId", "flow[0].templateParams.pin"}


async def test_the_contracts_own_sentences(alone: Api) -> None:
    """Those that clients may compare."""
    properties = await refused(alone, a_request(viber(label=MARK), sms(to=MARK), sms(type=MARK)))
    assert properties == {
        "flow[0].label": "A Viber label is only accepted on /failover",
        "flow[1].to": "Invalid mobile number",
        "flow[2].type": "Input should be Sms, Viber or Voice",
    }


async def test_thousands_of_wrong_steps_get_a_short_answer(alone: Api) -> None:
    """A hundred members are named, no more."""
    assert len(await refused(alone, {"flow": [{"type": "Sms"}] * 3_000})) == 100
