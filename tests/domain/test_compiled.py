"""What travels of a step, and that what travelled once can always be opened."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.channels import AnyStep, Sms, TransactionalStep, ViberTemplate, Voice, opened
from domain.flow import Kind, Step
from domain.status import Channel, Status
from domain.steps import RequestStep
from tests.domain.reading import read
from tests.samples import sms, viber, voice


@pytest.mark.parametrize(
    ("step", "travelling"),
    [
        (
            sms(ttl=2, failoverOnStatuses="failed"),
            Step(
                order=3,
                channel=Channel.SMS,
                recipient="+3069****0101",
                sender="AcmeShop",
                ttl=120,
                failures=(Status.FAILED,),
                silence=Status.UNDELIVERED,
                silence_reason="Expired",
                content="",
            ),
        ),
        (
            viber(ttl=0.5, expireOnDelivery=True),
            Step(
                order=3,
                channel=Channel.VIBER,
                recipient="+3069****0101",
                sender="AcmeShop",
                ttl=30,
                failures=(Status.EXPIRED, Status.FAILED, Status.UNDELIVERED),
                silence=Status.EXPIRED,
                silence_reason="TTL Expired",
                until_seen=True,
                content="",
            ),
        ),
        (
            {**voice(), "to": {"sip": "1111@pbx.test"}},
            Step(
                order=3,
                channel=Channel.VOICE,
                recipient="****@pbx.test",
                sender="AcmeShop",
                ttl=900,
                failures=(Status.BUSY, Status.NO_ANSWER),
                silence=Status.FAILED,
                silence_reason="Timed Out",
                content="",
            ),
        ),
    ],
    ids=["Sms", "Viber", "Voice"],
)
def test_a_step_travels_with_all_that_the_flow_must_know(
    step: dict[str, Any], travelling: Step
) -> None:
    """Its place, not its `order`; the recipient masked; the failover table's row copied in."""
    compiled = read({**step, "order": 8}).compiled(3, sender="AcmeShop")
    assert compiled.model_copy(update={"content": ""}) == travelling


@pytest.mark.parametrize(
    "step",
    [
        sms(order=2, ttl=60, urlShortener={"urlValidity": 3600}),
        sms(restrictions={"india": {"templateId": "1107", "entityId": "1201"}}),
        viber(order=1, ttl=1.5, seq=2**63 - 1, inboundUrl="https://hooks.acme.test/in"),
        viber(templateParams={"pin": "0042", "count": 3, "share": 0.5, "new": True}),
        voice(machineDetection={"strategy": "Hangup"}),
        {**voice(), "to": {"sip": "sip:1111@pbx.test:5060"}},
    ],
)
def test_a_contents_json_opens_into_the_same_step(step: dict[str, Any]) -> None:
    """Nothing is lost or changed on the way."""
    request = read(step)
    assert opened(request.compiled(1).content, Kind.TRANSACTIONAL) == request


SEALED = {
    Sms: '{"type":"Sms","order":2,"failoverOnStatuses":["Undelivered","Failed"],"from":"AcmeShop",'
    '"to":"+306900000101","ttl":120,"message":{"body":"Parcel 7731 is ready","flash":false,'
    '"label":"pickup-7731","transcode":true},"urlShortener":{"urlValidity":2592000},'
    '"restrictions":{"india":{"templateId":"1107","entityId":"1201"}}}',
    ViberTemplate: '{"type":"Viber","order":1,"failoverOnStatuses":["Expired","Failed",'
    '"Undelivered"],"senderInfoTrackingId":"7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",'
    '"to":"+306900000101","ttl":1.5,"templateId":"1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",'
    '"templateLang":"el","templateParams":{"customer_name":"Nadia","pin":"0042","count":3,'
    '"new":true},"deliveryScope":"ALL_DEVICES","seq":9007199254740991,'
    '"inboundUrl":"https://hooks.acme.test/in","expireOnDelivery":true}',
    Voice: '{"type":"Voice","order":3,"failoverOnStatuses":["Busy","NoAnswer"],'
    '"from":"302310000222","to":{"sip":"1111@pbx.test:5060"},"dialPlans":[{"verbs":[{"type":"SAY",'
    '"message":{"text":"Καλημέρα","language":"el-GR","gender":"male"},"repeat":2,"bargeIn":true},'
    '{"type":"PLAY","fileURL":"http://cdn.acme.test/ready.wav","repeat":0,"bargeIn":false}]}],'
    '"machineDetection":{"strategy":"Continue","eventUrl":"https://hooks.acme.test/machine"}}',
}
"""Contents as the release 0.1 sealed them. Flows in flight hold such: never change these lines."""


@pytest.mark.parametrize(("kind", "content"), SEALED.items())
def test_what_release_0_1_sealed_still_opens(kind: type[RequestStep], content: str) -> None:
    """Into the same kind of step, which says the same again."""
    step = opened(content, Kind.TRANSACTIONAL)
    assert type(step) is kind
    assert step.compiled(1).content == content


@pytest.mark.parametrize("kind", [ViberTemplate, Voice])
def test_an_address_that_was_accepted_earlier_still_opens(kind: type[RequestStep]) -> None:
    """The rules for addresses are stricter now; whether one is called is decided as it is called.

    The flow's other members must not be lost by it.
    """
    was = "http://acme:s3cret@hooks.acme.test:9000/in#here"
    content = re.sub(r"https://hooks\.acme\.test/\w+", was, SEALED[kind])
    step = opened(content, Kind.TRANSACTIONAL)
    adapter: TypeAdapter[AnyStep] = TypeAdapter(TransactionalStep)
    assert was in content
    assert step.compiled(1).content == content
    with pytest.raises(ValidationError):
        adapter.validate_json(content)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "content",
    [
        "Your pin is 4711",
        '{"type":"Sms","message":{"body":"Your pin is 4711"',
        '{"type":"Sms","from":"AcmeShop","to":"+306900000101","ttl":"Your pin is 4711"}',
        '{"type":"Viber","to":"Your pin is 4711"}',
        '{"type":"Your pin is 4711"}',
    ],
)
def test_a_content_that_cannot_be_read_is_not_told(content: str, kind: Kind) -> None:
    """One of another release may be such; the error ends in the flow's history, and in logs."""
    with pytest.raises(ValidationError) as unreadable:
        opened(content, kind)
    assert "4711" not in str(unreadable.value)
