"""The Sms step (contract.md §2.3)."""

from typing import Any

import pytest

from domain.channels import Sms
from tests.domain.reading import faults, read
from tests.samples import sms


def _sms(**members: Any) -> Sms:
    step = read(sms(**members))
    assert isinstance(step, Sms)
    return step


@pytest.mark.parametrize(
    "sender", ["306900000101", "1", "1234567890123456", "AcmeShop", "Acme Shop 1", "a"]
)
def test_a_sender_is_up_to_16_digits_or_11_characters(sender: str) -> None:
    """Letters, digits and spaces."""
    assert _sms(**{"from": sender}).from_ == sender


@pytest.mark.parametrize(
    "sender",
    [
        "12345678901234567",
        "AcmeShop1234",
        "+306900000101",
        "Acme-Shop",
        "Ακμή",
        "Acme\n",
        30690,
        True,
    ],
)
def test_another_sender_is_refused(sender: object) -> None:
    """A number is written without +."""
    assert list(faults({**sms(), "from": sender})) == ["from"]


@pytest.mark.parametrize(
    ("given", "minutes"), [(None, 1200), (1, 1), (1440, 1440), ("60", 60), (60.0, 60)]
)
def test_the_ttl_is_whole_minutes(given: object, minutes: int) -> None:
    """1 to 1440, 20 hours by default; the flow waits as many times 60 seconds."""
    step = _sms(ttl=given)
    assert (step.ttl, step.patience) == (minutes, minutes * 60)
    assert step.echo()["ttl"] == minutes


@pytest.mark.parametrize("given", [0, -1, 1441, 1.5, "1.5", True, False, "long", [60]])
def test_another_ttl_is_refused(given: object) -> None:
    """0 too, which a typed client may send for none (§12, 36)."""
    assert list(faults(sms(ttl=given))) == ["ttl"]


def test_a_message_needs_a_body() -> None:
    """A blank one is none."""
    assert faults(sms(message={"label": "x"})) == {"message.body": "Field required"}
    assert faults(sms(message={"body": " ", "label": "x"})) == {"message.body": "Field required"}


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"body": 3}, "message.body"),
        ({"body": "x" * 10_001}, "message.body"),
        ({"flash": "perhaps"}, "message.flash"),
        ({"flash": 2}, "message.flash"),
        ({"transcode": "perhaps"}, "message.transcode"),
        ({"label": "x" * 351}, "message.label"),
        ({"label": "two\nlines"}, "message.label"),
        ({"label": 7}, "message.label"),
        ({"urlShortener": {"urlValidity": 3599}}, "message.urlShortener.urlValidity"),
    ],
)
def test_a_wrong_member_of_the_message_is_refused(message: dict[str, Any], path: str) -> None:
    """The path says which."""
    assert list(faults(sms(message={"body": "hi", **message}))) == [path]


@pytest.mark.parametrize("message", ["hi", 3, ["hi"]])
def test_a_message_is_an_object(message: object) -> None:
    """A text alone is not one."""
    assert list(faults(sms(message=message))) == ["message"]


@pytest.mark.parametrize("body", ["one\ntwo", "Το δέμα σας είναι έτοιμο 📦", "x" * 10_000, " x "])
def test_a_body_is_kept_as_it_is(body: str) -> None:
    """Lines, scripts, blanks."""
    assert _sms(message={"body": body}).message.body == body


@pytest.mark.parametrize(
    ("given", "read_as"), [(True, True), (False, False), ("true", True), ("false", False)]
)
@pytest.mark.parametrize("name", ["flash", "transcode"])
def test_a_boolean_may_be_a_string(name: str, given: object, read_as: bool) -> None:
    """Some clients send "true" and "false"."""
    message = _sms(message={"body": "hi", name: given}).echo()["message"]
    assert message[name] is read_as


def test_only_flash_has_a_default() -> None:
    """An absent transcode is the application's setting, and stays absent."""
    assert _sms(message={"body": "hi"}).echo()["message"] == {"body": "hi", "flash": False}


@pytest.mark.parametrize(
    ("transcode", "text", "parts"),
    [
        (True, "ΠAPEΛABATE " * 10, 1),
        ("true", "ΠAPEΛABATE " * 10, 1),
        (False, "Παρελάβατε " * 10, 2),
        ("false", "Παρελάβατε " * 10, 2),
        (None, "Παρελάβατε " * 10, 2),
    ],
)
def test_what_goes_out_is_transcoded_on_demand(transcode: object, text: str, parts: int) -> None:
    """The price follows it; the client reads its own words back."""
    body = "Παρελάβατε " * 10
    step = _sms(message={"body": body, "transcode": transcode})
    assert (step.message.text, step.message.parts, step.parts) == (text, parts, parts)
    assert step.echo()["message"]["body"] == body


@pytest.mark.parametrize(
    ("body", "parts"),
    [("Parcel 7731 is ready", 1), ("x" * 161, 2), ("x" * 1530, 10), ("x" * 10_000, 66)],
)
def test_a_long_body_is_several_messages(body: str, parts: int) -> None:
    """Each is charged (§11)."""
    assert _sms(message={"body": body}).parts == parts


def test_a_label_of_350_characters_is_kept() -> None:
    """One more is too long, above."""
    label = "x" * 350
    assert _sms(message={"body": "hi", "label": label}).echo()["message"]["label"] == label


@pytest.mark.parametrize(("given", "validity"), [(3600, 3600), (2592000, 2592000), ("7200", 7200)])
def test_a_shortened_link_lives_an_hour_to_30_days(given: object, validity: int) -> None:
    """In seconds."""
    step = _sms(urlShortener={"urlValidity": given})
    assert step.echo()["urlShortener"] == {"urlValidity": validity}


@pytest.mark.parametrize("given", [3599, 2592001, 0, True, "x", 3600.5])
def test_another_validity_is_refused(given: object) -> None:
    """The path says where it stands."""
    found = faults(sms(urlShortener={"urlValidity": given}))
    assert list(found) == ["urlShortener.urlValidity"]


def test_the_shortener_may_stand_on_the_step_or_in_the_message() -> None:
    """It is read alike and echoed on the step, whose own wins (§12, 7)."""
    shortener = {"urlValidity": 3600}
    inside = sms(message={"body": "hi", "urlShortener": shortener})
    outside = sms(message={"body": "hi"}, urlShortener=shortener)
    assert read(inside) == read(outside)
    assert read(inside).echo()["urlShortener"] == shortener
    assert "urlShortener" not in read(inside).echo()["message"]
    both = {**inside, "urlShortener": {"urlValidity": 7200}}
    assert read(both).echo()["urlShortener"] == {"urlValidity": 7200}
    assert read({**inside, "urlShortener": {"urlValidity": ""}}) == read(outside)


@pytest.mark.parametrize("shortener", [{"enabled": True}, {"urlValidity": None, "x": 1}])
def test_a_shortener_without_validity_has_the_longest(shortener: dict[str, Any]) -> None:
    """30 days."""
    assert _sms(urlShortener=shortener).echo()["urlShortener"] == {"urlValidity": 2592000}


def test_restrictions_are_kept() -> None:
    """What the Indian regulator wants registered."""
    restrictions = {"india": {"templateId": "1107", "entityId": "1201"}}
    assert _sms(restrictions=restrictions).echo()["restrictions"] == restrictions


@pytest.mark.parametrize(
    ("restrictions", "path"),
    [
        ({"india": {"templateId": "1107"}}, "restrictions.india.entityId"),
        ({"india": {"templateId": "", "entityId": "1201"}}, "restrictions.india.templateId"),
        ({"india": {"templateId": "1" * 65, "entityId": "1"}}, "restrictions.india.templateId"),
        ({"india": "1107"}, "restrictions.india"),
        ("1107", "restrictions"),
    ],
)
def test_incomplete_restrictions_are_refused(restrictions: object, path: str) -> None:
    """Both identifiers are needed."""
    assert list(faults(sms(restrictions=restrictions))) == [path]


def test_every_fault_of_a_step_is_told_at_once() -> None:
    """Each with its own path."""
    step = sms(to="x", ttl=0, order=0, message={"label": "x" * 351}, **{"from": "+1"})
    assert set(faults(step)) == {"to", "ttl", "order", "from", "message.body", "message.label"}
