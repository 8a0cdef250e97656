"""Dial plans become TwiML that says what was written, and nothing else."""

from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dialplan import Language, Play, Say
from providers.outcomes import CannotCarry
from providers.twiml import VOICES, twiml
from tests.providers.contract import HOSTILE

# Every character of XML 1.0; the language's own forms among them, so that they come up.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
)
TEXTS = st.text(CHARACTERS | st.sampled_from("\t\n\r<>&\"'"), max_size=60).filter(str.strip) | (
    st.sampled_from([HOSTILE, "]]>", "<!--", "<![CDATA[x", "&#60;Dial&#62;", "<?x?>", "\r\nx\r "])
)


def say(text: str = "Hello", language: str = "en-GB", **members: Any) -> Say:
    """A SAY verb."""
    gender = members.pop("gender", "female")
    message = {"text": text, "language": language, "gender": gender}
    return Say.model_validate({"type": "SAY", "message": message, **members})


def play(url: str = "https://cdn.acme.test/a.wav", **members: Any) -> Play:
    """A PLAY verb."""
    return Play.model_validate({"type": "PLAY", "fileURL": url, **members})


def read(document: str) -> ElementTree.Element:
    """What an XML parser makes of it."""
    return ElementTree.fromstring(document)  # noqa: S314  (made here)


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_every_text_is_read_out_as_it_was_written(texts: list[str]) -> None:
    """Nothing in it becomes a verb, an attribute, or another text."""
    response = read(twiml(*map(say, texts)))
    assert [each.tag for each in response.iter()] == ["Response"] + ["Say"] * len(texts)
    assert [each.text or "" for each in response] == texts
    assert all(set(each.attrib) == {"language", "voice", "loop"} for each in response)


@given(st.sampled_from("\x00\x01\x08\x0b\x0c\x0e\x1f\ufffe\uffff"), TEXTS)
def test_a_character_that_xml_does_not_have_is_not_carried(character: str, text: str) -> None:
    """Twilio would read out nothing at all."""
    with pytest.raises(CannotCarry):
        twiml(say(text + character))


def test_the_verbs_stand_in_their_order() -> None:
    """`repeat` counts repetitions, `loop` counts all."""
    document = twiml(say("One", repeat=2), play(repeat=10), say("Two", gender="male"))
    assert document == (
        '<Response><Say language="en-GB" voice="Polly.Amy" loop="3">One</Say>'
        '<Play loop="11">https://cdn.acme.test/a.wav</Play>'
        '<Say language="en-GB" voice="Polly.Brian" loop="1">Two</Say></Response>'
    )


def test_an_address_is_no_markup_either() -> None:
    """An ampersand is usual in one."""
    (element,) = read(twiml(play("https://cdn.acme.test/a.wav?a=1&b=<2>")))
    assert element.text == "https://cdn.acme.test/a.wav?a=1&b=<2>"


def test_every_language_has_its_voice() -> None:
    """A call in a language that nobody reads out would be silence."""
    assert set(VOICES) == set(get_args(Language))
    assert VOICES["es-LA"].language == "es-MX"


def test_where_no_man_reads_a_woman_does() -> None:
    """Better than silence."""
    assert 'voice="Google.el-GR-Standard-B"' in twiml(say(language="el-GR", gender="male"))


@pytest.mark.parametrize(
    ("text", "language"),
    [("α" * 750, "el-GR"), ("x" * 3000, "en-GB"), ("x" * 3800, "hu-HU")],
)
def test_what_twilio_would_leave_unread_is_not_carried(text: str, language: str) -> None:
    """Each voice has its longest text, and the document its own."""
    twiml(say(text, language))
    with pytest.raises(CannotCarry):
        twiml(say(text + "α" * 40 if language == "el-GR" else text + "x" * 200, language))
