"""What a call says, as TwiML: the document that Twilio runs when somebody answers.

Source: Twilio's pages on <Say>, <Play> and text-to-speech; their errors 13521 and 32018 for the
limits; the voices stand in their SDKs' list (tests/prism/test_twilio.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from domain.dialplan import Play, Say, Verb
from providers.outcomes import CannotCarry

LONGEST = 4000
"""Characters of a document that is sent along with the request."""

LONGEST_ENCODED = 4500
"""Characters of a text, percent-encoded: some 750 Greek letters."""

LONGEST_OF_POLLY = 3000
"""Bytes of a text that Amazon's voices read out. What is longer they leave unread, silently."""


@dataclass(frozen=True)
class Voices:
    """Who reads out a language. Where `male` is absent Twilio has none."""

    language: str
    female: str
    male: str | None = None

    def of(self, gender: str) -> str:
        """The voice of that gender; where there is none, the other is better than silence."""
        return self.male if gender == "male" and self.male else self.female


VOICES: Mapping[str, Voices] = {
    "en-US": Voices("en-US", "Polly.Joanna", "Polly.Matthew"),
    "en-GB": Voices("en-GB", "Polly.Amy", "Polly.Brian"),
    "de-DE": Voices("de-DE", "Polly.Marlene", "Polly.Hans"),
    "fr-FR": Voices("fr-FR", "Polly.Celine", "Polly.Mathieu"),
    "it-IT": Voices("it-IT", "Polly.Carla", "Polly.Giorgio"),
    "pt-BR": Voices("pt-BR", "Polly.Vitoria", "Polly.Ricardo"),
    "es-ES": Voices("es-ES", "Polly.Conchita", "Polly.Enrique"),
    "es-LA": Voices("es-MX", "Polly.Mia", "Polly.Andres-Neural"),  # Twilio knows no es-LA
    "el-GR": Voices("el-GR", "Google.el-GR-Standard-B"),
    "bg-BG": Voices("bg-BG", "Google.bg-BG-Standard-B"),
    "pl-PL": Voices("pl-PL", "Polly.Ewa", "Polly.Jacek"),
    "hu-HU": Voices("hu-HU", "Google.hu-HU-Standard-B"),
    "sv-SE": Voices("sv-SE", "Polly.Astrid", "Google.sv-SE-Standard-G"),
    "ru-RU": Voices("ru-RU", "Polly.Tatyana", "Polly.Maxim"),
}
"""Every language of a SAY verb (contract.md §8)."""

# What XML 1.0 has no form for, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def twiml(*verbs: Verb) -> str:
    """The verbs as a document.

    Raises:
        CannotCarry: it would be longer than Twilio takes, or holds what XML cannot.
    """
    response = ElementTree.Element("Response")
    for verb in verbs:
        response.append(_say(verb) if isinstance(verb, Say) else _play(verb))
    # A bare carriage return would be read as a line feed.
    document = ElementTree.tostring(response, "unicode").replace("\r", "&#13;")
    if len(document) > LONGEST:
        raise CannotCarry("the call says more than Twilio can be told")
    return document


def _say(verb: Say) -> ElementTree.Element:
    voices = VOICES[verb.message.language]
    voice = voices.of(verb.message.gender)
    loop = str(verb.repeat + 1)
    element = ElementTree.Element("Say", language=voices.language, voice=voice, loop=loop)
    element.text = _readable(verb.message.text, voice)
    return element


def _readable(text: str, voice: str) -> str:
    if _NOT_XML.search(text):
        raise CannotCarry("a character that XML does not have")
    polly = voice.startswith("Polly.") and len(text.encode()) > LONGEST_OF_POLLY
    if polly or len(quote(text, safe="")) > LONGEST_ENCODED:
        raise CannotCarry("the text is longer than Twilio reads out")
    return text


def _play(verb: Play) -> ElementTree.Element:
    element = ElementTree.Element("Play", loop=str(verb.repeat + 1))
    element.text = verb.file_url
    return element
