"""§8: what a call says."""

from typing import Any

import pytest

from tests.api.contract.bench import Door, Step, without
from tests.samples import voice

SAY: Step = {"type": "SAY", "message": {"language": "en-GB", "text": "Hello"}}
PLAY: Step = {"type": "PLAY", "fileURL": "https://cdn.acme.test/hello.wav"}
LANGUAGES = (
    "en-US", "de-DE", "fr-FR", "it-IT", "pt-BR", "es-ES", "es-LA",
    "en-GB", "el-GR", "bg-BG", "pl-PL", "hu-HU", "sv-SE", "ru-RU",
)  # fmt: skip


def call(*verbs: Any) -> Step:
    """A Voice step of those verbs."""
    return voice(dialPlan={"verbs": list(verbs)})


async def verbs_of(door: Door, *verbs: Any) -> list[Step]:
    """The verbs as they are answered, which are also those of tracking."""
    (plan,) = (await door.echo(call(*verbs)))["dialPlans"]
    (shown,) = (await door.shown(call(*verbs)))["dialPlans"]
    assert plan == shown
    answered: list[Step] = plan["verbs"]
    return answered


async def refuses(door: Door, verb: Any, path: str) -> None:
    """Have the verb refused at that member, at its place among others."""
    await door.refuses(call(verb), f"dialPlan.verbs[0].{path}")
    await door.refuses(call(SAY, PLAY, verb), f"dialPlan.verbs[2].{path}")


def saying(**members: Any) -> Step:
    """A SAY verb whose message has other members."""
    return {**SAY, "message": {**SAY["message"], **members}}


@pytest.mark.field("§8", "verbs")
async def test_verbs_keep_their_sequence(door: Door) -> None:
    """Up to twenty of either kind."""
    verbs = [SAY, PLAY, PLAY, SAY] * 5
    answered = await verbs_of(door, *verbs)
    assert [verb["type"] for verb in answered] == [verb["type"] for verb in verbs]


@pytest.mark.field("§8", "verbs")
@pytest.mark.parametrize("wrong", ["SAY", SAY, 7, [SAY] * 21])
async def test_other_verbs_are_refused(door: Door, wrong: Any) -> None:
    """A list of one to twenty."""
    await door.refuses(voice(dialPlan={"verbs": wrong}), "dialPlan.verbs")


@pytest.mark.field("§8", "verbs", "SAY type", "PLAY type")
@pytest.mark.parametrize(
    "verb",
    [
        {"type": "DIAL", "to": {"phone": "+306900000101"}},
        {"type": "COLLECT", "eventUrl": "https://hooks.acme.test/"},
        {"type": "HANGUP"},
        {"type": 7},
        {"message": SAY["message"]},
        "SAY",
        None,
    ],
)
async def test_another_verb_is_refused(door: Door, verb: Any) -> None:
    """DIAL and COLLECT belong to another service."""
    await refuses(door, verb, "type")


@pytest.mark.field("§8", "SAY type", "PLAY type")
@pytest.mark.parametrize("verb", [SAY, PLAY], ids=["SAY", "PLAY"])
async def test_a_verb_is_read_in_any_case(door: Door, verb: Step) -> None:
    """And answered in capitals."""
    for spelling in (verb["type"].lower(), verb["type"].title()):
        (answered,) = await verbs_of(door, {**verb, "type": spelling})
        assert answered["type"] == verb["type"]


@pytest.mark.field(
    "§8", "SAY message.gender", "SAY repeat", "SAY bargeIn", "PLAY repeat", "PLAY bargeIn"
)
async def test_a_verbs_defaults_are_filled(door: Door) -> None:
    """A female voice, once, to its end."""
    assert await verbs_of(door, SAY, PLAY) == [
        {**saying(gender="female"), "repeat": 0, "bargeIn": False},
        {**PLAY, "repeat": 0, "bargeIn": False},
    ]


@pytest.mark.field("§8", "SAY message.text")
@pytest.mark.parametrize("text", ["x", "Το δέμα σας\nείναι έτοιμο", "x" * 4000])
async def test_a_text_is_kept_as_written(door: Door, text: str) -> None:
    """Up to 4000 characters."""
    (answered,) = await verbs_of(door, saying(text=text))
    assert answered["message"]["text"] == text


@pytest.mark.field("§8", "SAY message.language")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_language_is_one_of_fourteen(door: Door, language: str) -> None:
    """Kept as written."""
    (answered,) = await verbs_of(door, saying(language=language))
    assert answered["message"]["language"] == language


@pytest.mark.field("§8", "SAY message.gender")
@pytest.mark.parametrize(
    ("given", "gender"), [("male", "male"), ("female", "female"), ("", "female"), (None, "female")]
)
async def test_a_voice_is_male_or_female(door: Door, given: Any, gender: str) -> None:
    """Female unless the client says otherwise."""
    (answered,) = await verbs_of(door, saying(gender=given))
    assert answered["message"]["gender"] == gender


@pytest.mark.field("§8", "SAY message.text", "SAY message.language", "SAY message.gender")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("text", each) for each in (None, "", " ", "x" * 4001, 7, ["x"])),
        *(("language", each) for each in (None, "", "en", "nl-NL", "el_GR", 7)),
        *(("gender", each) for each in ("neutral", "f", 7)),
    ],
)
async def test_another_speech_is_refused(door: Door, name: str, wrong: Any) -> None:
    """The member is named."""
    await refuses(door, saying(**{name: wrong}), f"message.{name}")


@pytest.mark.field("§8", "SAY message.text", "SAY message.language")
@pytest.mark.parametrize("wrong", [None, "", {}, {"text": "", "language": None}, "Hello"])
async def test_a_speech_is_required(door: Door, wrong: Any) -> None:
    """A blank one is none."""
    await refuses(door, {**SAY, "message": wrong}, "message")


@pytest.mark.field("§8", "SAY repeat", "PLAY repeat")
@pytest.mark.parametrize("verb", [SAY, PLAY], ids=["SAY", "PLAY"])
async def test_a_verb_is_repeated_up_to_ten_times(door: Door, verb: Step) -> None:
    """Never for ever: such a call would not end."""
    for given, repeat in ((0, 0), (1, 1), (10, 10), ("3", 3), (2.0, 2), (None, 0), ("", 0)):
        (answered,) = await verbs_of(door, {**verb, "repeat": given})
        assert answered["repeat"] == repeat
    for wrong in (-1, 11, 1.5, "often", True, [1]):
        await refuses(door, {**verb, "repeat": wrong}, "repeat")


@pytest.mark.field("§8", "SAY bargeIn", "PLAY bargeIn")
@pytest.mark.parametrize("verb", [SAY, PLAY], ids=["SAY", "PLAY"])
async def test_a_verb_may_be_stopped_by_a_key(door: Door, verb: Step) -> None:
    """A boolean, texts tolerated."""
    for given, stops in ((True, True), (False, False), ("true", True), ("false", False)):
        (answered,) = await verbs_of(door, {**verb, "bargeIn": given})
        assert answered["bargeIn"] is stops
    for wrong in ("perhaps", 7, [True]):
        await refuses(door, {**verb, "bargeIn": wrong}, "bargeIn")


@pytest.mark.field("§8", "PLAY fileURL")
@pytest.mark.parametrize(
    "url", ["http://cdn.acme.test/hello.wav", "https://cdn.acme.test:8443/a/b.wav?c=d"]
)
async def test_a_file_is_played_from_an_absolute_address(door: Door, url: str) -> None:
    """Plain http as well."""
    (answered,) = await verbs_of(door, {**PLAY, "fileURL": url})
    assert answered["fileURL"] == url


@pytest.mark.field("§8", "PLAY fileURL")
@pytest.mark.parametrize(
    "wrong", [None, "", " ", "hello.wav", "/hello.wav", "ftp://a.test/h.wav", 7]
)
async def test_another_file_is_refused(door: Door, wrong: Any) -> None:
    """It is required."""
    await refuses(door, {**PLAY, "fileURL": wrong}, "fileURL")
    await refuses(door, without(PLAY, "fileURL"), "fileURL")
