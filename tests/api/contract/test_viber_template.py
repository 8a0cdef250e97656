"""§3.2: the transactional Viber step. What it has in common stands in test_every_step.py."""

from typing import Any

import pytest

from accounts.demonstration import BROKE_SHOP, PARCEL, PIN
from tests.api.contract.bench import Door
from tests.samples import viber

UNREGISTERED = "0aac888f-2ee2-4112-9659-1755a951966a"
LANGUAGES = (
    "ar", "be", "bg", "br", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr",
    "id", "it", "ja", "ko", "my", "nl", "pl", "pt", "ru", "sk", "sr", "sv", "th", "tr", "uk", "vi",
)  # fmt: skip


@pytest.mark.field("§3.2", "senderInfoTrackingId")
async def test_a_sender_is_the_accounts_own(transactional: Door) -> None:
    """Tracking shows its name."""
    step = viber()
    await transactional.echoes(step, {"senderInfoTrackingId": step["senderInfoTrackingId"]})
    assert (await transactional.shown(step))["from"] == "AcmeShop"


@pytest.mark.field("§3.2", "senderInfoTrackingId")
@pytest.mark.parametrize("sender", [BROKE_SHOP.id, UNREGISTERED])
async def test_an_unknown_sender_is_not_found(transactional: Door, sender: str) -> None:
    """Be it another account's or nobody's."""
    answer = await transactional.post({"flow": [viber(senderInfoTrackingId=sender)]})
    assert (answer.status_code, answer.json()["code"]) == (404, "404020000")


REQUIRED = ("senderInfoTrackingId", "templateId", "templateLang")


@pytest.mark.field("§3.2", "senderInfoTrackingId", "templateId", "templateLang")
@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("blank", [None, "", " "])
async def test_a_required_member_is_named(transactional: Door, name: str, blank: Any) -> None:
    """Blank is absent."""
    assert await transactional.refuses(viber(**{name: blank}), name) == "Field required"


@pytest.mark.field("§3.2", "templateId")
@pytest.mark.parametrize("template", [PARCEL.id, PARCEL.id.upper(), UNREGISTERED])
async def test_any_uuid_is_a_template(transactional: Door, template: str) -> None:
    """Approval is the channel's to decide; kept as written, in tracking, too."""
    await transactional.echoes(viber(templateId=template), {"templateId": template})
    assert (await transactional.shown(viber(templateId=template)))["templateId"] == template


@pytest.mark.field("§3.2", "templateId")
@pytest.mark.parametrize("wrong", ["parcel", PARCEL.id[:-1], f"{{{PARCEL.id}}}", 7])
async def test_what_is_no_uuid_is_refused(transactional: Door, wrong: Any) -> None:
    """At its path."""
    await transactional.refuses(viber(templateId=wrong), "templateId")


@pytest.mark.field("§3.2", "templateLang")
@pytest.mark.field("§12", "33")
async def test_a_language_is_a_code(transactional: Door) -> None:
    """All that the documentation lists, and others of that form."""
    for language in (*LANGUAGES, "fil", "pt-BR", "pt_BR", "abcde"):
        await transactional.echoes(viber(templateLang=language), {"templateLang": language})
    assert (await transactional.shown(viber(templateLang="el")))["templateLang"] == "el"


@pytest.mark.field("§3.2", "templateLang")
@pytest.mark.parametrize("wrong", ["e", "abcdef", "e1", "en-", "ελ", 7])
async def test_another_language_is_refused(transactional: Door, wrong: Any) -> None:
    """At its path."""
    await transactional.refuses(viber(templateLang=wrong), "templateLang")


@pytest.mark.field("§3.2", "templateParams")
@pytest.mark.parametrize(
    "params",
    [
        {"customer_name": "Nadia", "order_id": "0042"},
        {"count": 7, "share": 1.5, "new": True},
        {"text": "x" * 1000},
        {f"p{number}": "x" for number in range(20)},
    ],
)
async def test_params_keep_what_they_are(transactional: Door, params: Any) -> None:
    """Texts, numbers and booleans; in tracking, too."""
    await transactional.echoes(viber(templateParams=params), {"templateParams": params})
    assert (await transactional.shown(viber(templateParams=params)))["templateParams"] == params


@pytest.mark.field("§3.2", "templateParams")
@pytest.mark.parametrize("blank", [None, "", {}, {"name": ""}])
async def test_without_params_there_are_none(transactional: Door, blank: Any) -> None:
    """An empty object is answered."""
    await transactional.echoes(viber(templateParams=blank), {"templateParams": {}})


@pytest.mark.field("§3.2", "templateParams")
@pytest.mark.parametrize(
    ("params", "path"),
    [
        ("Nadia", ""),
        (["Nadia"], ""),
        ({f"p{number}": "x" for number in range(21)}, ""),
        ({"name": "x" * 1001, "other": "x"}, ".name"),
        ({"name": {"first": "Nadia"}}, ".name"),
        ({"name": ["Nadia"]}, ".name"),
        ({"name": None, "other": "x"}, ".name"),
    ],
)
async def test_other_params_are_refused(transactional: Door, params: Any, path: str) -> None:
    """Each by its name."""
    await transactional.refuses(viber(templateParams=params), f"templateParams{path}")


@pytest.mark.field("§3.2", "templateParams")
@pytest.mark.field("§12", "5")
async def test_a_registered_otp_template_needs_its_pin(transactional: Door) -> None:
    """It is answered to the client that sent it, and hidden in tracking."""
    assert await transactional.refuses(viber(templateId=PIN.id), "templateParams.pin")
    step = viber(templateId=PIN.id, templateParams={"pin": "4711", "name": "Nadia"})
    await transactional.echoes(step, {"templateParams": {"pin": "4711", "name": "Nadia"}})
    shown = await transactional.shown(step)
    assert shown["templateParams"] == {"pin": "****", "name": "Nadia"}


@pytest.mark.field("§3.2", "templateParams")
@pytest.mark.field("§12", "5")
async def test_the_documentations_basic_otp_template_needs_none(transactional: Door) -> None:
    """Its own example sends that id without one: only what is registered here as OTP counts."""
    step = viber(templateId=UNREGISTERED, templateParams={"customer_name": "Nadia"})
    await transactional.echoes(step, {"templateParams": {"customer_name": "Nadia"}})


@pytest.mark.field("§3.2", "deliveryScope")
@pytest.mark.field("§12", "26")
@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ("PRIMARY_DEVICE", "PRIMARY_DEVICE"),
        ("ALL_DEVICES", "ALL_DEVICES"),
        (None, "PRIMARY_DEVICE"),
        ("", "PRIMARY_DEVICE"),
    ],
)
async def test_a_message_goes_to_one_device_or_to_all(
    transactional: Door, given: Any, scope: str
) -> None:
    """The primary one by default; in tracking, too."""
    await transactional.echoes(viber(deliveryScope=given), {"deliveryScope": scope})
    assert (await transactional.shown(viber(deliveryScope=given)))["deliveryScope"] == scope


@pytest.mark.field("§3.2", "deliveryScope")
@pytest.mark.field("§12", "26")
@pytest.mark.parametrize("wrong", ["ALL_DEVICE", "PRIMARY_ONLY", "all_devices", 7])
async def test_another_scope_is_refused(transactional: Door, wrong: Any) -> None:
    """Those words are other endpoints'."""
    await transactional.refuses(viber(deliveryScope=wrong), "deliveryScope")


@pytest.mark.field("§3.2", "seq")
@pytest.mark.field("§12", "27")
@pytest.mark.parametrize(
    ("given", "seq"),
    [
        (42, 42),
        ("42", 42),
        (0, 0),
        ("0", 0),
        (-7, -7),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
    ],
)
async def test_a_seq_is_an_integer_of_64_bits(transactional: Door, given: Any, seq: int) -> None:
    """Digits are answered as a number; in tracking, too."""
    await transactional.echoes(viber(seq=given), {"seq": seq})
    assert (await transactional.shown(viber(seq=given)))["seq"] == seq


@pytest.mark.field("§3.2", "seq")
@pytest.mark.field("§3.1", "seq")
async def test_a_seq_is_made_where_there_is_none(transactional: Door) -> None:
    """Each step's own, small enough for every client; tracking shows the same."""
    created = await transactional.created(viber(), viber(seq=""), viber(seq=None))
    made = [step["seq"] for step in created["flow"]]
    assert len(set(made)) == 3
    assert all(0 < seq < 2**53 for seq in made)
    (message,) = (await transactional.tracked(created))["messages"]
    assert message["seq"] == made[0]


@pytest.mark.field("§3.2", "seq")
@pytest.mark.parametrize("wrong", [1.5, "x", True, 2**63, -(2**63) - 1, [42]])
async def test_another_seq_is_refused(transactional: Door, wrong: Any) -> None:
    """At its path."""
    await transactional.refuses(viber(seq=wrong), "seq")


@pytest.mark.field("§3.2", "inboundUrl")
async def test_replies_go_to_an_absolute_address(transactional: Door) -> None:
    """Answered and tracked as written; left out where there is none."""
    url = "https://hooks.acme.test/in?a=b"
    await transactional.echoes(viber(inboundUrl=url), {"inboundUrl": url})
    assert (await transactional.shown(viber(inboundUrl=url)))["inboundUrl"] == url
    await transactional.echoes(viber(inboundUrl=""), {"inboundUrl": None})
    for wrong in ("/in", "ftp://hooks.acme.test/", 7):
        await transactional.refuses(viber(inboundUrl=wrong), "inboundUrl")


@pytest.mark.field("§3.2", "expireOnDelivery")
@pytest.mark.parametrize(
    ("given", "echoed"),
    [(True, True), (False, False), ("true", True), ("false", False), (None, None), ("", None)],
)
async def test_expiring_on_delivery_is_honoured(
    transactional: Door, given: Any, echoed: bool | None
) -> None:
    """Answered where the client said it; tracking always says it."""
    step = viber(expireOnDelivery=given)
    await transactional.echoes(step, {"expireOnDelivery": echoed})
    assert (await transactional.shown(step))["expireOnDelivery"] is bool(echoed)


@pytest.mark.field("§3.2", "expireOnDelivery")
@pytest.mark.parametrize("wrong", ["perhaps", 7, [True]])
async def test_another_boolean_is_refused(transactional: Door, wrong: Any) -> None:
    """At its path."""
    await transactional.refuses(viber(expireOnDelivery=wrong), "expireOnDelivery")


@pytest.mark.field("§3.2", "message")
@pytest.mark.parametrize(
    "message",
    [
        {"text": "Hello"},
        {"imageUrl": "https://cdn.acme.test/p.png"},
        {"action": {"caption": "Track", "targetUrl": "https://acme.test/"}},
        {"viberFile": {"fileName": "Terms"}},
        {"viberVideo": {"duration": 30}},
        {"body": "Hello"},
        "Hello",
    ],
)
async def test_free_form_content_is_refused(transactional: Door, message: Any) -> None:
    """At `message`, saying where it belongs."""
    sentence = await transactional.refuses(viber(message=message), "message")
    assert sentence == "Free-form content is only accepted on /failover"


@pytest.mark.field("§3.2", "label")
@pytest.mark.field("§12", "8")
@pytest.mark.parametrize("label", ["pickup-7731", 7])
async def test_a_label_is_refused(transactional: Door, label: Any) -> None:
    """At `label`, saying where it belongs."""
    sentence = await transactional.refuses(viber(label=label), "label")
    assert sentence == "A Viber label is only accepted on /failover"


@pytest.mark.field("§3.2", "message", "label")
async def test_a_typed_clients_blank_content_is_absent(transactional: Door) -> None:
    """It sends both whether it uses them or not."""
    blanks = {"text": "", "imageUrl": "", "action": {"caption": "", "targetUrl": ""}}
    messages: tuple[Any, ...] = (None, "", {}, blanks)
    for message in messages:
        step = viber(message=message, label="")
        await transactional.echoes(step, {"message": None, "label": None})
