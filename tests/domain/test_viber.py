"""The transactional Viber step (contract.md §3.2)."""

from typing import Any

import pytest

from domain.channels import ViberTemplate
from tests.domain.reading import faults, read
from tests.samples import viber


def _viber(**members: Any) -> ViberTemplate:
    step = read(viber(**members))
    assert isinstance(step, ViberTemplate)
    return step


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        (None, 10),
        (0.5, 0.5),
        (1.5, 1.5),
        (2, 2),
        (1440, 1440),
        (1440.0, 1440),
        ("2.5", 2.5),
        (0.7, 0.7),
    ],
)
def test_the_ttl_is_minutes_with_one_decimal_place(given: object, minutes: float) -> None:
    """Half a minute to a day, 10 minutes by default; whole ones are echoed without a point."""
    step = _viber(ttl=given)
    assert step.patience == pytest.approx(minutes * 60)
    echoed = step.echo()["ttl"]
    assert (echoed, type(echoed)) == (minutes, type(minutes))


@pytest.mark.parametrize(
    "given", [0, 0.4, 0.55, 1440.1, 1441, -1, True, False, "ten", "2,5", [1], "NaN", "Infinity"]
)
def test_another_ttl_is_refused(given: object) -> None:
    """0 too (§12, 36); a boolean is not a number."""
    assert list(faults(viber(ttl=given))) == ["ttl"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("senderInfoTrackingId", "x" * 65),
        ("senderInfoTrackingId", 7),
        ("templateId", "parcel"),
        ("templateId", "1d6f0a7e-3f7b-4b58-9a55"),
        ("templateId", 7),
        ("templateLang", "e"),
        ("templateLang", "abcdef"),
        ("templateLang", "e1"),
        ("templateLang", "en-"),
        ("templateLang", "ελ"),
        ("templateLang", 7),
        ("templateParams", "Nadia"),
        ("templateParams", ["Nadia"]),
        ("deliveryScope", "ALL_DEVICE"),
        ("deliveryScope", "all_devices"),
        ("inboundUrl", "ftp://hooks.acme.test/in"),
        ("inboundUrl", "/in"),
        ("inboundUrl", "hooks.acme.test/in"),
        ("inboundUrl", "https://hooks.acme.test/" + "x" * 2048),
        ("expireOnDelivery", "perhaps"),
        ("seq", 1.5),
        ("seq", True),
        ("seq", "forty-two"),
        ("seq", 2**63),
        ("seq", -(2**63) - 1),
    ],
)
def test_a_wrong_member_is_refused(name: str, given: object) -> None:
    """The path is the member's name."""
    assert list(faults({**viber(), name: given})) == [name]


@pytest.mark.parametrize("language", ["en", "el", "fil", "br", "abcd", "abcde", "pt-BR", "pt_BR"])
def test_a_language_is_any_code_of_2_to_5_letters(language: str) -> None:
    """With or without a region (§3.5)."""
    assert _viber(templateLang=language).echo()["templateLang"] == language


@pytest.mark.parametrize(
    "template", ["1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10", "1D6F0A7E-3F7B-4B58-9A55-0D2B7F0C6A10"]
)
def test_a_template_id_is_a_uuid_as_the_client_wrote_it(template: str) -> None:
    """In either case."""
    assert _viber(templateId=template).echo()["templateId"] == template


@pytest.mark.parametrize(
    "params",
    [
        {"customer_name": "Nadia", "pin": "0042"},
        {"count": 3, "share": 0.5, "new": True, "old": False},
        {"empty": "", "full": "x" * 1000},
        {"most": 2**63 - 1, "least": -(2**63)},
        {str(number): "x" for number in range(20)},
    ],
)
def test_params_are_texts_numbers_and_booleans(params: dict[str, Any]) -> None:
    """Each is kept as what it was: "0042" does not become 42, nor true 1."""
    echoed = _viber(templateParams=params).echo()["templateParams"]
    assert echoed == params
    assert list(map(type, echoed.values())) == list(map(type, params.values()))


@pytest.mark.parametrize("absent", [None, "", {}, {"pin": "", "name": None}])
def test_params_are_empty_by_default(absent: object) -> None:
    """An object of blanks counts as absent."""
    assert _viber(templateParams=absent).echo()["templateParams"] == {}


@pytest.mark.parametrize(
    "value", [None, {"first": "Nadia"}, ["Nadia"], "x" * 1001, float("nan"), float("inf")]
)
def test_another_param_is_refused(value: object) -> None:
    """At its own name, in one sentence; what JSON cannot hold could not be opened again."""
    found = faults(viber(templateParams={"name": value, "order_id": "7731"}))
    sentence = "Input should be a text of at most 1000 characters, a number, or true or false"
    assert found == {"templateParams.name": f"Value error, {sentence}"}


def test_21_params_are_too_many() -> None:
    """20 are not, above."""
    params = {str(number): "x" for number in range(21)}
    assert list(faults(viber(templateParams=params))) == ["templateParams"]


@pytest.mark.parametrize(
    ("given", "echoed"),
    [(42, 42), ("42", 42), (0, 0), (-1, -1), (2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1)],
)
def test_seq_is_a_64_bit_number(given: object, echoed: int) -> None:
    """A digit string is echoed as a number (§12, 27)."""
    assert _viber(seq=given).echo()["seq"] == echoed


def test_the_message_goes_to_the_primary_device_by_default() -> None:
    """Or to all."""
    assert _viber().delivery_scope == "PRIMARY_DEVICE"
    assert _viber(deliveryScope="ALL_DEVICES").delivery_scope == "ALL_DEVICES"


def test_an_address_is_kept_as_the_client_wrote_it() -> None:
    """Its blanks apart."""
    url = "https://Hooks.Acme.test:443/in?to=a%20b"
    assert _viber(inboundUrl=f" {url} ").inbound_url == url


@pytest.mark.parametrize(
    ("given", "until_seen"),
    [(None, False), (True, True), (False, False), ("true", True), ("false", False)],
)
def test_with_expire_on_delivery_delivered_is_not_final(given: object, until_seen: bool) -> None:
    """Not listed for this endpoint, yet honoured (§3.2)."""
    step = _viber(expireOnDelivery=given)
    assert step.until_seen is until_seen
    assert step.compiled(1).until_seen is until_seen


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ({"message": {"text": "hi"}}, "Free-form content is only accepted on /failover"),
        ({"message": {"imageUrl": "x"}}, "Free-form content is only accepted on /failover"),
        ({"message": {"viberFile": {"fileName": "x"}}}, "Free-form content is only accepted"),
        ({"message": "hi"}, "Free-form content is only accepted on /failover"),
        ({"label": "pickup-7731"}, "A Viber label is only accepted on /failover"),
        ({"label": 7}, "A Viber label is only accepted on /failover"),
    ],
)
def test_what_belongs_to_the_other_endpoint_is_refused(
    member: dict[str, Any], sentence: str
) -> None:
    """At the forbidden member, saying where it belongs."""
    found = faults(viber(**member))
    assert list(found) == list(member)
    assert sentence in found[next(iter(member))]


def test_the_blank_content_of_a_typed_client_is_no_content() -> None:
    """The C# client always sends these (§2.4)."""
    blanks = {"text": "", "imageUrl": "", "action": {"caption": "", "targetUrl": ""}}
    assert read(viber(message=blanks, label="", inboundUrl="")) == read(viber())
