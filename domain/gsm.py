"""How many messages a text makes, and how to make fewer of it (contract.md §11, 3GPP TS 23.038).

A text that the GSM alphabet holds is counted in septets, any other in UTF-16 units.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, one septet a character. The escape (0x1B) is a code of it, not a text."""

EXTENSION = frozenset("\f^{}\\[~]|€")
"""Reached through an escape: two septets a character."""

GSM = BASIC | EXTENSION

_GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
_DRAWN_ALIKE = "ABΓΔEZHΘIKΛMNΞOΠPΣTYΦXΨΩ"

_GROUPS = {
    "'": "‘’‛′`´΄ʹʻʼ",
    '"': "“”„‟″«»",
    ",": "‚",
    "<": "‹",
    ">": "›",
    "-": "‐‑‒–—―−⁃",
    ".": "·",
    "..": "‥",
    "...": "…",
    "*": "•",
    "/": "⁄∕",
    "x": "×",
    "u": "µ",
    " ": "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
         "\u202f\u205f\u3000",
    "\n": "\u2028\u2029",
    "": "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff",
    "oe": "œ", "OE": "Œ", "ß": "ẞ", "i": "ı", "l": "ł", "L": "Ł", "d": "đ", "D": "ĐÐ",
}  # fmt: skip

LOOK_ALIKES = {
    **dict(zip(_GREEK, _DRAWN_ALIKE, strict=True)),
    **dict(zip(_GREEK.lower(), _DRAWN_ALIKE, strict=True)),
    "ς": "Σ",
    **{character: gsm for gsm, group in _GROUPS.items() for character in group},
}
"""What stands for a character outside the alphabet, accented letters aside.

Signs whose stand-in says something else have none: "20°" is not "20o", "10²" not "102".
"""


@dataclass(frozen=True)
class Analysis:
    """How a text goes out: `characters` as they are charged, in septets or UTF-16 units."""

    unicode: bool
    characters: int
    parts: int


def analysed(text: str) -> Analysis:
    """The text's encoding, size and messages: 160 septets or 70 units alone, else 153 or 67 each.

    An empty text is one message.
    """
    unicode = not GSM.issuperset(text)
    alone, each = (70, 67) if unicode else (160, 153)
    sizes = [_units(character) if unicode else _septets(character) for character in text]
    total = sum(sizes)
    return Analysis(unicode, total, 1 if total <= alone else _filled(sizes, each))


def parts(text: str) -> int:
    """How many messages the text is sent and charged as."""
    return analysed(text).parts


def transcoded(text: str) -> str:
    """The text with look-alikes for the characters that GSM lacks, if each of them has one.

    It stays as it is when it is GSM already, when it fits one Unicode message, when a character
    has no look-alike, and when it would make more messages than before.
    Small Greek letters resemble none of the alphabet and become capitals first: "α" goes out as
    the Latin "A", as Routee's page on encodings describes it.
    """
    before = analysed(text)
    if not before.unicode or before.parts == 1:
        return text
    replaced = "".join(map(_look_alike, unicodedata.normalize("NFC", text)))
    after = analysed(replaced)
    return text if after.unicode or after.parts > before.parts else replaced


def _septets(character: str) -> int:
    return 2 if character in EXTENSION else 1


def _units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _filled(sizes: Iterable[int], capacity: int) -> int:
    """How many messages of that capacity, when no character may be split."""
    messages, room = 0, 0
    for size in sizes:
        if size > room:
            messages, room = messages + 1, capacity
        room -= size
    return messages


def _look_alike(character: str) -> str:
    """In the alphabet where possible, else anything outside it."""
    if character in GSM:
        return character
    if character in LOOK_ALIKES:
        return LOOK_ALIKES[character]
    if _is_accent(character):
        return ""
    base = unicodedata.decomposition(character).split(" ")[0]
    if character.isalpha() and base and not base.startswith("<"):
        return _look_alike(chr(int(base, 16)))
    return character


def _is_accent(character: str) -> bool:
    """Class 1 strikes a character through: without it "≠" would read "="."""
    return "\u0300" <= character <= "\u0345" and unicodedata.combining(character) > 1
