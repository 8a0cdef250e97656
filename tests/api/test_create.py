"""POST /failover/transactional: what an accepted flow answers (contract.md §2.6, §3)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.demonstration import PARCEL, PIN
from api import examples
from tests.api.bench import Api, a_request
from tests.samples import NUMBER, sms, viber, voice


async def created(api: Api, *steps: dict[str, Any], **root: Any) -> Any:
    """The answer to a request that must be accepted."""
    answer = await api.create(a_request(*steps, **root))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.server
async def test_the_worked_example(api: Api) -> None:
    """§3.3, byte for byte but for the id and the moment, and with nothing else in it."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    answer = await api.create(examples.TRANSACTIONAL)
    assert answer.status_code == 200
    flow = answer.json()
    expected = {
        **examples.TRANSACTIONAL_CREATED,
        "trackingId": flow["trackingId"],
        "createdAt": flow["createdAt"],
    }
    assert flow == expected
    assert [type(step["ttl"]) for step in flow["flow"]] == [float, int]
    assert str(UUID(flow["trackingId"])) == flow["trackingId"]
    assert flow["createdAt"].endswith("Z")
    assert before <= datetime.fromisoformat(flow["createdAt"]) <= datetime.now(UTC)


async def test_every_flow_has_its_own_id(taking: Api) -> None:
    """Without an Idempotency-Key the same request twice is two flows."""
    first, second = await created(taking), await created(taking)
    assert first["trackingId"] != second["trackingId"]


async def test_defaults_are_filled(taking: Api) -> None:
    """What the client left out is what will be done."""
    steps = (await created(taking, viber(), sms(), voice()))["flow"]
    seq = steps[0].pop("seq")
    assert 0 < seq < 2**53
    assert steps[0] == viber(
        order=1,
        ttl=10,
        deliveryScope="PRIMARY_DEVICE",
        failoverOnStatuses=["Expired", "Failed", "Undelivered"],
    )
    assert steps[1] == sms(
        order=2,
        ttl=1200,
        message={"body": "Parcel 7731 is ready", "flash": False},
        failoverOnStatuses=["Undelivered", "Failed"],
    )
    assert steps[2] == {
        "type": "Voice",
        "order": 3,
        "from": "302310000222",
        "to": {"phone": NUMBER},
        "failoverOnStatuses": ["Busy", "NoAnswer"],
        "dialPlans": [
            {
                "verbs": [
                    {
                        "type": "SAY",
                        "message": {
                            "language": "en-GB",
                            "text": "Your parcel is ready",
                            "gender": "female",
                        },
                        "repeat": 0,
                        "bargeIn": False,
                    }
                ]
            }
        ],
    }


async def test_a_generated_seq_is_each_steps_own(taking: Api) -> None:
    """Random enough to tell messages apart, small enough for every client's numbers."""
    flows = [await created(taking, viber(), viber()) for _ in range(5)]
    every = [step["seq"] for flow in flows for step in flow["flow"]]
    assert len(set(every)) == len(every)
    assert all(0 < seq < 2**53 for seq in every)


@pytest.mark.parametrize(
    ("given", "echoed"),
    [("77", 77), (0, 0), (-5, -5), (2**63 - 1, 2**63 - 1)],
)
async def test_a_seq_of_the_client_is_kept(taking: Api, given: Any, echoed: int) -> None:
    """As a number, even if it came as digits (§12, 27)."""
    (step,) = (await created(taking, viber(seq=given)))["flow"]
    assert step["seq"] == echoed
    assert isinstance(step["seq"], int)


@pytest.mark.parametrize(
    ("orders", "echoed"),
    [
        ((2, 1), ("+306900000102", "+306900000101")),
        ((3, 3, 1), ("+306900000103", "+306900000101", "+306900000102")),
        ((None, 1), ("+306900000101", "+306900000102")),
        ((9, None, None), ("+306900000102", "+306900000103", "+306900000101")),
        (("20", "3"), ("+306900000102", "+306900000101")),
    ],
)
async def test_steps_are_sorted_by_order(
    taking: Api, orders: tuple[Any, ...], echoed: tuple[str, ...]
) -> None:
    """An absent one is its place, equal ones keep their place (§2.2, §12, 1)."""
    steps = (sms(f"+30690000010{i}", order=each) for i, each in enumerate(orders, start=1))
    flow = (await created(taking, *steps))["flow"]
    assert tuple(step["to"] for step in flow) == echoed
    assert [step["order"] for step in flow] == sorted(
        int(each or place) for place, each in enumerate(orders, start=1)
    )


@pytest.mark.parametrize(
    ("step", "echoed"),
    [
        (sms(type="sMS"), {"type": "Sms"}),
        (viber(type="VIBER"), {"type": "Viber"}),
        (
            sms(failoverOnStatuses="failed, UNDELIVERED"),
            {"failoverOnStatuses": ["failed", "UNDELIVERED"]},
        ),
        (viber(failoverOnStatuses=["EXPIRED"]), {"failoverOnStatuses": ["EXPIRED"]}),
        (
            viber(failoverOnStatuses=[]),
            {"failoverOnStatuses": ["Expired", "Failed", "Undelivered"]},
        ),
        (sms(failoverOnStatuses=""), {"failoverOnStatuses": ["Undelivered", "Failed"]}),
        (sms(to="30 690 000 0101"), {"to": "30 690 000 0101"}),
        (
            sms(message={"body": "x", "transcode": "true"}),
            {"message": {"body": "x", "flash": False, "transcode": True}},
        ),
        (
            sms(message={"body": "x", "urlShortener": {"urlValidity": 3600}}),
            {"message": {"body": "x", "flash": False}, "urlShortener": {"urlValidity": 3600}},
        ),
        (viber(ttl=0.5), {"ttl": 0.5}),
        (viber(ttl="1440.0"), {"ttl": 1440}),
        (viber(expireOnDelivery=True), {"expireOnDelivery": True}),
        (
            viber(templateId=PIN.id, templateParams={"pin": "4711"}),
            {"templateParams": {"pin": "4711"}},
        ),
        (
            viber(templateParams={"n": 7, "f": 1.5, "yes": True}),
            {"templateParams": {"n": 7, "f": 1.5, "yes": True}},
        ),
        (viber(templateId=PARCEL.id.upper()), {"templateId": PARCEL.id.upper()}),
        ({**voice(), "to": NUMBER}, {"to": {"phone": NUMBER}}),
        (
            {**voice(), "to": {"sip": "1111@pbx.acme.test:5060", "phone": "", "viber": None}},
            {"to": {"sip": "1111@pbx.acme.test:5060"}},
        ),
        ({**voice(), "to": {"viber": "306900000101"}}, {"to": {"viber": "306900000101"}}),
        (
            voice(machineDetection={"strategy": "Hangup"}),
            {"machineDetection": {"strategy": "Hangup"}},
        ),
    ],
)
async def test_a_step_is_echoed_as_given(
    taking: Api, step: dict[str, Any], echoed: dict[str, Any]
) -> None:
    """In its canonical form where it has one (§2.2 to §2.5, §3.2, §12)."""
    (answered,) = (await created(taking, step))["flow"]
    assert {name: answered[name] for name in echoed} == echoed


@pytest.mark.parametrize("spelling", ["dialPlan", "dialplan", "dialPlans"])
@pytest.mark.parametrize("listed", [False, True])
async def test_a_dial_plan_has_three_spellings(taking: Api, spelling: str, listed: bool) -> None:
    """An object or a list of one; the echo is `dialPlans` (§12, 6)."""
    step = voice()
    plan = step.pop("dialPlan")
    (answered,) = (await created(taking, {**step, spelling: [plan] if listed else plan}))["flow"]
    (echoed,) = answered["dialPlans"]
    assert [verb["type"] for verb in echoed["verbs"]] == ["SAY"]
    assert answered.keys().isdisjoint({"dialPlan", "dialplan"})


BLANKS: dict[str, Any] = {
    "nothing": None,
    "text": " ",
    "list": [],
    "object": {},
    "nested": {"a": {"b": None, "c": ""}},
}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
async def test_blank_members_count_as_absent(taking: Api, blank: Any) -> None:
    """Typed clients send them for whatever they do not use (§2.4)."""
    step = viber(message=blank, label=blank, inboundUrl=blank, ttl=blank, order=blank, seq=blank)
    flow = await created(taking, step, callback=blank)
    assert flow.keys() == {"trackingId", "flowKind", "flow", "createdAt"}
    (echoed,) = flow["flow"]
    assert echoed.keys().isdisjoint({"message", "label", "inboundUrl"})
    assert echoed["ttl"] == 10


async def test_the_typed_clients_empty_message_counts_as_absent(taking: Api) -> None:
    """What one client always sends."""
    nothing = {"text": "", "imageUrl": "", "action": {"caption": "", "targetUrl": ""}}
    await created(taking, viber(message=nothing), callback={"strategy": "", "url": ""})


async def test_unknown_members_are_ignored(taking: Api) -> None:
    """At every level; they are not echoed either."""
    step = sms(surprise=1, message={"body": "x", "surprise": {"a": [1]}})
    flow = await created(taking, step, surprise=[1], callback={"url": "https://a.test/", "x": 1})
    assert "surprise" not in json.dumps(flow)
    assert flow["callback"] == {"strategy": "OnCompletion", "url": "https://a.test/"}


@pytest.mark.server
async def test_accounts_in_the_body_are_not_believed(api: Api) -> None:
    """The token says whose flow it is (§1.3)."""
    body = a_request(sms(accountId="globex"), accountId="globex", applicationId="64d0")
    flow = (await api.create(body)).json()
    assert flow.keys().isdisjoint({"accountId", "applicationId"})
    tracked = (await api.track(flow["trackingId"])).json()
    assert tracked["applicationId"] == api.application.id


@pytest.mark.parametrize(
    ("given", "strategy"),
    [("onstep", "OnStep"), (" ONCOMPLETION ", "OnCompletion"), ("", "OnCompletion")],
)
async def test_a_callbacks_strategy(taking: Api, given: str, strategy: str) -> None:
    """In any case; OnCompletion unless the client says otherwise (§2.1)."""
    url = "https://hooks.acme.test/failover?a=b"
    flow = await created(taking, callback={"strategy": given, "url": url})
    assert flow["callback"] == {"strategy": strategy, "url": url}


async def test_an_unregistered_template_is_taken(taking: Api) -> None:
    """Approval is the channel's to decide; `pin` is asked for by registered OTP templates only."""
    basic_otp = "0aac888f-2ee2-4112-9659-1755a951966a"
    await created(taking, viber(templateId=basic_otp, templateParams={"customer_name": "Nadia"}))
