"""The Voice step and its dial plan (contract.md §2.5, §8)."""

from typing import Any

import pytest

from domain.channels import Voice
from tests.domain.reading import faults, read
from tests.samples import NUMBER, voice

SPEECH = {"language": "en-GB", "text": "Your parcel is ready"}
SAY = {"type": "SAY", "message": SPEECH}
PLAY = {"type": "PLAY", "fileURL": "http://cdn.acme.test/ready.wav"}


def _voice(**members: Any) -> Voice:
    step = read(voice(**members))
    assert isinstance(step, Voice)
    return step


def _saying(*verbs: object) -> dict[str, Any]:
    return voice(dialPlan={"verbs": list(verbs)})


@pytest.mark.parametrize("caller", ["302310000222", "+302310000222", "AcmeShop", "Acme Shop 1"])
def test_a_caller_is_a_number_or_up_to_11_characters(caller: str) -> None:
    """A number with or without +."""
    assert _voice(**{"from": caller}).from_ == caller


@pytest.mark.parametrize("caller", ["12345678901234567", "AcmeShop1234", "Acme-Shop", 30231])
def test_another_caller_is_refused(caller: object) -> None:
    """Too long, or with other characters."""
    assert list(faults({**voice(), "from": caller})) == ["from"]


@pytest.mark.parametrize(
    ("to", "echoed", "recipient"),
    [
        ({"phone": "306900000101"}, {"phone": "306900000101"}, NUMBER),
        ("+306900000101", {"phone": "+306900000101"}, NUMBER),
        ({"viber": "306900000101"}, {"viber": "306900000101"}, NUMBER),
        ({"sip": "1111@pbx.test:5060"}, {"sip": "1111@pbx.test:5060"}, "1111@pbx.test:5060"),
        ({"sip": "sip:1111@pbx.test"}, {"sip": "1111@pbx.test"}, "1111@pbx.test"),
        ({"phone": NUMBER, "sip": "", "viber": None}, {"phone": NUMBER}, NUMBER),
    ],
)
def test_a_call_goes_to_one_target(to: object, echoed: dict[str, str], recipient: str) -> None:
    """A number alone is a telephone; what is blank does not count; echoed as an object."""
    step = read({**voice(), "to": to})
    assert (step.echo()["to"], step.recipient) == (echoed, recipient)


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ({"phone": NUMBER, "viber": NUMBER}, "to"),
        ({"phone": NUMBER, "sip": "1@b.test", "viber": NUMBER}, "to"),
        ({"fax": NUMBER}, "to"),
        (7, "to"),
        ("+30690", "to.phone"),
        ({"phone": "+30690"}, "to.phone"),
        ({"viber": "x"}, "to.viber"),
        ({"sip": "pbx.test"}, "to.sip"),
        ({"sip": "1@" + "b" * 254}, "to.sip"),
    ],
)
def test_none_or_several_or_wrong_targets_are_refused(to: object, path: str) -> None:
    """The path says which."""
    assert list(faults({**voice(), "to": to})) == [path]


def test_a_call_has_no_ttl() -> None:
    """15 minutes of silence are a failure; a ttl that is sent is ignored (§7.4)."""
    step = _voice(ttl=5)
    assert step.patience == 15 * 60
    assert "ttl" not in step.echo()


@pytest.mark.parametrize("name", ["dialPlan", "dialplan", "dialPlans"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_dial_plan_has_three_spellings_and_two_forms(name: str, listed: bool) -> None:
    """It is echoed as dialPlans, a list (§12, 6)."""
    plan = {"verbs": [SAY]}
    step = voice()
    del step["dialPlan"]
    read_step = read({**step, name: [plan] if listed else plan})
    assert read_step == read(voice())
    echo = read_step.echo()
    said = {"type": "SAY", "message": {**SPEECH, "gender": "female"}, "repeat": 0, "bargeIn": False}
    assert echo["dialPlans"] == [{"verbs": [said]}]
    assert not {"dialPlan", "dialplan"} & set(echo)


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        ("hello", "dialPlan"),
        ([{"verbs": [SAY]}, {"verbs": [SAY]}], "dialPlan"),
        ({"verbs": [], "x": 1}, "dialPlan.0.verbs"),
        ({"verbs": SAY}, "dialPlan.0.verbs"),
        ({"verbs": [SAY] * 21}, "dialPlan.0.verbs"),
        ({"verbs": ["SAY"]}, "dialPlan.0.verbs.0"),
    ],
)
def test_a_dial_plan_is_one_list_of_1_to_20_verbs(plan: object, path: str) -> None:
    """The path says what is not."""
    assert list(faults(voice(dialPlan=plan))) == [path]


@pytest.mark.parametrize("kind", ["DIAL", "COLLECT", "", None, 7])
def test_only_say_and_play_are_verbs(kind: object) -> None:
    """DIAL and COLLECT belong to the Voice API."""
    found = faults(_saying(SAY, {**SAY, "type": kind}))
    assert found == {"dialPlan.0.verbs.1": "Input should be SAY or PLAY"}


@pytest.mark.parametrize("verb", [SAY, PLAY])
def test_a_verb_is_read_in_any_case(verb: dict[str, Any]) -> None:
    """And echoed in capitals."""
    lower = {**verb, "type": verb["type"].lower()}
    assert read(_saying(lower)) == read(_saying(verb))


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ({**SAY, "message": ""}, "message"),
        ({**SAY, "message": "hello"}, "message"),
        ({**SAY, "message": {**SPEECH, "text": " "}}, "message.text"),
        ({**SAY, "message": {**SPEECH, "text": "x" * 4001}}, "message.text"),
        ({**SAY, "message": {**SPEECH, "language": ""}}, "message.language"),
        ({**SAY, "message": {**SPEECH, "language": "en"}}, "message.language"),
        ({**SAY, "message": {**SPEECH, "language": "nl-NL"}}, "message.language"),
        ({**SAY, "message": {**SPEECH, "gender": "other"}}, "message.gender"),
        ({**SAY, "bargeIn": "perhaps"}, "bargeIn"),
        ({**PLAY, "fileURL": " "}, "fileURL"),
        ({**PLAY, "fileURL": "ready.wav"}, "fileURL"),
        ({**PLAY, "fileURL": "ftp://cdn.acme.test/ready.wav"}, "fileURL"),
        ({**PLAY, "bargeIn": 2}, "bargeIn"),
        *(({**verb, "repeat": times}, "repeat") for verb in (SAY, PLAY) for times in (-1, 11, 1.5)),
        *(({**verb, "repeat": times}, "repeat") for verb in (SAY, PLAY) for times in (True, "x")),
    ],
)
def test_a_wrong_member_of_a_verb_is_refused(verb: dict[str, Any], path: str) -> None:
    """An endless call (-1) too; the path says which verb."""
    assert list(faults(_saying(PLAY, verb))) == [f"dialPlan.0.verbs.1.{path}"]


@pytest.mark.parametrize(
    "language",
    ["en-US", "de-DE", "fr-FR", "it-IT", "pt-BR", "es-ES", "es-LA"]
    + ["en-GB", "el-GR", "bg-BG", "pl-PL", "hu-HU", "sv-SE", "ru-RU"],
)
@pytest.mark.parametrize("gender", ["male", "female"])
def test_a_call_speaks_14_languages(language: str, gender: str) -> None:
    """In two voices."""
    speech = {"language": language, "gender": gender, "text": "x" * 4000}
    echo = read(_saying({**SAY, "message": speech})).echo()
    assert echo["dialPlans"][0]["verbs"][0]["message"] == speech


def test_a_verb_has_defaults() -> None:
    """Played once, not to be stopped; booleans and digits may be strings."""
    defaults = {"repeat": 0, "bargeIn": False}
    assert read(_saying(PLAY)).echo()["dialPlans"] == [{"verbs": [PLAY | defaults]}]
    given = {**PLAY, "repeat": "10", "bargeIn": "true"}
    echoed = read(_saying(given)).echo()["dialPlans"][0]["verbs"][0]
    assert (echoed["repeat"], echoed["bargeIn"]) == (10, True)


@pytest.mark.parametrize(
    "detection",
    [
        {"strategy": "Hangup"},
        {"strategy": "Continue", "eventUrl": "https://hooks.acme.test/machine"},
        {"strategy": "Hangup", "eventUrl": "https://hooks.acme.test/machine"},
    ],
)
def test_a_call_may_look_out_for_machines(detection: dict[str, str]) -> None:
    """It hangs up, or asks for another dial plan."""
    assert _voice(machineDetection=detection).echo()["machineDetection"] == detection


@pytest.mark.parametrize(
    ("detection", "path"),
    [
        ({"strategy": "Continue"}, "machineDetection"),
        ({"strategy": "Continue", "eventUrl": ""}, "machineDetection"),
        ({"strategy": "Continue", "eventUrl": "machine"}, "machineDetection.eventUrl"),
        ({"strategy": "Beep"}, "machineDetection.strategy"),
        ({"eventUrl": "https://hooks.acme.test/machine"}, "machineDetection.strategy"),
        ("Hangup", "machineDetection"),
    ],
)
def test_to_continue_needs_an_address(detection: object, path: str) -> None:
    """And there are two strategies."""
    assert list(faults(voice(machineDetection=detection))) == [path]
